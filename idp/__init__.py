"""The citizen, and the running service."""
