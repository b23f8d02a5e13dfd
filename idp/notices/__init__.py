"""Letters to citizens and messages to agencies: written with the act, delivered after it."""
