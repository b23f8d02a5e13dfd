"""What registration by services works with, and the metadata that comes: strict JSON, one object."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from federation.client_authentication.keys import RelyingPartyKeys
from federation.dynamic_registration.invitations import InvitationStore
from federation.dynamic_registration.software_statement import Authority
from federation.ephemeral import EphemeralStore, StoreUnavailable
from federation.outbound import Fetcher
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.registry import RelyingPartyRegistry
from federation.strict_json import NotStrictJson, parse_object

Door = Literal["closed", "guarded", "open"]
"""Who may register: nobody, who brings an invitation or a software statement, or anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The collaborators of one request."""

    issuer: str
    loopback: bool
    """Whether the issuer itself is on loopback, so that services may be."""
    mutual_tls: bool
    """Whether client certificates are asked for anywhere."""
    door: Door
    citizens_scopes: tuple[str, ...]
    """What every citizen may be asked: all that may be registered where nobody says more."""
    registry: RelyingPartyRegistry
    invitations: InvitationStore
    authorities: Mapping[str, Authority]
    store: EphemeralStore
    keys: RelyingPartyKeys
    fetcher: Fetcher
    turn: threading.Lock
    """Held by the one request of this process that has a document read for it."""

    @contextmanager
    def reading(self, said: Mapping[str, Any]) -> Iterator[None]:
        """Judge a registration that may have us read a document: one at a time, or a slow place holds every thread.

        Raises StoreUnavailable while another is being judged.
        """
        if said.get("sector_identifier_uri") is None:
            yield
            return
        if not self.turn.acquire(blocking=False):
            raise StoreUnavailable("a document is being read for another registration")
        try:
            yield
        finally:
            self.turn.release()

    def address_of(self, client_id: str) -> str:
        """Return where a registration is looked after (RFC 7592 section 3, `registration_client_uri`)."""
        return f"{self.issuer}/register/{client_id}"


def read_metadata(body: bytes) -> dict[str, Any]:
    """Return the object in a body; raise InvalidClientMetadata."""
    try:
        return parse_object(body)
    except NotStrictJson:
        problem = "must be one JSON object of registration metadata, no member twice, no NUL, nested 8 deep at most."
        raise refusal([Fault("metadata", problem)]) from None
