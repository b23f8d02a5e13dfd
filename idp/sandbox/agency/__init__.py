"""A sample agency: a separate process that knows the provider's address and nothing else of ours.

`service.py` is started by its path, so that not even this package is imported.
"""
