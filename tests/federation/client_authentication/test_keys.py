"""Keys at a jwks_uri: read once, renewed when they change, believed while the agency is down, never a way in."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any, BinaryIO

import pytest
from joserfc.jwk import ECKey

from federation.client_authentication import RelyingPartyKeys
from federation.client_authentication.keys import MOST_ADDRESSES
from federation.ephemeral import StoreUnavailable
from federation.errors import InvalidClient
from federation.outbound import Fetcher
from federation.relying_parties.model import RelyingParty
from tests.federation.client_authentication.conftest import Desk, public, service, signed
from tests.support.listener import Listener, answer

OLD = ECKey.generate_key("P-256", {"kid": "old"})
NEW = ECKey.generate_key("P-256", {"kid": "new"})


def publish(listener: Listener, *keys: ECKey) -> None:
    listener.answers["/jwks"] = answer(json.dumps(public(*keys)).encode())


@pytest.fixture
def tax(desk: Desk, listener: Listener) -> RelyingParty:
    publish(listener, OLD)
    return desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))


def ask(desk: Desk, key: ECKey, jti: str, **header: Any) -> bool:
    try:
        desk.ask_by_assertion(signed(desk.claims(jti=jti), key, **header))
    except InvalidClient:
        return False
    return True


def test_keys_are_read_once_for_many_proofs(desk: Desk, tax: RelyingParty, listener: Listener) -> None:
    assert all(ask(desk, OLD, str(number), kid="old") for number in range(5))
    assert len(listener.calls) == 1


@pytest.mark.parametrize("header", [{"kid": "new"}, {}])
def test_a_new_key_is_found_but_strangers_cause_one_read_a_minute(
    desk: Desk, tax: RelyingParty, listener: Listener, header: dict[str, str]
) -> None:
    assert ask(desk, OLD, "1")
    for number in range(5):
        assert not ask(desk, NEW, f"early{number}", **header)
    assert len(listener.calls) == 1
    publish(listener, OLD, NEW)

    desk.seconds = 61
    assert ask(desk, NEW, "2", **header)
    assert not any(ask(desk, ECKey.generate_key("P-256"), f"x{number}", kid="x") for number in range(5))
    assert len(listener.calls) == 2


def test_a_key_that_was_withdrawn_is_forgotten_in_time(desk: Desk, tax: RelyingParty, listener: Listener) -> None:
    assert ask(desk, OLD, "1")
    publish(listener, NEW)

    desk.seconds = 601
    assert not ask(desk, OLD, "2")


def test_while_the_agency_is_down_its_keys_serve_on_for_a_day(
    desk: Desk, tax: RelyingParty, listener: Listener
) -> None:
    assert ask(desk, OLD, "1")
    listener.answers["/jwks"] = answer(b"", status=500)

    desk.seconds = 3_600
    assert ask(desk, OLD, "2")
    assert len(listener.calls) == 2
    desk.seconds = 90_000
    assert not ask(desk, OLD, "3")


def test_an_agency_that_was_down_at_first_is_asked_again_soon(
    desk: Desk, tax: RelyingParty, listener: Listener
) -> None:
    listener.answers["/jwks"] = answer(b"", status=503)
    assert not ask(desk, OLD, "1")
    publish(listener, OLD)
    assert not ask(desk, OLD, "2")

    desk.seconds = 61
    assert ask(desk, OLD, "3")


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 60_000,
        b'{"keys":[],"keys":[]}',
        json.dumps({"keys": [OLD.as_dict(private=True)]}).encode(),
        json.dumps({"keys": [OLD.as_dict(private=False)] * 21}).encode(),
        json.dumps(public(OLD)).encode() + b" " * 70_000,
    ],
)
def test_a_document_that_is_not_a_good_key_set_proves_nothing(
    desk: Desk, tax: RelyingParty, listener: Listener, document: bytes
) -> None:
    listener.answers["/jwks"] = answer(document)

    assert not ask(desk, OLD, "1")


def test_keys_inside_are_never_read(desk: Desk, listener: Listener) -> None:
    publish(listener, OLD)
    desk.keys = RelyingPartyKeys(Fetcher(deadline=1))
    desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))

    assert not ask(desk, OLD, "1")
    assert listener.calls == []


def test_many_askers_cause_one_read_and_a_slow_agency_holds_two_threads_at_most(
    listener: Listener, fetcher: Fetcher
) -> None:
    release = threading.Event()

    def hanging(out: BinaryIO) -> None:
        release.wait(5)
        answer(json.dumps(public(OLD)).encode())(out)

    listener.answers["/jwks"] = hanging
    keys = RelyingPartyKeys(fetcher)
    tax = service("private_key_jwt", jwks_uri=listener.url("/jwks"))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(keys.find, tax, kid="old", algorithm="ES256") for _ in range(8)]
        sent_away = [each.exception() for each in islice(as_completed(asked, timeout=1.5), 6)]
        assert all(isinstance(each, StoreUnavailable) for each in sent_away)
        release.set()

    assert [len(each.result()) for each in asked if each.exception() is None] == [1, 1]
    assert len(listener.calls) == 1


def test_a_slow_agency_does_not_keep_another_from_waiting_for_its_keys(listener: Listener, fetcher: Fetcher) -> None:
    release = threading.Event()

    def hanging(out: BinaryIO) -> None:
        release.wait(5)
        answer(json.dumps(public(OLD)).encode())(out)

    listener.answers["/slow"] = listener.answers["/jwks"] = hanging
    keys = RelyingPartyKeys(fetcher)
    slow, tax = (service("private_key_jwt", jwks_uri=listener.url(path)) for path in ("/slow", "/jwks"))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(keys.find, each, kid="old", algorithm="ES256") for each in (slow, slow, tax, tax)]
        while len(listener.calls) < 2:
            time.sleep(0.01)
        time.sleep(0.1)
        release.set()

    assert [len(each.result()) for each in asked] == [1] * 4


def test_nobody_waits_for_a_renewal_while_older_keys_serve(listener: Listener, fetcher: Fetcher) -> None:
    seconds, release = [0.0], threading.Event()
    publish(listener, OLD)
    keys = RelyingPartyKeys(fetcher, monotonic=lambda: seconds[0])
    tax = service("private_key_jwt", jwks_uri=listener.url("/jwks"))
    keys.find(tax, kid="old", algorithm="ES256")

    def hanging(out: BinaryIO) -> None:
        release.wait(5)
        answer(json.dumps(public(NEW)).encode())(out)

    listener.answers["/jwks"] = hanging
    seconds[0] = 700
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(keys.find, tax, kid="new", algorithm="ES256")
        while len(listener.calls) < 2:
            time.sleep(0.01)
        assert len(keys.find(tax, kid="old", algorithm="ES256")) == 1
        release.set()
        assert len(renewing.result()) == 1


def test_a_bounded_number_of_addresses_is_remembered(listener: Listener, fetcher: Fetcher) -> None:
    keys = RelyingPartyKeys(fetcher, monotonic=lambda: 0.0)
    refused = "https://127.0.0.1:1/"
    for number in range(MOST_ADDRESSES + 10):
        keys.find(service("private_key_jwt", jwks_uri=f"{refused}{number}"), kid=None, algorithm="ES256")

    assert len(keys._addresses) == MOST_ADDRESSES
