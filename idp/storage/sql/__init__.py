"""The durable rooms. Rows never leave this package."""
