"""Six-digit codes from the citizen's own generator (RFC 6238), each time step used at most once."""

from base64 import b32decode, b32encode
from datetime import datetime

import pyotp

from idp.authentication.credentials import CredentialStore, StoredTotp
from idp.authentication.sealing import Sealer

STEP = 30
"""Seconds."""
DIGITS = 6
_DRIFT = 1
"""Steps by which a generator's clock may be off, either way."""
_SHORTEST, _LONGEST = 10, 64
"""Bytes of seed accepted from outside; our own have 20 (RFC 4226 section 4)."""


class InvalidSeed(ValueError):
    """The text is no base32 seed of a sensible length."""


def new_seed() -> str:
    """Return a fresh seed of 160 bits, base32."""
    return pyotp.random_base32()


def parse_seed(text: str) -> str:
    """Return a seed from outside in its plain form (upper-case base32, no spaces); raise `InvalidSeed`."""
    plain = text.replace(" ", "").rstrip("=").upper()
    try:
        seed = b32decode(plain + "=" * (-len(plain) % 8))
    except ValueError as error:
        raise InvalidSeed("not base32") from error
    if not _SHORTEST <= len(seed) <= _LONGEST:
        raise InvalidSeed(f"{_SHORTEST} to {_LONGEST} bytes")
    return b32encode(seed).decode().rstrip("=")


def address(seed: str, *, name: str, service: str) -> str:
    """Return the otpauth address that a generator reads from a QR code."""
    return pyotp.TOTP(seed, digits=DIGITS, interval=STEP).provisioning_uri(name=name, issuer_name=service)


def find_step(seed: str, code: str, now: datetime) -> int | None:
    """Return the latest time step, of those allowed now, whose code this is, or None."""
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    generator = pyotp.TOTP(seed, digits=DIGITS, interval=STEP)
    current = int(now.timestamp()) // STEP
    found = None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if pyotp.utils.strings_equal(generator.generate_otp(step), code):
            found = step
    return found


def row(citizen_id: str) -> str:
    """Return the row that a citizen's sealed seed is bound to."""
    return f"totp:{citizen_id}"


def sealed(sealer: Sealer, citizen_id: str, seed: str, *, last_step: int, now: datetime) -> StoredTotp:
    """Return what to keep of a seed. `last_step` is that of the code which confirmed it, or 0."""
    envelope = sealer.seal(seed.encode(), row=row(citizen_id))
    return StoredTotp(envelope=envelope, last_step=last_step, added_at=now)


def spend(credentials: CredentialStore, sealer: Sealer, citizen_id: str, code: str, now: datetime) -> bool:
    """Use up a code; say whether it was right and unused. Count the attempt before."""
    stored = credentials.find_totp(citizen_id)
    if stored is None:
        return False
    seed = sealer.open(stored.envelope, row=row(citizen_id)).decode()
    step = find_step(seed, code, now)
    return step is not None and credentials.spend_totp_step(citizen_id, step)
