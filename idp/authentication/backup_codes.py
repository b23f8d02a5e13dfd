"""Printed codes for the day the generator or the passkey is gone: ten, each good once (SP 800-63B-4 section 3.1.2)."""

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime

from idp.authentication.credentials import CredentialStore
from idp.authentication.peppers import Peppers

HOW_MANY = 10
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
"""No letter that is read as another."""
_LENGTH, _GROUP = 16, 4
"""78 bits, in groups of four; kept under a keyed hash, so that the database alone gives no hold for guessing."""
_PURPOSE = "backup_code"


def new_codes() -> tuple[str, ...]:
    """Return ten fresh codes as they are printed. Shown once, never stored."""
    return tuple(_new_code() for _ in range(HOW_MANY))


def plain(text: str) -> str:
    """Return a typed code without hyphens and spaces, in small letters."""
    return "".join(character for character in text.lower() if character not in "- \t")


def replace(
    credentials: CredentialStore, peppers: Peppers, citizen_id: str, codes: tuple[str, ...], now: datetime
) -> None:
    """Keep these codes and forget every earlier one."""
    digests = [_text(peppers.mac(peppers.newest, _PURPOSE, _message(citizen_id, code))) for code in codes]
    credentials.set_backup_codes(citizen_id, digests, now)


def spend(credentials: CredentialStore, peppers: Peppers, citizen_id: str, code: str, now: datetime) -> bool:
    """Use up a code; say whether it was right and unused. Count the attempt before."""
    if len(plain(code)) != _LENGTH:
        return False
    digests = [_text(mac) for mac in peppers.every_mac(_PURPOSE, _message(citizen_id, code))]
    return credentials.spend_backup_code(citizen_id, digests, now)


def _new_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(letters[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP))


def _message(citizen_id: str, code: str) -> str:
    return f"{citizen_id}\0{plain(code)}"


def _text(mac: bytes) -> str:
    return urlsafe_b64encode(mac).decode().rstrip("=")
