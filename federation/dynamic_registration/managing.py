"""/register/<client_id>: a service looks after what it registered (RFC 7592 section 2).

Every answer brings a new registration access token, and the one that came is dead: a copy of it that somebody
made works no more, or its owner's works no more and they notice.
"""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from federation.dynamic_registration import software_statement
from federation.dynamic_registration.desk import Desk, read_metadata
from federation.dynamic_registration.errors import UnapprovedSoftwareStatement
from federation.dynamic_registration.registering import Told, told
from federation.dynamic_registration.software_statement import SoftwareStatement
from federation.dynamic_registration.tokens import hash_token, mint_token
from federation.errors import InvalidToken
from federation.relying_parties.changing import change
from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.pairwise import host_of
from federation.relying_parties.redirect_uris import NAMELESS
from federation.relying_parties.registration import Registered
from federation.relying_parties.rules import RegistrationRules

_OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")


def find(client_id: str, token: str, desk: Desk) -> RelyingParty:
    """Return the active service that this token looks after; raise InvalidToken, whatever is wrong (section 2)."""
    found = desk.registry.find_by_token(client_id, hash_token(token))
    if found is None:
        raise InvalidToken("no such registration, or not its token")
    return found


def read(current: RelyingParty, desk: Desk) -> Told:
    """Return what is registered (section 2.1). Its secret is not told again: only a hash of it is kept."""
    return _kept(Registered(relying_party=current, client_secret=None), desk)


def update(body: bytes, current: RelyingParty, desk: Desk, now: datetime) -> Told:
    """Write what is registered anew; what is left out goes back to what silence means (section 2.2).

    What an operator gave may be kept, and once given up is gone. Raises InvalidClientMetadata with every fault
    found, InvalidSoftwareStatement, UnapprovedSoftwareStatement.
    """
    metadata = read_metadata(body)
    _check_identity(metadata, current)
    statement = _statement(metadata, current, desk, now)
    said = metadata if statement is None else {**metadata, **statement.claims}
    rules = RegistrationRules(
        loopback_http=desk.loopback,
        mutual_tls=desk.mutual_tls,
        id_token_alg="RS256",
        may_ask=tuple(dict.fromkeys((*current.may_ask, *current.scope))),
        grant_types=_grant_types(statement, current),
        agency=current.agency,
        by_host=current.agency in (host_of(current.sector), NAMELESS),
        given=current,
        public_subjects=current.subject_type == "public",
        profile=current.profile,
    )
    with desk.reading(said):
        changed = change(current, said, rules=rules, fetcher=desk.fetcher)
    if statement is None:
        return _kept(changed, desk)
    stated = replace(changed.relying_party, software_statement=statement.text)
    answer = _kept(replace(changed, relying_party=stated), desk)
    software_statement.spend(statement, desk.store, now)
    return answer


def delete(current: RelyingParty, desk: Desk, now: datetime) -> None:
    """End the service: nothing it holds works any more, and its id is never given again (section 2.3)."""
    if not desk.registry.change(current) or not desk.registry.disable(current.client_id, now):
        raise InvalidToken("the token was used meanwhile, or the registration was changed or ended")


def _kept(registered: Registered, desk: Desk) -> Told:
    token = mint_token()
    if not desk.registry.change(registered.relying_party, token_hash=hash_token(token)):
        raise InvalidToken("the token was used meanwhile, or the registration was changed or ended")
    return told(registered, token, desk)


def _grant_types(statement: SoftwareStatement | None, current: RelyingParty) -> tuple[str, ...] | None:
    """Return the grant types there may be: what a service has, it may keep."""
    if statement is None or statement.grant_types is None:
        return None
    return tuple(dict.fromkeys((*statement.grant_types, *current.grant_types)))


def _check_identity(metadata: Mapping[str, Any], current: RelyingParty) -> None:
    faults = [Fault(name, "is ours to say; leave it out.") for name in _OURS if name in metadata]
    if metadata.get("client_id") != current.client_id:
        faults.append(Fault("client_id", "must be that of this registration."))
    if metadata.get("client_secret") is not None and not _is_secret(metadata["client_secret"], current):
        faults.append(Fault("client_secret", "is not the one in force; leave it out, or send that one."))
    if faults:
        raise refusal(faults)


def _is_secret(said: object, current: RelyingParty) -> bool:
    kept = current.client_secret_hash
    return isinstance(said, str) and kept is not None and hmac.compare_digest(hash_client_secret(said), kept)


def _statement(
    metadata: Mapping[str, Any], current: RelyingParty, desk: Desk, now: datetime
) -> SoftwareStatement | None:
    """Return what an authority says of it. A service that came on an authority's word stays on it.

    The statement it came with is good for as long as that authority is approved; a new one is looked at whole.
    """
    text, kept = metadata.get("software_statement"), current.software_statement
    if kept is not None and text is None:
        raise refusal([Fault("software_statement", "is what this service was registered by; send it along.")])
    if text is None:
        return None
    known = None if kept is None else software_statement.recall(kept, desk.authorities)
    if known is not None and text == kept:
        return known
    fresh = software_statement.check(text, desk.authorities, desk.keys, issuer=desk.issuer, now=now)
    if known is not None and fresh.authority.issuer != known.authority.issuer:
        raise UnapprovedSoftwareStatement("it is of another authority than the service came by")
    return fresh
