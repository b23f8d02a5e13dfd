"""What a browser says of a passkey is a stranger's text until it is proved."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

from federation.ephemeral import EphemeralStore
from idp.authentication import passkeys
from idp.authentication.kept_passkeys import Passkey
from idp.authentication.passkeys import Owner, PasskeyRefused
from idp.storage.sql.database import SqlDatabase

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN, RP_ID = "https://id.example", "id.example"
ADA = Owner(citizen_id="ada", email="ada@example.org")
_PRESENT_VERIFIED_ATTESTED = 0x45


@dataclass(frozen=True, slots=True)
class _Device:
    """An authenticator that makes ids of any length."""

    credential_id: bytes
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def answer(self, challenge: str) -> str:
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        data = sha256(RP_ID.encode()).digest() + bytes([_PRESENT_VERIFIED_ATTESTED]) + bytes(4) + bytes(16)
        data += len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public)
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return _answer(
            bytes_to_base64url(self.credential_id),
            "webauthn.create",
            challenge,
            {"attestationObject": bytes_to_base64url(made)},
        )


def _answer(credential_id: object, kind: str, challenge: str, response: dict[str, Any]) -> str:
    said = json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode()
    return json.dumps(
        {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": {"clientDataJSON": bytes_to_base64url(said), **response},
        }
    )


def _create(ephemeral: EphemeralStore, device: _Device) -> Passkey:
    options = passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")
    answer = device.answer(options["challenge"])
    return passkeys.check_creation(ephemeral, answer, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to="here", now=AT)


@pytest.mark.parametrize(
    "credential_id",
    [
        "\ud800",
        "a\0bc",
        "not base64!",
        "YQ==",
        "YR",
        "",
        7,
        None,
        ["YWJj"],
        bytes_to_base64url(secrets.token_bytes(1024)),
    ],
)
def test_an_id_that_no_authenticator_makes_never_reaches_the_database(
    durable: SqlDatabase, ephemeral: EphemeralStore, credential_id: object
) -> None:
    options = passkeys.request_options(ephemeral, rp_id=RP_ID, bound_to="here")
    parts = {"authenticatorData": "YWJj", "signature": "YWJj"}
    answer = _answer(credential_id, "webauthn.get", options["challenge"], parts)

    with durable.work() as stores, pytest.raises(PasskeyRefused) as refused:
        passkeys.check_assertion(ephemeral, stores.passkeys, answer, origin=ORIGIN, rp_id=RP_ID, bound_to="here")

    assert str(refused.value) != "unknown passkey"


def test_a_passkey_with_the_longest_id_is_made_and_a_longer_one_refused(ephemeral: EphemeralStore) -> None:
    longest = _Device(secrets.token_bytes(1023))

    assert _create(ephemeral, longest).credential_id == bytes_to_base64url(longest.credential_id)
    with pytest.raises(PasskeyRefused):
        _create(ephemeral, _Device(secrets.token_bytes(1024)))


def test_however_often_a_page_is_shown_one_challenge_waits_and_it_is_the_last(ephemeral: EphemeralStore) -> None:
    device = _Device(secrets.token_bytes(32))
    first, second = (
        passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")["challenge"] for _ in range(2)
    )

    def check(challenge: str) -> Passkey:
        answer = device.answer(challenge)
        return passkeys.check_creation(ephemeral, answer, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to="here", now=AT)

    with pytest.raises(PasskeyRefused):
        check(first)
    with pytest.raises(PasskeyRefused):
        check(second)
    assert _create(ephemeral, device).credential_id == bytes_to_base64url(device.credential_id)


def test_a_challenge_is_good_once_and_for_what_it_was_made(ephemeral: EphemeralStore) -> None:
    device = _Device(secrets.token_bytes(32))
    challenge = passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")["challenge"]

    def check(bound_to: str) -> Passkey:
        answer = device.answer(challenge)
        return passkeys.check_creation(ephemeral, answer, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to=bound_to, now=AT)

    with pytest.raises(PasskeyRefused):
        check("elsewhere")
    assert check("here")
    with pytest.raises(PasskeyRefused):
        check("here")
