"""Where private halves live: one module a kind of place."""
