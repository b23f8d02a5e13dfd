"""What nobody can do over HTTP: look into the stores of a running service, and give people what they sign in with."""

import re
import secrets
from collections.abc import Sequence
from typing import Any

import pyotp
from webauthn.helpers import bytes_to_base64url

from idp.assembly import build
from idp.authentication import backup_codes, totp
from idp.authentication.email_codes import ALPHABET, LENGTH
from idp.authentication.kept_passkeys import Passkey
from idp.citizens.email import parse
from idp.citizens.model import Citizen
from idp.citizens.registration import register
from idp.notices.outbox import read
from idp.settings import load
from tests.support.authenticator import Authenticator
from tests.support.service import Service


class Insider:
    """The collaborators of a running service once more, in this process."""

    def __init__(self, service: Service) -> None:
        self.use = build(load(**service.settings()))

    def new_citizen(self, password: str) -> Citizen:
        """Make a citizen whose password, fit to stand alone, is given."""
        now = self.use.clock.now()
        address = parse(f"ada-{secrets.token_hex(6)}@example.org")
        with self.use.hashing.admitted():
            hashed = self.use.hashing.hash(password, stands_alone=True, now=now)
        with self.use.database.work() as stores:
            citizen = register(stores.citizens, address, now=now, given_name="Ada")
            stores.credentials.set_password(citizen.citizen_id, hashed)
        return citizen

    def citizen(self, email: str) -> Citizen | None:
        """Return who has an address."""
        with self.use.database.work() as stores:
            return stores.citizens.find_by_email(email)

    def sessions_of(self, citizen: Citizen) -> int:
        """Return how many live sessions a citizen has."""
        with self.use.database.work() as stores:
            return len(stores.sessions.list_for_citizen(citizen.citizen_id, self.use.clock.now()))

    def backup_codes_of(self, citizen: Citizen) -> int:
        """Return how many printed codes a citizen has left."""
        with self.use.database.work() as stores:
            return stores.credentials.factors(citizen.citizen_id).backup_codes

    def failures(self, authenticator: str) -> int:
        """Return how many attempts are counted; `authenticator` as from `idp.authentication.throttle`."""
        with self.use.database.work() as stores:
            return stores.failures.failures(authenticator)

    def recorded(self, name: str, citizen: Citizen) -> int:
        """Return how many of the last events are of this name and citizen."""
        with self.use.database.work() as stores:
            entries = stores.audit.latest(500)
        return sum(entry.name == name and citizen.citizen_id in entry.body for entry in entries)

    def code_in_letter(self, email: str) -> str:
        """Return the code in the newest letter to an address."""
        with self.use.database.work() as stores:
            waiting: Sequence[Any] = stores.outbox.latest("letter", 50)
        for message in waiting:
            payload = read(message, self.use.sealer)
            if payload is not None and payload["to"] == email and "code" in payload:
                code = str(payload["code"])
                assert re.fullmatch(rf"[{ALPHABET}]{{{LENGTH}}}", code), code
                return code
        raise AssertionError(f"no letter with a code to {email}")

    def give_code_app(self, citizen: Citizen) -> tuple[pyotp.TOTP, tuple[str, ...]]:
        """Let a citizen have a code app and printed codes from now on; return both."""
        seed, codes, now = pyotp.random_base32(), backup_codes.new_codes(), self.use.clock.now()
        kept = totp.sealed(self.use.sealer, citizen.citizen_id, seed, last_step=0, now=now)
        with self.use.database.work() as stores:
            stores.credentials.set_totp(citizen.citizen_id, kept)
            backup_codes.replace(stores.credentials, self.use.hashing.peppers, citizen.citizen_id, codes, now)
        return pyotp.TOTP(seed), codes

    def give_passkey(self, citizen: Citizen) -> Authenticator:
        """Let a citizen have a passkey from now on; return what holds it."""
        held = Authenticator(self.use.settings.issuer, self.use.rp_id)
        kept = Passkey(
            credential_id=bytes_to_base64url(held.credential_id),
            citizen_id=citizen.citizen_id,
            public_key=held.public_key,
            sign_count=0,
            backup_eligible=False,
            backed_up=False,
            name="A key",
            created_at=self.use.clock.now(),
        )
        with self.use.database.work() as stores:
            assert stores.passkeys.add(kept)
        return held
