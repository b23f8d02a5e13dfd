"""How strongly a citizen must have authenticated for one request (OIDC Core sections 3.1.2.1 and 5.5.1.1)."""

from collections.abc import Iterable
from typing import Any

from federation.authorization.claims_parameter import values_of
from federation.authorization.errors import UnmetAuthenticationRequirements
from federation.authorization.request import AuthorizationRequest
from federation.relying_parties.model import RelyingParty
from idp.authentication.levels import AAL1, LEVELS, REACHABLE
from idp.signin.trust import Trust, least


def wanted_level(asked: AuthorizationRequest, relying_party: RelyingParty) -> str:
    """Return the lowest level that satisfies the request and the record; raise UnmetAuthenticationRequirements.

    A voluntary wish for levels we do not know leaves the relying party's own default; an essential
    one cannot be met, nor a level nobody can reach. Where several are named the weakest is enough,
    since any of them is; where they are named in several places, each place must be satisfied.
    The request passes through the citizen's browser, so the relying party's record is a floor under it.
    """
    by_claim, essential = _by_claim(asked)
    if essential and not by_claim:
        raise UnmetAuthenticationRequirements(asked.return_address, "no essential acr is one of ours")
    trust = wanted_trust(asked)
    wishes = [by_claim, [] if essential else _known(asked.acr_values), _known(relying_party.default_acr_values)]
    levels = [AAL1 if trust is None else trust.level, *(_weakest(each) for each in wishes if each)]
    wanted = max(levels, key=LEVELS.index)
    if wanted not in REACHABLE:
        raise UnmetAuthenticationRequirements(asked.return_address, f"nobody can reach {wanted} here")
    return wanted


def wanted_trust(asked: AuthorizationRequest) -> Trust | None:
    """Return what the vectors of trust ask for, or None without any; raise UnmetAuthenticationRequirements."""
    if not asked.vtr:
        return None
    trust = least(asked.vtr)
    if trust is None:
        raise UnmetAuthenticationRequirements(asked.return_address, "no vector of trust is one of ours")
    return trust


def _by_claim(asked: AuthorizationRequest) -> tuple[list[str], bool]:
    """Return the levels that the claims parameter names for `acr`, and whether one of its values is essential."""
    wish = (asked.claims.get("id_token") or {}).get("acr") or {}
    named = values_of(wish)
    return _known(named), bool(named) and bool(wish.get("essential"))


def _known(values: Iterable[Any]) -> list[str]:
    return [value for value in values if value in LEVELS]


def _weakest(levels: list[str]) -> str:
    return min(levels, key=LEVELS.index)
