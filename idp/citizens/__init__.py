"""The person whose identity this is, and what we know of them (SP 800-63A)."""
