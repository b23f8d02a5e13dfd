"""Check an authorization request. The order is policy: nothing is answered to an address we don't know."""

import re
from collections.abc import Mapping
from typing import Any

from federation.authorization import claims_parameter, details, resources, trust_vectors
from federation.authorization.detail_types import DetailType
from federation.authorization.errors import (
    DetailsRefused,
    InvalidAuthorizationRequest,
    InvalidAuthorizationScope,
    RedirectUriMismatch,
    RegistrationNotSupported,
    RequestUriNotSupported,
    TargetRefused,
    UnauthorizedRelyingParty,
    UnknownRelyingParty,
    UnsupportedResponseType,
)
from federation.authorization.hinted_subject import HintReader, hinted_subject
from federation.authorization.parameters import Parameters, is_fit
from federation.authorization.pkce import check_challenge, check_dpop_key
from federation.authorization.request import AuthorizationRequest
from federation.authorization.return_address import ReturnAddress
from federation.authorization.scope import usable_scope
from federation.errors import InvalidAuthorizationDetails, InvalidTarget
from federation.relying_parties import redirect_uris, response_modes
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry

LONGEST = 2_048
"""Bytes of UTF-8 of any parameter that has no bound of its own."""
BOUNDS = {
    "client_id": 256,
    "state": 2_048,
    "nonce": 512,
    "login_hint": 320,
    "ui_locales": 200,
    "acr_values": 200,
    "vtr": 500,
    "scope": 1_000,
    "claims": claims_parameter.LONGEST,
    "authorization_details": details.LONGEST,
    "id_token_hint": 8_192,
}
SEVERAL_LINES = frozenset({"authorization_details", "claims", "scope"})
"""Parameters that may be written over several lines."""
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
ELSEWHERE = {
    "request_uri": RequestUriNotSupported,
    "registration": RegistrationNotSupported,
}
"""Ways of asking that are not offered."""

_DIGITS = re.compile(r"[0-9]{1,9}")


def find_relying_party(params: Parameters, registry: RelyingPartyRegistry) -> RelyingParty:
    """Return who asks; raise UnknownRelyingParty."""
    client_id = params.get("client_id")
    if client_id is None or not is_fit(client_id, BOUNDS["client_id"]):
        raise UnknownRelyingParty("client_id is missing, repeated or malformed")
    relying_party = registry.find(client_id)
    if relying_party is None:
        raise UnknownRelyingParty("client_id is of no active relying party")
    return relying_party


def check(
    params: Parameters,
    relying_party: RelyingParty,
    read_hint: HintReader,
    *,
    issuer: str,
    pkce: str,
    detail_types: Mapping[str, DetailType],
) -> AuthorizationRequest:
    """Run every check, redirect_uri first; raise RedirectUriMismatch or an AuthorizationRefused."""
    to = return_address(params, relying_party)
    _check_form(params, relying_party, to)
    _check_response_type(params, relying_party, to)
    scope = _check_scope(params, relying_party, to)
    challenge = check_challenge(params, relying_party, to, policy=pkce)
    prompt = _check_prompt(params, to)
    claims = _check_claims(params, relying_party, to)
    return AuthorizationRequest(
        client_id=to.client_id,
        redirect_uri=to.redirect_uri,
        response_mode=to.response_mode,
        state=to.state,
        scope=scope,
        nonce=params.get("nonce"),
        code_challenge=challenge,
        dpop_jkt=check_dpop_key(params, to),
        prompt=prompt,
        max_age=_check_max_age(params, relying_party, to),
        acr_values=params.words("acr_values") or relying_party.default_acr_values,
        login_hint=params.get("login_hint"),
        ui_locales=params.words("ui_locales"),
        claims=claims,
        authorization_details=_check_details(params, relying_party, to, detail_types),
        resources=_check_resources(params, relying_party, to, issuer=issuer),
        vtr=_check_vectors(params, claims, to),
        hinted_subject=hinted_subject(params, claims, read_hint, to, issuer=issuer),
    )


def check_redirect_uri(params: Parameters, relying_party: RelyingParty) -> str:
    """Return the redirect URI; raise RedirectUriMismatch unless it is one of those registered."""
    redirect_uri = params.get("redirect_uri")
    if redirect_uri is None:
        raise RedirectUriMismatch("redirect_uri is missing or repeated")
    if not redirect_uris.is_registered(relying_party, redirect_uri):
        raise RedirectUriMismatch("redirect_uri is not registered")
    return redirect_uri


