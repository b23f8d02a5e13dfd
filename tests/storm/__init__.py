"""What Countersign lives through: faults of real processes under load, and a checker of what clients were told."""
