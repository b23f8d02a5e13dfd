"""Which hosts are this machine: one verdict for issuers, return addresses and mail servers."""

import pytest

from federation.relying_parties.uris import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "::1"])
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "id.localhost",
        "localhost.",
        "localhost.example.org",
        "0.0.0.0",
        "10.0.0.1",
        "128.0.0.1",
        "::2",
        "127.1",
        "0x7f000001",
    ],
)
def test_no_other_host_is_this_machine(host: str) -> None:
    assert not is_loopback(host)
