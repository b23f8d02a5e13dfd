"""Passkeys: WebAuthn credentials a citizen signs in with (W3C WebAuthn Level 3, sections 7.1 and 7.2).

The library checks signatures, origin, type and flags. What it leaves to its caller is checked here: one use of
each challenge for one purpose, user verification, other sites' frames, the owner, and what a credential said
of its backups when it was made.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from federation.ephemeral import EphemeralStore
from idp.authentication.kept_passkeys import Assertion, Passkey, PasskeyStore

KIND = "challenge"
LIFETIME = timedelta(minutes=90)
"""As long as the page that carries it may wait: an interaction's lifetime."""
RESPONSE_BYTES = 16 * 1024
LONGEST_ID = 1023
"""Bytes of a credential's id (WebAuthn section 4)."""


class PasskeyRefused(Exception):
    """The browser's answer proves nothing. The reason is for the record, not for the citizen."""

    def __init__(self, reason: str, *, citizen_id: str | None = None) -> None:
        super().__init__(reason)
        self.citizen_id = citizen_id
        """Whose passkey was named; None if nobody's was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom a new passkey is for: what their device stores and shows. In a sign-up no citizen exists yet."""

    citizen_id: str
    email: str


def creation_options(
    store: EphemeralStore, owner: Owner, existing: Sequence[Passkey], *, rp_id: str, bound_to: str
) -> dict[str, Any]:
    """Return PublicKeyCredentialCreationOptionsJSON with a fresh challenge, good once, for `bound_to` alone."""
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name="Countersign",
        user_id=owner.citizen_id.encode(),
        user_name=owner.email,
        user_display_name=owner.email,
        challenge=_challenge(store, "create", bound_to),
        timeout=300_000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
    )
    return options_to_json_dict(options)


def request_options(
    store: EphemeralStore, *, rp_id: str, bound_to: str, allowed: Sequence[Passkey] = ()
) -> dict[str, Any]:
    """Return PublicKeyCredentialRequestOptionsJSON; with nothing `allowed` any of the site's passkeys may answer."""
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=_challenge(store, "get", bound_to),
        timeout=300_000,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def check_creation(
    store: EphemeralStore, answer: str, owner: Owner, *, origin: str, rp_id: str, bound_to: str, now: datetime
) -> Passkey:
    """Return the passkey a browser has just made for its owner; raise PasskeyRefused."""
    given = _parse(answer)
    _spend_challenge(store, given, "create", bound_to)
    with _refusing():
        verified = verify_registration_response(
            credential=given.credential,
            expected_challenge=given.challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
        return Passkey(
            credential_id=_id(bytes_to_base64url(verified.credential_id)),
            citizen_id=owner.citizen_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=_known_transports(given.credential["response"].get("transports")),
            aaguid=verified.aaguid,
            backup_eligible=verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
            backed_up=verified.credential_backed_up,
            name="",
            created_at=now,
        )


def check_assertion(
    store: EphemeralStore, passkeys: PasskeyStore, answer: str, *, origin: str, rp_id: str, bound_to: str
) -> Assertion:
    """Return what a passkey proved; raise PasskeyRefused. The caller notes the use and knows the citizen by it."""
    given = _parse(answer)
    _spend_challenge(store, given, "get", bound_to)
    passkey = passkeys.find(given.credential_id)
    if passkey is None:
        raise PasskeyRefused("unknown passkey")
    if given.user_handle not in (None, passkey.citizen_id.encode()):
        raise PasskeyRefused("the passkey belongs to somebody else", citizen_id=passkey.citizen_id)
    with _refusing(passkey.citizen_id):
        verified = verify_authentication_response(
            credential=given.credential,
            expected_challenge=given.challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    if (verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE) != passkey.backup_eligible:
        reason = "the passkey says otherwise of its backups than when it was made"
        raise PasskeyRefused(reason, citizen_id=passkey.citizen_id)
    counting = verified.new_sign_count > 0 or passkey.sign_count > 0
    return Assertion(
        passkey=passkey,
        sign_count=verified.new_sign_count,
        backed_up=verified.credential_backed_up,
        counter_fell_back=counting and verified.new_sign_count <= passkey.sign_count,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    credential: dict[str, Any]
    credential_id: str
    challenge: bytes
    user_handle: bytes | None
    client_data: dict[str, Any]


def _parse(answer: str) -> _Given:
    """Read just enough to find the challenge and the owner; the library reads and checks the whole."""
    if len(answer) > RESPONSE_BYTES:
        raise PasskeyRefused("too long")
    with _refusing():
        credential = json.loads(answer)
        client_data = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        handle = credential["response"].get("userHandle")
        return _Given(
            credential=credential,
            credential_id=_id(credential["id"]),
            challenge=base64url_to_bytes(client_data["challenge"]),
            user_handle=None if handle is None else base64url_to_bytes(handle),
            client_data=client_data,
        )


def _id(given: Any) -> str:
    """Return a credential's id in the one spelling it is kept under; raise PasskeyRefused for any other text."""
    octets = base64url_to_bytes(given)
    if not 0 < len(octets) <= LONGEST_ID or bytes_to_base64url(octets) != given:
        raise PasskeyRefused("not the id of a credential")
    return str(given)


@contextmanager
def _refusing(citizen_id: str | None = None) -> Iterator[None]:
    """Refuse whatever a parser trips over: the text came from a stranger, and nothing in here has an effect."""
    try:
        yield
    except Exception as error:
        raise PasskeyRefused(f"{type(error).__name__}: {error}"[:200], citizen_id=citizen_id) from error


def _challenge(store: EphemeralStore, purpose: str, bound_to: str) -> bytes:
    """Draw a challenge in the place of the last one for the same, so that no number of views keeps more than one."""
    challenge = secrets.token_bytes(32)
    store.put(KIND, _place(purpose, bound_to), {"challenge": bytes_to_base64url(challenge)}, LIFETIME)
    return challenge


def _place(purpose: str, bound_to: str) -> str:
    return bytes_to_base64url(sha256(f"{purpose}\0{bound_to}".encode()).digest())


def _spend_challenge(store: EphemeralStore, given: _Given, purpose: str, bound_to: str) -> None:
    """Take the challenge the answer was made for, before anything else about the answer is believed."""
    waiting = store.take(KIND, _place(purpose, bound_to))
    if waiting != {"challenge": bytes_to_base64url(given.challenge)}:
        raise PasskeyRefused("the challenge is spent, expired or another's")
    if given.client_data.get("crossOrigin") not in (None, False) or "topOrigin" in given.client_data:
        raise PasskeyRefused("made inside another site's frame")


def _known_transports(given: Any) -> tuple[str, ...]:
    known = {transport.value for transport in AuthenticatorTransport}
    return tuple(sorted(known & set(given))) if isinstance(given, list) else ()


def _descriptors(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[AuthenticatorTransport(transport) for transport in passkey.transports],
        )
        for passkey in passkeys
    ]
