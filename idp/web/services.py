"""What every endpoint and page may use: built once a process by `idp.assembly`, reached by `services()`.

What needs the database to be built is built at its first use, so a process can start, and serve
its keys, while the database is away.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from flask import Flask, current_app

from federation.authorization.detail_types import DetailType
from federation.binding.nonces import Nonces
from federation.client_authentication.certificates import Authorities
from federation.client_authentication.keys import RelyingPartyKeys
from federation.dynamic_registration.software_statement import Authority
from federation.ephemeral import EphemeralStore
from federation.outbound import Fetcher
from federation.relying_parties.uris import is_loopback
from idp import setting_values
from idp.authentication.passwords import PasswordHashing
from idp.authentication.peppers import Peppers
from idp.authentication.sealing import InstallationSecrets, Sealer
from idp.clock import Clock
from idp.settings import Settings
from idp.web.gate import Gate
from idp.web.stores import Database
from keys.providers.provider import KeyProvider
from keys.signer import Signer


@dataclass(frozen=True, kw_only=True)
class Services:
    """One attribute a collaborator; nothing is looked up by type."""

    settings: Settings
    clock: Clock
    database: Database
    ephemeral: EphemeralStore
    fetcher: Fetcher
    detail_types: Mapping[str, DetailType]
    """What agencies may ask citizens to allow, by name (RFC 9396)."""
    relying_party_keys: RelyingPartyKeys
    """The keys relying parties published, by value or by address."""
    signer: Signer
    key_provider: KeyProvider
    """Makes new signing keys."""
    sealer: Sealer
    """Wraps what the stores keep and must not tell: seeds, letters, sign-ups on their way."""
    nonces: Nonces
    """Date the proofs of those who hold a key."""
    cookie_secret: str
    """Signs forms, return envelopes and the marks of known browsers; needs no store."""
    installation: Callable[[], InstallationSecrets]
    registration_turn: threading.Lock = field(default_factory=threading.Lock)
    """Whose registration may have a document read now."""

    @cached_property
    def secrets(self) -> InstallationSecrets:
        """What this installation alone knows, made by `db upgrade`; never changes."""
        return self.installation()

    @cached_property
    def gate(self) -> Gate:
        """Who is inside of this worker, and who waits."""
        return Gate(self.settings.places)

    @cached_property
    def hashing(self) -> PasswordHashing:
        """Hashes passwords, in threads of its own, fewer than there are places."""
        return PasswordHashing(Peppers(self.secrets.peppers), at_once=self.settings.places - 1, aside=self.gate.aside)

    @cached_property
    def software_authorities(self) -> Mapping[str, Authority]:
        """Whose software statements are believed, by issuer, as written down when this process first asked."""
        return setting_values.authorities(self.settings.software_authorities)

    @cached_property
    def client_authorities(self) -> Authorities | None:
        """Whose word for the name in a client certificate is taken."""
        path = self.settings.client_ca
        return None if path is None else Authorities(path.read_bytes())

    @property
    def pairwise_salt(self) -> bytes:
        """Keys the function from citizens to subjects (OIDC Core section 8.1)."""
        return self.secrets.pairwise_salt

    @property
    def token_secret(self) -> bytes:
        """HMAC key from which refresh-token successors are derived."""
        return self.secrets.token_secret

    @cached_property
    def host(self) -> str:
        """The one Host this service answers to."""
        return urlsplit(self.settings.issuer).netloc

    @property
    def mutual_tls(self) -> bool:
        """Whether client certificates are asked for anywhere."""
        return self.settings.mtls_url is not None

    @cached_property
    def mtls_host(self) -> str | None:
        """The Host under which client certificates are asked for."""
        return None if self.settings.mtls_url is None else urlsplit(self.settings.mtls_url).netloc

    @cached_property
    def rp_id(self) -> str:
        """The name passkeys are bound to (WebAuthn section 5.4.2)."""
        return urlsplit(self.settings.issuer).hostname or ""

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it, so that services may be reached by http too."""
        return is_loopback(self.rp_id)

    @property
    def secure(self) -> bool:
        """Whether browsers come by https, so that cookies are `__Host-`; http is for loopback alone."""
        return self.settings.issuer.startswith("https://")


def services() -> Services:
    """Return this process's collaborators."""
    return services_of(current_app)


def services_of(app: Flask) -> Services:
    """Return the collaborators of an application."""
    found: Services = app.extensions["countersign"]
    return found
