"""Tokens leave signed by the active key, and only our own come back in."""

import base64
import json
from datetime import datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet as JoseKeySet

from keys import rotation
from keys.errors import CannotSign, InvalidSignature
from keys.following import KeyFollower
from keys.keyset import KeySet
from keys.signer import Signer
from keys.states import ALGORITHMS
from tests.keys.support import ACCESS, HOURS_48, ID, NOW, InMemory, provider

ALL = rotation.Rules(prepublish=HOURS_48)
MAKER = provider()
CLAIMS = {"iss": "https://id.example", "sub": "s\u00e9", "iat": 1, "amr": ["pwd", "otp"]}


class Room:
    """A store and one process that serves it; `now` may be moved."""

    def __init__(self) -> None:
        self.store = InMemory()
        self.now = NOW
        rotation.advance(self.store, MAKER, ALL, self.now)
        self.signer = Signer(self.served, MAKER, self.clock)

    def served(self, *, fresh: bool = False) -> KeySet:
        del fresh  # its store is always in sight
        return self.store.keys

    def clock(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def first() -> InMemory:
    return Room().store


@pytest.fixture
def room(first) -> Room:
    made = Room.__new__(Room)
    made.store, made.now = InMemory(), NOW
    made.store.keys = first.keys
    made.signer = Signer(made.served, MAKER, made.clock)
    return made


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_an_agency_verifies_a_token_with_the_published_keys_alone(room, alg):
    token = room.signer.sign(ID, alg, CLAIMS, typ="JWT")

    published = JoseKeySet.import_key_set(json.loads(room.signer.jwks().body))
    decoded = jwt.decode(token, published, algorithms=[alg])

    assert decoded.claims == CLAIMS
    assert decoded.header == {"alg": alg, "kid": room.store.keys.active(ID, alg).kid, "typ": "JWT"}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_our_own_token_comes_back_as_it_was(room, alg):
    assert room.signer.verify(room.signer.sign(ID, alg, CLAIMS, typ="JWT"), ID, typ="JWT") == CLAIMS


def test_a_token_of_one_purpose_or_type_is_none_of_another(room):
    token = room.signer.sign(ID, "ES256", CLAIMS, typ="JWT")

    for purpose, typ in [(ACCESS, "JWT"), (ID, "at+jwt"), (ID, "logout+jwt")]:
        with pytest.raises(InvalidSignature):
            room.signer.verify(token, purpose, typ=typ)


def test_a_token_still_verifies_while_its_key_retires_and_not_after(room):
    token = room.signer.sign(ID, "ES256", CLAIMS, typ="JWT")
    kid = room.store.keys.active(ID, "ES256").kid

    room.now += HOURS_48
    rotation.rotate(room.store, MAKER, [(ID, "ES256")], ALL, room.now)
    assert room.signer.verify(token, ID, typ="JWT") == CLAIMS
    rotation.retire(room.store, MAKER, kid, room.now, early_because="test")

    with pytest.raises(InvalidSignature):
        room.signer.verify(token, ID, typ="JWT")


def test_a_revoked_key_verifies_nothing_and_is_gone_from_the_jwks(room):
    token = room.signer.sign(ID, "ES256", CLAIMS, typ="JWT")
    kid = room.store.keys.active(ID, "ES256").kid

    rotation.revoke(room.store, MAKER, kid, "leaked", room.now + timedelta(minutes=1))

    with pytest.raises(InvalidSignature):
        room.signer.verify(token, ID, typ="JWT")
    assert kid.encode() not in room.signer.jwks().body


def test_a_token_of_a_node_that_heard_of_the_rotation_first_is_believed_here(room):
    late = room.store.keys
    room.now += HOURS_48
    rotation.rotate(room.store, MAKER, [(ACCESS, "ES256")], ALL, room.now)
    token = room.signer.sign(ACCESS, "ES256", CLAIMS, typ="at+jwt")

    room.store.keys = late

    assert room.signer.verify(token, ACCESS, typ="at+jwt") == CLAIMS


def _altered(token: str) -> list[str]:
    header, payload, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    other = base64.urlsafe_b64encode(b'{"sub":"someone else"}').rstrip(b"=").decode()
    twisted = signature[:-1] + chr(ord(signature[-1]) + 1)
    return [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "\u00e9.b.c",
        f"{header}.{other}.{signature}",
        f"{none}.{payload}.",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{header}.{payload}.{signature}.",
        f".{header}.{payload}.{signature}",
        f"{header}.{payload}.{signature}=",
        f"{header}.{payload}.{twisted}",
        f"{header}.{payload}.{signature[:-2]}",
        f"{header}.{payload}.{signature} ",
        f"{header}.{payload}\n.{signature}",
        "a" * 200_000,
    ]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_whatever_is_not_exactly_our_token_is_refused(room, alg):
    for altered in _altered(room.signer.sign(ID, alg, CLAIMS, typ="JWT")):
        with pytest.raises(InvalidSignature):
            room.signer.verify(altered, ID, typ="JWT")


def test_a_header_with_anything_more_is_refused_even_if_signed_by_our_key(room):
    key = room.store.keys.active(ID, "ES256")
    sign = MAKER.signing(key)
    for more in ({"jwk": dict(key.public_jwk)}, {"crit": ["b64"], "b64": False}, {"jku": "https://evil.example"}):
        header = json.dumps({"alg": "ES256", "kid": key.kid, "typ": "JWT", **more}).encode()
        message = base64.urlsafe_b64encode(header).rstrip(b"=") + b".e30"
        token = message + b"." + base64.urlsafe_b64encode(sign(message)).rstrip(b"=")

        with pytest.raises(InvalidSignature):
            room.signer.verify(token.decode(), ID, typ="JWT")


def test_nothing_is_signed_for_an_algorithm_without_a_key(room):
    with pytest.raises(CannotSign):
        room.signer.sign(ID, "ES512", CLAIMS, typ="JWT")


def test_a_key_a_year_old_signs_no_more(room):
    room.now += timedelta(days=365)

    with pytest.raises(CannotSign):
        room.signer.sign(ID, "ES256", CLAIMS, typ="JWT")


def test_a_process_that_lost_sight_of_the_store_serves_its_keys_but_signs_and_believes_nothing(first, monkeypatch):
    follower = KeyFollower(_Reading(first), every=timedelta(hours=1))
    signer = Signer(follower, MAKER, lambda: NOW)
    token = signer.sign(ID, "ES256", CLAIMS, typ="JWT")
    seen = follower._seen

    follower._seen = seen - 61

    with pytest.raises(CannotSign):
        signer.sign(ID, "ES256", CLAIMS, typ="JWT")
    with pytest.raises(CannotSign):
        signer.check_ready()
    with pytest.raises(CannotSign):
        signer.verify(token, ID, typ="JWT")
    assert signer.jwks().body


class _Reading:
    def __init__(self, store: InMemory) -> None:
        self._store = store

    def __call__(self) -> "_Reading":
        return self

    def __enter__(self) -> InMemory:
        return self._store

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""
