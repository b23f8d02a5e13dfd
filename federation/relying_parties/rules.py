"""What a registration may ask for, and what stands in for silence. Rights are given by an operator, never taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from federation.claims import OFFLINE
from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.pairwise import host_of
from federation.relying_parties.redirect_uris import NAMELESS

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
WITH_CITIZENS = frozenset({"authorization_code", DEVICE_CODE})
"""Grant types in which a citizen agrees."""
REVOKES_ALL = "global_token_revocation"
"""The scope under which citizens are signed out everywhere."""
_OPERATORS = ("introspection", "resource_uris", "allowed_resources", "authorization_details_types")
"""Fields that open what belongs to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRules:
    """What one registration is judged by. The defaults give nothing away."""

    loopback_http: bool
    """Whether http on loopback is fine for web services too: only where the issuer itself is loopback."""
    id_token_alg: str = "ES256"
    """OIDC Registration 1.0 section 2 wants RS256 here for dynamic registration; `fapi2` knows no RS256."""
    scope: tuple[str, ...] = ("openid", "profile", "email")
    may_ask: tuple[str, ...] | None = None
    """The scopes there may be; None for any."""
    grant_types: tuple[str, ...] | None = None
    """The grant types there may be; None for any."""
    agency: str | None = None
    """The organisation, where somebody else has said which it is: an invitation, or what was registered before."""
    by_host: bool = False
    """Whether nobody says it, the metadata least of all: then it is the host that citizens return to."""
    by_operator: bool = False
    """Whether an operator asks, who gives what opens to a service what belongs to others."""
    detail_types: tuple[str, ...] = ()
    """The types of authorization details that an operator may give."""
    given: RelyingParty | None = None
    """What is registered now: what an operator gave this service before, it may keep."""
    mutual_tls: bool = False
    """Whether there is an address at which client certificates are asked for."""
    public_subjects: bool = False
    """Whether it may be told the subject that every other such service is told as well."""
    profile: str = "standard"
    """The least it has to keep to."""


def usual_scope(grant_types: tuple[str, ...], rules: RegistrationRules) -> tuple[str, ...]:
    """Return what is registered when nothing is asked for: never more than may be asked.

    Who comes on nobody's word knows OpenID Connect alone, where nothing is registered of scopes: all there are.
    """
    if WITH_CITIZENS.isdisjoint(grant_types):
        return ()
    known = rules.may_ask if rules.by_host and rules.may_ask is not None else rules.scope
    usual = (*(scope for scope in known if scope != OFFLINE), *((OFFLINE,) if "refresh_token" in grant_types else ()))
    return usual if rules.may_ask is None else tuple(scope for scope in usual if scope in rules.may_ask)


def usual_audience(profile: str, rules: RegistrationRules) -> str:
    """Return what assertions name as `aud` when nothing is said.

    Who comes on nobody's word knows OpenID Connect alone, which says the token endpoint (Core section 9).
    """
    return "token_endpoint" if rules.by_host and profile != "fapi2" else "issuer"


def asked_detail_types(reader: MetadataReader, rules: RegistrationRules) -> tuple[str, ...]:
    """Return the types of authorization details asked for; a service may name but those it was given."""
    field = "authorization_details_types"
    return (reader.choices(field, rules.detail_types) if rules.by_operator else reader.texts(field)) or ()


def named_agency(fields: Mapping[str, Any], rules: RegistrationRules) -> str:
    """Return the organisation that citizens read. A host is one only if all that is answered goes there."""
    if rules.agency is not None:
        return rules.agency
    if rules.by_host:
        return host_of(fields["sector"]) or NAMELESS
    return str(fields["agency"] or fields["client_name"])


def check_rights(reader: MetadataReader, fields: Mapping[str, Any], rules: RegistrationRules) -> None:
    """Refuse what only an operator gives."""
    if not rules.by_operator:
        _check_given(reader, fields, rules.given)
    if fields["subject_type"] == "public" and not (rules.by_operator or rules.public_subjects):
        reader.refuse("subject_type", "public is given by the operator, not by registration; use pairwise.")
    if REVOKES_ALL in fields["scope"] and not rules.by_operator and rules.may_ask is None:
        reader.refuse("scope", f"cannot hold {REVOKES_ALL}: that right is given by the operator, not by registration.")
    if rules.may_ask is not None and not set(fields["scope"]) <= set(rules.may_ask):
        allowed = " ".join(rules.may_ask) or "none at all"
        reader.refuse("scope", f"has a name that this registration may not ask for; it may ask for: {allowed}.")
    if rules.grant_types is not None and not set(fields["grant_types"]) <= set(rules.grant_types):
        reader.refuse("grant_types", f"may hold here: {', '.join(rules.grant_types)}. Others stand in the statement.")
    if rules.profile == "fapi2" and fields["profile"] != "fapi2":
        reader.refuse("profile", "must be fapi2 here.")
    if (rules.by_host or rules.agency is not None) and fields["agency"] not in (None, rules.agency):
        reader.refuse("agency", "is not for the service to say; leave it out.")
    if rules.by_host and fields["redirect_uris"] and DEVICE_CODE in fields["grant_types"]:
        reader.refuse("grant_types", "cannot hold the device grant beside redirect_uris: it needs no return to a host.")


def _check_given(reader: MetadataReader, fields: Mapping[str, Any], given: RelyingParty | None) -> None:
    for field in _OPERATORS:
        if not _was_given(fields[field], given, field):
            reader.refuse(field, "is given by the operator, not by registration.")
    if TOKEN_EXCHANGE in fields["grant_types"] and (given is None or TOKEN_EXCHANGE not in given.grant_types):
        reader.refuse("grant_types", "cannot hold token exchange: it is given by the operator, not by registration.")


def _was_given(value: Any, given: RelyingParty | None, field: str) -> bool:
    """Whether it is no more than was given: a flag, or some of a list."""
    if isinstance(value, bool):
        return not value or (given is not None and bool(getattr(given, field)))
    return set(value) <= set(() if given is None else getattr(given, field))
