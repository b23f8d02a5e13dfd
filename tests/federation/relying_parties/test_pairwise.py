"""OIDC Core section 8.1: each sector knows a citizen by a subject of its own, for ever."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from federation.outbound import Fetcher
from federation.relying_parties.faults import InvalidClientMetadata
from federation.relying_parties.pairwise import sector_of, sectors_of, subject
from tests.support.listener import Listener, answer

SALT = bytes(range(32))
NAMES = st.text(min_size=1, max_size=20)


def test_the_function_never_changes() -> None:
    assert subject("citizen", "service.example", SALT) == "Se5zFJVVNn8w0beOoBaYpILDgZDZXOtd7rd1diPRfqA"


@given(NAMES, NAMES, NAMES, NAMES)
def test_no_two_pairs_of_citizen_and_sector_share_a_subject(one: str, sector: str, other: str, elsewhere: str) -> None:
    assume((one, sector) != (other, elsewhere))

    assert subject(one, sector, SALT) != subject(other, elsewhere, SALT)


def test_another_salt_gives_other_subjects() -> None:
    assert subject("citizen", "a.example", SALT) != subject("citizen", "a.example", SALT[::-1])


@pytest.mark.parametrize(("citizen", "sector", "salt"), [("", "s", SALT), ("c", "", SALT), ("c", "s", b"")])
def test_nothing_may_be_missing(citizen: str, sector: str, salt: bytes) -> None:
    with pytest.raises(ValueError, match="pairwise"):
        subject(citizen, sector, salt)


def test_the_sector_is_the_host_of_all_redirect_addresses(fetcher: Fetcher) -> None:
    uris = ["https://Service.example/a", "https://service.example:8443/b"]

    assert sector_of("id", uris, None, fetcher=fetcher) == "service.example"


@pytest.mark.parametrize(
    "uris",
    [
        [],
        ["http://localhost:8001/a"],
        ["http://127.0.0.1/a", "http://[::1]/a"],
        ["https://localhost/a"],
        ["com.example.app:/a"],
        ["com.example.app://tax.example/a"],
        ["https://tax.example/a", "http://127.0.0.1/a"],
        ["https://tax.example/a", "com.example.app:/a"],
    ],
)
def test_an_address_that_anyone_may_claim_never_joins_a_sector(uris: list[str], fetcher: Fetcher) -> None:
    assert sector_of("id", uris, None, fetcher=fetcher) == "client:id"


def test_an_address_without_a_proved_host_beside_one_with_counts_as_a_second_host() -> None:
    assert len(sectors_of(["https://tax.example/a", "tax.example:/a"])) == 2


def test_a_sector_document_must_list_every_address(listener: Listener, fetcher: Fetcher) -> None:
    uris = ["https://a.example/x", "https://b.example/y"]
    listener.answers["/sector"] = answer(json.dumps([*uris, "https://c.example/z"]).encode())

    assert sector_of("id", uris, listener.url("/sector"), fetcher=fetcher) == listener.address
    with pytest.raises(InvalidClientMetadata, match=r"sector_identifier_uri.*every one"):
        sector_of("id", [*uris, "https://d.example/w"], listener.url("/sector"), fetcher=fetcher)


@pytest.mark.parametrize("document", [b"", b"{}", b"[1]", b"[" * 50_000, b"\xff", b'"https://a.example/x"'])
def test_a_sector_document_that_is_no_list_of_addresses_is_refused(
    listener: Listener, fetcher: Fetcher, document: bytes
) -> None:
    listener.answers["/sector"] = answer(document)

    with pytest.raises(InvalidClientMetadata, match="JSON list"):
        sector_of("id", ["https://a.example/x"], listener.url("/sector"), fetcher=fetcher)


def test_a_sector_document_inside_is_never_read(listener: Listener) -> None:
    with pytest.raises(InvalidClientMetadata, match="could not be read"):
        sector_of("id", [], f"https://127.0.0.1:{listener.server_port}/sector", fetcher=Fetcher(deadline=2))

    assert listener.calls == []