def return_address(params: Parameters, relying_party: RelyingParty) -> ReturnAddress:
    """Return where even an error goes; raise RedirectUriMismatch. What may not be used of the rest is left out."""
    redirect_uri = check_redirect_uri(params, relying_party)
    state = params.get("state")
    return ReturnAddress(
        client_id=relying_party.client_id,
        redirect_uri=redirect_uri,
        response_mode=response_modes.usable(params.get("response_mode"), relying_party),
        state=state if state is not None and is_fit(state, BOUNDS["state"]) else None,
    )


def _check_form(params: Parameters, relying_party: RelyingParty, to: ReturnAddress) -> None:
    """Refuse what repeats a parameter, is out of bounds, or asks in a way that is not offered."""
    if params.repeated:
        raise InvalidAuthorizationRequest(to, "a parameter is repeated")
    if not all(
        is_fit(value, BOUNDS.get(name, LONGEST), several_lines=name in SEVERAL_LINES)
        for name, value in params.values.items()
    ):
        raise InvalidAuthorizationRequest(to, "a parameter is too long or has a control character")
    for name, refused in ELSEWHERE.items():
        if params.get(name) is not None:
            raise refused(to)
    if params.get("grant_id") is not None or params.get("grant_management_action") not in (None, "create"):
        raise InvalidAuthorizationRequest(to, "a grant can be made and taken back, not changed")
    if (params.get("response_mode") or response_modes.QUERY) not in response_modes.allowed(relying_party):
        raise InvalidAuthorizationRequest(to, "response_mode is none of those it may ask for")


def _check_response_type(params: Parameters, relying_party: RelyingParty, to: ReturnAddress) -> None:
    response_type = params.get("response_type")
    if response_type is None:
        raise InvalidAuthorizationRequest(to, "response_type is missing")
    if response_type != "code":
        raise UnsupportedResponseType(to)
    if "authorization_code" not in relying_party.grant_types or "code" not in relying_party.response_types:
        raise UnauthorizedRelyingParty(to)


def _check_scope(params: Parameters, relying_party: RelyingParty, to: ReturnAddress) -> tuple[str, ...]:
    scope = usable_scope(params.words("scope"), relying_party)
    if not scope:
        raise InvalidAuthorizationScope(to)
    return scope


def _check_prompt(params: Parameters, to: ReturnAddress) -> tuple[str, ...]:
    prompt = params.words("prompt")
    if not PROMPTS.issuperset(prompt):
        raise InvalidAuthorizationRequest(to, "prompt has an unknown value")
    if "none" in prompt and len(prompt) > 1:
        raise InvalidAuthorizationRequest(to, "prompt=none stands with another value")
    return prompt


def _check_max_age(params: Parameters, relying_party: RelyingParty, to: ReturnAddress) -> int | None:
    max_age = params.get("max_age")
    if max_age is None:
        return relying_party.default_max_age
    if not _DIGITS.fullmatch(max_age):
        raise InvalidAuthorizationRequest(to, "max_age is no number of seconds")
    asked, most = int(max_age), relying_party.default_max_age
    return asked if most is None else min(asked, most)


def _check_claims(
    params: Parameters, relying_party: RelyingParty, to: ReturnAddress
) -> Mapping[str, Mapping[str, Any]]:
    text = params.get("claims")
    if text is None:
        return {}
    try:
        return claims_parameter.parse(text, scope=relying_party.scope)
    except claims_parameter.MalformedClaims as error:
        raise InvalidAuthorizationRequest(to, f"claims: {error}") from error


def _check_vectors(params: Parameters, claims: claims_parameter.Claims, to: ReturnAddress) -> tuple[str, ...]:
    try:
        return trust_vectors.asked(params.get("vtr"), claims)
    except trust_vectors.MalformedVectors as error:
        raise InvalidAuthorizationRequest(to, f"vtr: {error}") from error


def _check_details(
    params: Parameters, relying_party: RelyingParty, to: ReturnAddress, types: Mapping[str, DetailType]
) -> details.Details:
    try:
        return details.check(params.get("authorization_details"), relying_party, types)
    except InvalidAuthorizationDetails as error:
        raise DetailsRefused(to, str(error)) from error


def _check_resources(
    params: Parameters, relying_party: RelyingParty, to: ReturnAddress, *, issuer: str
) -> tuple[str, ...]:
    try:
        return resources.check(params.resources, relying_party, issuer=issuer)
    except InvalidTarget as error:
        raise TargetRefused(to, str(error)) from error
