"""Registered services of agencies: what they may say of themselves, and where that is kept.

Knows nothing of how one proves who it is (`federation.client_authentication`) or what it is told.
"""
