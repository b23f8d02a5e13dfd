"""What citizens agree to tell agencies."""
