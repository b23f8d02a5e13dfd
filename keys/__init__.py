"""The life of a signing key. Knows no agency, no citizen, no web and no SQL."""
