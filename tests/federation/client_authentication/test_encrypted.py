"""Keys to encrypt to at a jwks_uri: the newest one that fits, looked for at most once a minute, never another."""

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from federation.client_authentication.encrypted import check_possible, encrypt
from federation.errors import CannotBeEncrypted
from federation.relying_parties.model import RelyingParty
from tests.federation.client_authentication.conftest import Desk, service
from tests.support.listener import Listener, answer

OLD = ECKey.generate_key("P-256", {"kid": "old", "use": "enc"})
NEW = ECKey.generate_key("P-256", {"kid": "new", "use": "enc"})
SIGNING = ECKey.generate_key("P-256", {"kid": "sig", "use": "sig"})


def publish(listener: Listener, *keys: Any) -> None:
    document = {"keys": [key.as_dict(private=False) for key in keys]}
    listener.answers["/jwks"] = answer(json.dumps(document).encode())


@pytest.fixture
def tax(desk: Desk, listener: Listener) -> RelyingParty:
    publish(listener, SIGNING, OLD)
    return desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))


def sealed(desk: Desk, tax: RelyingParty, alg: str = "ECDH-ES") -> str:
    return encrypt("a.b.c", tax, desk.keys, alg=alg, enc="A256GCM")


def kid_of(desk: Desk, tax: RelyingParty) -> str | None:
    text = sealed(desk, tax)
    key = {"old": OLD, "new": NEW}[header_of(text)["kid"]]
    assert jwe.decrypt_compact(text, key, algorithms=["ECDH-ES", "A256GCM"]).plaintext == b"a.b.c"
    return key.kid


def header_of(text: str) -> Any:
    return json.loads(urlsafe_b64decode(text.partition(".")[0].encode()))


def test_the_key_at_the_address_is_read_once_and_followed_when_it_changes(
    desk: Desk, tax: RelyingParty, listener: Listener
) -> None:
    assert [kid_of(desk, tax) for _ in range(3)] == ["old"] * 3
    assert len(listener.calls) == 1
    publish(listener, SIGNING, NEW)

    desk.seconds = 601

    assert kid_of(desk, tax) == "new"
    assert len(listener.calls) == 2


def test_a_key_that_is_missing_is_looked_for_once_a_minute_whoever_asks(
    desk: Desk, tax: RelyingParty, listener: Listener
) -> None:
    for _ in range(5):
        with pytest.raises(CannotBeEncrypted):
            sealed(desk, tax, "RSA-OAEP-256")
    assert len(listener.calls) == 1
    publish(listener, OLD, RSAKey.generate_key(2048, {"use": "enc"}))

    desk.seconds = 61

    assert header_of(sealed(desk, tax, "RSA-OAEP-256")) == {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}
    assert len(listener.calls) == 2


@pytest.mark.parametrize("body", [b"", b"{}", b'{"keys":[]}', b"<html>", b'{"keys":[{"kty":"oct","k":"AA"}]}'])
def test_an_address_without_keys_lets_nothing_leave(desk: Desk, listener: Listener, body: bytes) -> None:
    listener.answers["/jwks"] = answer(body)
    tax = desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))

    with pytest.raises(CannotBeEncrypted):
        check_possible(tax, desk.keys, alg="ECDH-ES")
    with pytest.raises(CannotBeEncrypted):
        sealed(desk, tax)


def test_a_point_off_the_curve_lets_nothing_leave(desk: Desk, listener: Listener) -> None:
    bent = {**OLD.as_dict(private=False), "y": SIGNING.as_dict(private=False)["y"]}
    listener.answers["/jwks"] = answer(json.dumps({"keys": [bent]}).encode())
    tax = desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))

    with pytest.raises(CannotBeEncrypted):
        sealed(desk, tax)


def test_who_registered_nothing_is_not_asked_for_keys(desk: Desk, listener: Listener) -> None:
    tax = desk.know(service("private_key_jwt", jwks_uri=listener.url("/jwks")))

    check_possible(tax, desk.keys, alg=None)

    assert encrypt("a.b.c", tax, desk.keys, alg=None, enc=None) == "a.b.c"
    assert listener.calls == []
