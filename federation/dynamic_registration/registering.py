"""POST /register: a service registers itself (RFC 7591 section 3), on somebody's word unless anybody may."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from federation.dynamic_registration import software_statement
from federation.dynamic_registration.desk import Desk, read_metadata
from federation.dynamic_registration.invitations import Invitation
from federation.dynamic_registration.software_statement import SoftwareStatement
from federation.dynamic_registration.tokens import hash_token, mint_token
from federation.errors import InvalidToken, TokenMissing
from federation.relying_parties.description import describe_new
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import Registered, register
from federation.relying_parties.rules import RegistrationRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A service that was registered or changed, and the one answer that holds its secrets."""

    relying_party: RelyingParty
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Word:
    """On whose word a service comes. Without either, on nobody's."""

    invitation: Invitation | None
    statement: SoftwareStatement | None

    @property
    def by(self) -> str:
        """Return who that is, for the audit log."""
        if self.invitation is not None:
            return f"invitation {self.invitation.invitation_id}"
        return "anybody" if self.statement is None else f"authority {self.statement.authority.issuer}"

    @property
    def grant_types(self) -> tuple[str, ...] | None:
        """The grant types there may be; None for any. An invitation is a secret, a statement is none."""
        return None if self.invitation is not None or self.statement is None else self.statement.grant_types


def register_itself(body: bytes, token: str | None, desk: Desk, now: datetime) -> tuple[Told, str]:
    """Keep the service that `body` describes; return what it is told, and on whose word it came.

    `token` is the initial access token, if one came. What costs us something (a document fetched, a use of the
    invitation) comes after what costs the caller something. Raises InvalidToken, TokenMissing,
    InvalidClientMetadata, InvalidSoftwareStatement, UnapprovedSoftwareStatement.
    """
    invitation = None if token is None else _find_invitation(token, desk, now)
    metadata = read_metadata(body)
    statement = _check_statement(metadata, desk, now)
    word = _Word(invitation, statement)
    if invitation is None and statement is None and desk.door != "open":
        raise TokenMissing("neither an initial access token nor a software statement came")
    registered = _judged(metadata, word, desk, now)
    registration_token = mint_token()
    _keep(registered, word, hash_token(registration_token), desk, now)
    return told(registered, registration_token, desk), word.by


def told(registered: Registered, registration_token: str, desk: Desk) -> Told:
    """Return all that is registered, with its secrets and where it is looked after (RFC 7592 section 3)."""
    found = registered.relying_party
    body = describe_new(registered) | {
        "registration_client_uri": desk.address_of(found.client_id),
        "registration_access_token": registration_token,
    }
    return Told(relying_party=found, body=body)


def _find_invitation(token: str, desk: Desk, now: datetime) -> Invitation:
    found = desk.invitations.find(hash_token(token))
    if found is None:
        raise InvalidToken("the initial access token is none of ours")
    if (state := found.state(now)) != "open":
        raise InvalidToken(f"the invitation is {state}")
    return found


def _check_statement(metadata: Mapping[str, Any], desk: Desk, now: datetime) -> SoftwareStatement | None:
    text = metadata.get("software_statement")
    if text is None:
        return None
    return software_statement.check(text, desk.authorities, desk.keys, issuer=desk.issuer, now=now)


def _judged(metadata: Mapping[str, Any], word: _Word, desk: Desk, now: datetime) -> Registered:
    may_ask = _may_ask(word, desk)
    rules = RegistrationRules(
        loopback_http=desk.loopback,
        mutual_tls=desk.mutual_tls,
        id_token_alg="RS256",
        may_ask=may_ask,
        grant_types=word.grant_types,
        agency=None if word.invitation is None else word.invitation.agency,
        by_host=word.by == "anybody",
        public_subjects=word.by == "anybody",
        profile="standard" if word.invitation is None else word.invitation.profile,
    )
    said = metadata if word.statement is None else {**metadata, **word.statement.claims}
    with desk.reading(said):
        registered = register(said, rules=rules, fetcher=desk.fetcher, now=now)
    statement = None if word.statement is None else word.statement.text
    found = replace(registered.relying_party, may_ask=may_ask, software_statement=statement)
    return replace(registered, relying_party=found)


def _may_ask(word: _Word, desk: Desk) -> tuple[str, ...]:
    if word.invitation is not None:
        return word.invitation.scope
    if word.statement is not None and word.statement.authority.scope is not None:
        return word.statement.authority.scope
    return desk.citizens_scopes


def _keep(registered: Registered, word: _Word, token_hash: str, desk: Desk, now: datetime) -> None:
    """Keep the service, use what may be used once, and refuse a sector that another agency had first.

    The statement comes last: what a store of its own remembers is not undone with the rest.
    """
    found = registered.relying_party
    if word.invitation is not None and not desk.invitations.use(word.invitation.invitation_id, now):
        raise InvalidToken("the invitation was used up, withdrawn or ended meanwhile")
    if not desk.registry.add(found, token_hash=token_hash):
        raise RuntimeError("a client_id was drawn twice")
    if desk.registry.sector_owner(found.sector) != found.agency:
        field_name = "redirect_uris" if found.sector_identifier_uri is None else "sector_identifier_uri"
        raise refusal([Fault(field_name, "is on a host where another agency has a service; ask the operator.")])
    if word.statement is not None:
        software_statement.spend(word.statement, desk.store, now)
