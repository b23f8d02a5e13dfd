"""Eight letters in an email, typed back: that is how an address is proved. Never a factor of signing in.

The code is kept under a keyed hash and bound to what it was asked for; it is good once, for a quarter of an
hour, and for five tries. Where no letter with a code is sent, because the address is somebody's already,
a code is kept all the same, so that the browser sees no difference.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta

from federation.ephemeral import EphemeralStore
from idp.authentication.allowance import take_one
from idp.authentication.peppers import Peppers
from idp.citizens.email import Address

KIND = "email_code"
LIFETIME = timedelta(minutes=15)
TRIES = 5
LETTERS = 10
"""Letters to one address an hour, whoever asks for them at sign-up."""
LETTERS_OF_DAY = 30
LETTERS_TO_CITIZEN = 5
"""Letters to one address a day for citizens who want it in the place of theirs: strangers cannot use these up."""
LETTERS_OF_BROWSER = 5
"""Letters that one browser may ask for within a code's lifetime, whoever they go to."""
ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No digits and no vowels: nothing looks like another, and no code is a word."""
LENGTH = 8
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


class NoCode(Exception):
    """Nothing is waiting to be typed back: never sent, too old, or already used."""


class TriesSpent(Exception):
    """The code was tried too often; only a new letter helps."""


def may_send(store: EphemeralStore, address: Address, browser: str) -> bool:
    """Take one of the letters an address may get, and `browser` ask for now; say whether both had one left."""
    name = _hashed(address)
    return (
        take_one(store, "letter_asked", browser, of=LETTERS_OF_BROWSER, within=LIFETIME)
        and take_one(store, "letter", name, of=LETTERS, within=_HOUR)
        and take_one(store, "letter_of_day", name, of=LETTERS_OF_DAY, within=_DAY)
    )


def may_send_to_citizen(store: EphemeralStore, address: Address, asked_by: str) -> bool:
    """Do the same for a citizen who is signed in, out of an allowance of their own."""
    return take_one(store, "letter_asked", asked_by, of=LETTERS_OF_BROWSER, within=LIFETIME) and take_one(
        store, "letter_to_citizen", _hashed(address), of=LETTERS_TO_CITIZEN, within=_DAY
    )


def mint(store: EphemeralStore, peppers: Peppers, purpose: str, address: Address) -> str:
    """Return a fresh code for `purpose` (unguessable, such as an interaction's id), in the place of an earlier one."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    nonce = secrets.token_urlsafe(16)
    record = {
        "nonce": nonce,
        "written": address.written,
        "canonical": address.canonical,
        "pepper": peppers.newest,
        "digest": _digest(peppers, peppers.newest, nonce, code),
    }
    store.put(KIND, purpose, record, LIFETIME)
    return code


def find_address(store: EphemeralStore, purpose: str) -> Address | None:
    """Return the address a code is waiting for, or None."""
    record = store.get(KIND, purpose)
    return None if record is None else Address(written=record["written"], canonical=record["canonical"])


def prove(store: EphemeralStore, peppers: Peppers, purpose: str, code: str) -> Address | None:
    """Return the address whose letter held this code, once; None if the code is wrong.

    The try is counted before it is evaluated. Raises `NoCode` and `TriesSpent`.
    """
    record = store.get(KIND, purpose)
    if record is None or not peppers.knows(record["pepper"]):
        raise NoCode
    if not take_one(store, "email_code_try", record["nonce"], of=TRIES, within=LIFETIME):
        raise TriesSpent
    typed = _digest(peppers, record["pepper"], record["nonce"], "".join(code.split()).upper())
    if not hmac.compare_digest(typed, record["digest"]):
        return None
    taken = store.take(KIND, purpose)
    if taken is None or taken["nonce"] != record["nonce"]:
        raise NoCode
    return Address(written=record["written"], canonical=record["canonical"])


def _hashed(address: Address) -> str:
    return hashlib.sha256(address.canonical.encode()).hexdigest()


def _digest(peppers: Peppers, version: int, nonce: str, code: str) -> str:
    return urlsafe_b64encode(peppers.mac(version, KIND, f"{nonce}\0{code}")).decode()
