"""What every endpoint and page may use: built once a process by `idp.app`, reached by `services()`."""

from dataclasses import dataclass

from flask import current_app

from federation.client_authentication.keys import RelyingPartyKeys
from federation.ephemeral import EphemeralStore
from federation.outbound import Fetcher
from idp.authentication.passwords import PasswordHashing
from idp.authentication.sealing import Sealer
from idp.clock import Clock
from idp.settings import Settings
from idp.web.stores import Database
from keys.signer import Signer


@dataclass(frozen=True, slots=True)
class Services:
    """One attribute a collaborator; nothing is looked up by type."""

    settings: Settings
    clock: Clock
    database: Database
    ephemeral: EphemeralStore
    fetcher: Fetcher
    relying_party_keys: RelyingPartyKeys
    """The keys relying parties published, by value or by address."""
    signer: Signer
    sealer: Sealer
    """Wraps small secrets (TOTP seeds) for the database."""
    pairwise_salt: bytes
    token_secret: bytes
    """HMAC key from which refresh-token successors are derived."""
    hashing: PasswordHashing


def services() -> Services:
    """Return this process's collaborators."""
    found: Services = current_app.extensions["countersign"]
    return found
