"""What tests of federation share."""

from collections.abc import Iterator

import pytest

from federation.outbound import Fetcher
from tests.support.listener import Listener, listening


@pytest.fixture
def listener() -> Iterator[Listener]:
    """An agency's web server, on loopback."""
    with listening() as server:
        yield server


@pytest.fixture
def fetcher(listener: Listener) -> Fetcher:
    """The real fetcher, allowed to reach that server alone."""
    return Fetcher(allow=[listener.address], deadline=2)
