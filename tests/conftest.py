"""Fixtures for every test, and their order."""

import pytest

pytest_plugins = ["tests.support.stores", "tests.support.service"]

SLOW = ("tests/journeys/", "tests/clients/", "tests/idp/test_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that wait for clocks and processes, so that none of them runs last and alone."""
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))
