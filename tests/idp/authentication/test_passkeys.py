"""What a browser says of a passkey is a stranger's text until it is proved."""

import secrets
from datetime import UTC, datetime

import pytest
from webauthn.helpers import bytes_to_base64url

from federation.ephemeral import EphemeralStore
from idp.authentication import passkeys
from idp.authentication.kept_passkeys import Passkey
from idp.authentication.passkeys import Owner, PasskeyRefused
from idp.storage.sql.database import SqlDatabase
from tests.support.authenticator import Authenticator, answer, client_data

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORIGIN, RP_ID = "https://id.example", "id.example"
ADA = Owner(citizen_id="ada", email="ada@example.org")


def _device(credential_id: bytes) -> Authenticator:
    return Authenticator(ORIGIN, RP_ID, credential_id)


def _create(ephemeral: EphemeralStore, device: Authenticator) -> Passkey:
    options = passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")
    made = device.create(options["challenge"])
    return passkeys.check_creation(ephemeral, made, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to="here", now=AT)


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
    said = client_data("webauthn.get", options["challenge"], ORIGIN)
    given = answer(credential_id, said, parts)

    with durable.work() as stores, pytest.raises(PasskeyRefused) as refused:
        passkeys.check_assertion(ephemeral, stores.passkeys, given, origin=ORIGIN, rp_id=RP_ID, bound_to="here")

    assert str(refused.value) != "unknown passkey"


def test_a_passkey_with_the_longest_id_is_made_and_a_longer_one_refused(ephemeral: EphemeralStore) -> None:
    longest = _device(secrets.token_bytes(1023))

    assert _create(ephemeral, longest).credential_id == bytes_to_base64url(longest.credential_id)
    with pytest.raises(PasskeyRefused):
        _create(ephemeral, _device(secrets.token_bytes(1024)))


def test_however_often_a_page_is_shown_one_challenge_waits_and_it_is_the_last(ephemeral: EphemeralStore) -> None:
    device = _device(secrets.token_bytes(32))
    first, second = (
        passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")["challenge"] for _ in range(2)
    )

    def check(challenge: str) -> Passkey:
        made = device.create(challenge)
        return passkeys.check_creation(ephemeral, made, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to="here", now=AT)

    with pytest.raises(PasskeyRefused):
        check(first)
    with pytest.raises(PasskeyRefused):
        check(second)
    assert _create(ephemeral, device).credential_id == bytes_to_base64url(device.credential_id)


def test_a_challenge_is_good_once_and_for_what_it_was_made(ephemeral: EphemeralStore) -> None:
    device = _device(secrets.token_bytes(32))
    challenge = passkeys.creation_options(ephemeral, ADA, (), rp_id=RP_ID, bound_to="here")["challenge"]

    def check(bound_to: str) -> Passkey:
        made = device.create(challenge)
        return passkeys.check_creation(ephemeral, made, ADA, origin=ORIGIN, rp_id=RP_ID, bound_to=bound_to, now=AT)

    with pytest.raises(PasskeyRefused):
        check("elsewhere")
    assert check("here")
    with pytest.raises(PasskeyRefused):
        check("here")
