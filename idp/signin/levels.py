"""How strongly a citizen must have authenticated for one request (OIDC Core sections 3.1.2.1 and 5.5.1.1)."""

from collections.abc import Iterable
from typing import Any

from federation.authorization.errors import UnmetAuthenticationRequirements
from federation.authorization.request import AuthorizationRequest
from federation.relying_parties.model import RelyingParty
from idp.authentication.levels import AAL1, LEVELS, REACHABLE


def wanted_level(asked: AuthorizationRequest, relying_party: RelyingParty) -> str:
    """Return the lowest level that satisfies the request and the record; raise UnmetAuthenticationRequirements.

    A voluntary wish for levels we do not know leaves the relying party's own default; an essential
    one cannot be met, nor a level nobody can reach. Where several are named the weakest is enough,
    since any of them is. The request passes through the citizen's browser, so the relying party's
    record is a floor under it.
    """
    essential = _essential(asked)
    if essential is not None:
        known = _known(essential)
        if not known:
            raise UnmetAuthenticationRequirements(asked.return_address, "no essential acr is one of ours")
    else:
        known = _known(asked.acr_values)
    floor = _weakest(_known(relying_party.default_acr_values) or [AAL1])
    wanted = max(_weakest(known or [floor]), floor, key=LEVELS.index)
    if wanted not in REACHABLE:
        raise UnmetAuthenticationRequirements(asked.return_address, f"nobody can reach {wanted} here")
    return wanted


def _essential(asked: AuthorizationRequest) -> list[Any] | None:
    """Return the acr values demanded by the claims parameter, or None if it demands none."""
    wish = (asked.claims.get("id_token") or {}).get("acr")
    if not wish or not wish.get("essential"):
        return None
    demanded = [*wish.get("values", []), *([wish["value"]] if "value" in wish else [])]
    return demanded or None


def _known(values: Iterable[Any]) -> list[str]:
    return [value for value in values if value in LEVELS]


def _weakest(levels: list[str]) -> str:
    return min(levels, key=LEVELS.index)
