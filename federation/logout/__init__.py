"""Ending what a session began, at every agency."""
