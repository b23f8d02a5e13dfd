"""Which claims an agency is told: those of its scopes (OIDC Core section 5.4), those asked for by name (5.5)."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Literal

Place = Literal["id_token", "userinfo"]
"""Where a claim is told: the two members of the claims parameter."""

OF_SCOPE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "profile": (
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ),
        "email": ("email", "email_verified"),
        "address": ("address",),
        "phone": ("phone_number", "phone_number_verified"),
    }
)
"""OIDC Core section 5.4."""

OFFLINE = "offline_access"
"""The scope that tells nothing and lets an agency come back without the citizen (OIDC Core section 11)."""

OF_SERVICES = frozenset({"grant_management_query", "grant_management_revoke", "global_token_revocation"})
"""Scopes that a relying party has for itself alone: no citizen is asked for them."""

KNOWN: tuple[str, ...] = tuple(name for names in OF_SCOPE.values() for name in names)
"""Every claim that a scope or the claims parameter may fetch, in the order in which they are told."""


def select(
    available: Mapping[str, Any], scope: Collection[str], claims_request: Mapping[str, Any], *, where: Place
) -> dict[str, Any]:
    """Return the part of `available` that this agency is told in this place, in the order of `KNOWN`.

    `claims_request` is the claims parameter as checked: `{"id_token": {...}, "userinfo": {...}}`.
    A claim asked for with another value than the citizen's is left out, not corrected.
    """
    wanted = names(scope, claims_request, where=where)
    asked = claims_request.get(where) or {}
    return {name: available[name] for name in wanted if name in available and _agrees(asked.get(name), available[name])}


def within(claims_request: Mapping[str, Any], registered: Collection[str]) -> Mapping[str, Any]:
    """Return the part of the claims parameter that the scopes registered now bring: more may have been, once."""
    if not claims_request:
        return claims_request
    known = {name for each in registered for name in OF_SCOPE.get(each, ())}
    return {
        place: {name: wish for name, wish in (asked or {}).items() if name in known}
        for place, asked in claims_request.items()
    }


def names(scope: Collection[str], claims_request: Mapping[str, Any], *, where: Place) -> tuple[str, ...]:
    """Return the names of the claims to be told in this place.

    With an access token issued, what scopes name is told by userinfo alone (OIDC Core section 5.4).
    """
    asked = claims_request.get(where) or {}
    named = {name for each in scope for name in OF_SCOPE.get(each, ())} if where == "userinfo" else set()
    if not named and not asked:
        return ()
    return tuple(name for name in KNOWN if name in named or name in asked)


def _agrees(asked: Mapping[str, Any] | None, value: Any) -> bool:
    """Whether the value is among those asked for, if any were (OIDC Core section 5.5.1)."""
    if not asked:
        return True
    if "value" in asked:
        return bool(asked["value"] == value)
    return "values" not in asked or value in asked["values"]
