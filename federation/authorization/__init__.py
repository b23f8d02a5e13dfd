"""Authorization requests and their answers."""
