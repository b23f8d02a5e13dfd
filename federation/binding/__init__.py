"""Tokens that only the holder of a key can use: what was proved, and what a token demands."""
