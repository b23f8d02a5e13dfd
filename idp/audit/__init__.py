"""What is recorded: a closed list of typed events."""
