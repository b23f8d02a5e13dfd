"""How requests meet the rooms: services, transaction, callers, errors, headers, forms."""
