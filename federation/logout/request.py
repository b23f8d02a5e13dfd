"""A request to sign out, checked (OpenID Connect RP-Initiated Logout 1.0 sections 2, 4 and 6).

What does not pass is not used, and neither is what depends on it: the citizen may always sign out, but is
never sent to an address that its own relying party has not registered, nor signed out unasked by a hint that
is not about them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.authorization.hinted_subject import HintReader
from federation.authorization.parameters import Parameters, is_fit
from federation.authorization.response import address_with
from federation.relying_parties import redirect_uris
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry

LONGEST = 2_048
"""Bytes of UTF-8 of any parameter that has no bound of its own."""
BOUNDS = {"client_id": 256, "id_token_hint": 8_192, "logout_hint": 320, "ui_locales": 200}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What an ID token of ours says of the session it was issued in."""

    client_id: str
    subject: str
    sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What may be believed of a request. Made by `check` alone, so every part of it has passed.

    `logout_hint` is looked at for its form alone: the browser itself says who is signed in.
    """

    relying_party: RelyingParty | None = None
    hint: Hint | None = None
    return_uri: str | None = None
    """An address registered by `relying_party`."""
    state: str | None = None
    """What goes along to it."""
    ui_locales: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    """What was not used and why, for the record."""


class _Unusable(Exception):
    """Part of a request cannot be used; the argument says which and why."""


def check(params: Parameters, registry: RelyingPartyRegistry, read_hint: HintReader, *, issuer: str) -> LogoutRequest:
    """Return what of a request may be used: who asks first, since all else hangs on that. Never raises."""
    locales = params.words("ui_locales") if _fit(params, "ui_locales") else ()
    try:
        _check_form(params)
        hint = _check_hint(params, read_hint, issuer=issuer)
        relying_party = _find_relying_party(params, hint, registry)
    except _Unusable as unusable:
        return LogoutRequest(ui_locales=locales, refused=(str(unusable),))
    try:
        return_uri, state = _check_return_address(params, relying_party)
    except _Unusable as unusable:
        return LogoutRequest(relying_party=relying_party, hint=hint, ui_locales=locales, refused=(str(unusable),))
    return LogoutRequest(relying_party=relying_party, hint=hint, return_uri=return_uri, state=state, ui_locales=locales)


def return_url(relying_party: RelyingParty, uri: str, state: str | None) -> str | None:
    """Return where to send a citizen who has signed out, or None if `uri` is not, or no longer, registered."""
    if not redirect_uris.is_registered_after_logout(relying_party, uri):
        return None
    return uri if state is None else address_with(uri, {"state": state})


def _check_form(params: Parameters) -> None:
    if params.repeated:
        raise _Unusable("a parameter is repeated")
    for name in ("client_id", "id_token_hint", "logout_hint"):
        if not _fit(params, name):
            raise _Unusable(f"{name} is too long or has a control character")


def _check_hint(params: Parameters, read_hint: HintReader, *, issuer: str) -> Hint | None:
    """Return the hint; expired is fine, since it names a session and opens nothing (section 2).

    Only an ID token has all of these claims: a signed userinfo answer or a logout token is none.
    """
    token = params.get("id_token_hint")
    if token is None:
        return None
    claims = read_hint(token)
    if claims is None or claims.get("iss") != issuer or "exp" not in claims:
        raise _Unusable("id_token_hint is no ID token of ours")
    hint = Hint(client_id=_one_audience(claims), subject=str(claims.get("sub") or ""), sid=str(claims.get("sid") or ""))
    if not (hint.client_id and hint.subject and hint.sid):
        raise _Unusable("id_token_hint is no ID token of ours")
    if params.get("client_id") not in (None, hint.client_id):
        raise _Unusable("client_id is not the one id_token_hint was issued to")
    return hint


def _find_relying_party(params: Parameters, hint: Hint | None, registry: RelyingPartyRegistry) -> RelyingParty | None:
    client_id = params.get("client_id") if hint is None else hint.client_id
    if client_id is None:
        return None
    relying_party = registry.find(client_id)
    if relying_party is None:
        raise _Unusable("the request comes from no active relying party")
    return relying_party


def _check_return_address(params: Parameters, relying_party: RelyingParty | None) -> tuple[str | None, str | None]:
    """Return where to go and the `state` to take along, as far as they were asked for."""
    uri = params.get("post_logout_redirect_uri")
    if uri is None:
        return None, None
    if relying_party is None:
        raise _Unusable("post_logout_redirect_uri came without id_token_hint or client_id")
    if not redirect_uris.is_registered_after_logout(relying_party, uri):
        raise _Unusable("post_logout_redirect_uri is not registered")
    if not _fit(params, "state"):
        raise _Unusable("state is too long or has a control character")
    return uri, params.get("state")


def _one_audience(claims: Mapping[str, Any]) -> str:
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else ""


def _fit(params: Parameters, name: str) -> bool:
    return is_fit(params.get(name) or "", BOUNDS.get(name, LONGEST))
