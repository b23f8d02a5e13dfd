"""The authorization code grant: a code is spent, checked, and turned into a grant (RFC 6749 section 4.1.3)."""

import hmac
import re
from datetime import datetime, timedelta
from typing import NoReturn

from federation.authorization import codes, details, resources
from federation.authorization.codes import AuthorizationCode
from federation.authorization.parameters import Parameters
from federation.binding.confirmation import DPOP_KEY, Confirmation
from federation.claims import OFFLINE
from federation.client_authentication.encrypted import check_possible
from federation.errors import InvalidGrant, InvalidRequest
from federation.hashing import ascii_hash, fingerprint
from federation.relying_parties.model import RelyingParty
from federation.tokens import access_token, refresh_token
from federation.tokens.desk import Answer, Desk, Misuse, answer_for_citizen
from federation.tokens.grants.model import ABSOLUTE, Grant

SPENT = {"spent": True}
SPENT_FOR = timedelta(minutes=10)
"""How long a spent code is remembered outside its grant: longer than any redemption is in flight.

After that, and after a flush, the grant itself knows its code by hash for as long as it lives.
"""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def redeem(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Hand over the tokens a code stands for, once, to the relying party it was minted for.

    The code is spent before it is checked: if something fails afterwards the agency must
    start again, which costs one redirect; the other order would cost a replay. When the code is used
    again while this is under way, this still is its one redemption, but what it hands over is dead already.
    That there is a key to encrypt the ID token to is seen before: without one nothing could be handed over.
    """
    code = form.get("code")
    if not code:
        raise InvalidRequest("code is missing")
    if not code.isascii():
        raise InvalidGrant("not the form of a code")
    check_possible(relying_party, desk.keys, alg=relying_party.id_token_encrypted_response_alg)
    authorised = _spend(code, desk, now)
    _check(authorised, form, relying_party, desk)
    return hand_over(authorised, code, relying_party, desk, form=form, now=now)


def hand_over(
    authorised: AuthorizationCode,
    code: str,
    relying_party: RelyingParty,
    desk: Desk,
    *,
    form: Parameters,
    now: datetime,
) -> Answer:
    """Issue the tokens of what was authorised and is spent, and keep its grant; raise InvalidGrant if that ended."""
    refresh = _refresh_token(authorised, relying_party, desk)
    grant = _grant(authorised, code, refresh, desk.confirmation, now)
    answer = answer_for_citizen(
        desk,
        relying_party,
        grant,
        scope=grant.scope,
        audience=resources.audience(form.resources, grant.resources, relying_party, issuer=desk.issuer),
        details=details.narrowed(form.get("authorization_details"), grant.authorization_details),
        now=now,
        nonce=authorised.nonce,
        refresh_token=refresh,
    )
    added = desk.grants.add(grant, access_epoch=authorised.access_epoch)
    if not added and not desk.grants.is_ended(grant.grant_id):
        raise InvalidGrant("the citizen has signed out, taken access back or was disabled meanwhile")
    return answer


def _spend(code: str, desk: Desk, now: datetime) -> AuthorizationCode:
    record = desk.store.replace(codes.KIND, codes.key_of(code), SPENT, SPENT_FOR)
    if record is None:
        _refuse_unknown(code, desk, now)
    if record == SPENT:
        desk.stop(Misuse.CODE_REPLAYED, _grant_id(code))
        raise InvalidGrant("the code was used before; what it bought has been ended")
    return codes.from_record(record)


def _refuse_unknown(code: str, desk: Desk, now: datetime) -> NoReturn:
    """Refuse a code nobody remembers; if a grant knows it, it was used before."""
    grant = desk.grants.find(_grant_id(code), now)
    if grant is None or not hmac.compare_digest(grant.code_hash, fingerprint(code)):
        raise InvalidGrant("the code is unknown or has expired")
    desk.stop(Misuse.CODE_REPLAYED, grant.grant_id)
    raise InvalidGrant("the code was used long ago; what it bought has been ended")


def _grant_id(code: str) -> str:
    return code.partition(".")[0]


def _check(authorised: AuthorizationCode, form: Parameters, relying_party: RelyingParty, desk: Desk) -> None:
    if authorised.client_id != relying_party.client_id:
        raise InvalidGrant("the code was minted for another relying party")
    if form.get("redirect_uri") != authorised.redirect_uri:
        raise InvalidGrant("redirect_uri is not the one the code was sent to")
    check_verifier(form.get("code_verifier") or None, authorised.code_challenge)
    if authorised.dpop_jkt is not None and desk.confirmation.get(DPOP_KEY) != authorised.dpop_jkt:
        raise InvalidGrant("the code is bound to another DPoP key")


def check_verifier(verifier: str | None, challenge: str | None) -> None:
    """Check the PKCE verifier against its S256 challenge; raise InvalidGrant (RFC 7636 section 4.6).

    A verifier without a challenge is refused too: somebody took the challenge out of the
    request on its way (RFC 9700 section 4.8.2).
    """
    if challenge is None:
        if verifier is not None:
            raise InvalidGrant("code_verifier came, but the authorization request had no code_challenge")
        return
    if verifier is None:
        raise InvalidGrant("code_verifier is missing")
    if not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("code_verifier is not 43 to 128 unreserved characters")
    if not hmac.compare_digest(ascii_hash(verifier), challenge):
        raise InvalidGrant("code_verifier does not match the code_challenge")


def _refresh_token(authorised: AuthorizationCode, relying_party: RelyingParty, desk: Desk) -> str | None:
    registered = OFFLINE in relying_party.scope and "refresh_token" in relying_party.grant_types
    if OFFLINE not in authorised.scope or not registered:
        return None
    return refresh_token.first(desk.token_secret, authorised.grant_id)


def _grant(
    authorised: AuthorizationCode, code: str, refresh: str | None, confirmation: Confirmation, now: datetime
) -> Grant:
    return Grant(
        grant_id=authorised.grant_id,
        client_id=authorised.client_id,
        citizen_id=authorised.citizen_id,
        subject=authorised.subject,
        session_id=authorised.session_id,
        sid=authorised.sid,
        scope=authorised.scope,
        auth_time=authorised.auth_time,
        acr=authorised.acr,
        amr=authorised.amr,
        claims=authorised.claims,
        vot=authorised.vot,
        authorization_details=authorised.authorization_details,
        resources=authorised.resources,
        confirmation=confirmation,
        code_hash=fingerprint(code),
        created_at=now,
        expires_at=now + (access_token.LIFETIME if refresh is None else ABSOLUTE),
        refresh_hash=None if refresh is None else fingerprint(refresh),
    )
