"""Fixtures for every test."""

pytest_plugins = ["tests.support.stores", "tests.support.service"]
