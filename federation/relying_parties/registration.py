"""From what an agency says of its service to a checked relying party (RFC 7591, OIDC Registration 1.0).

Order: every field by itself, then what fields demand of each other, then, only if all is well, the
sector document is fetched. All faults are told at once. Unknown metadata is ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Any

from federation.algorithms import SIGNING_ALGORITHMS, STRONG_ALGORITHMS
from federation.claims import OFFLINE
from federation.outbound import Fetcher
from federation.relying_parties import encryption, front_channel, mutual_tls, pairwise, response_modes
from federation.relying_parties.client_secrets import hash_client_secret, mint_client_secret
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.public_keys import UnusableKeys, check_public_keys, fits
from federation.relying_parties.redirect_uris import default_name
from federation.relying_parties.rules import (
    DEVICE_CODE,
    TOKEN_EXCHANGE,
    WITH_CITIZENS,
    RegistrationRules,
    asked_detail_types,
    check_rights,
    named_agency,
    usual_audience,
    usual_scope,
)
from federation.relying_parties.uris import UriRules

GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, TOKEN_EXCHANGE)
AUTHENTICATION_METHODS = ("private_key_jwt", "client_secret_basic", "client_secret_post", "none")
_ALL_METHODS = (*AUTHENTICATION_METHODS, *mutual_tls.METHODS)
SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})
OUR_ALGORITHMS = ("ES256", "RS256", "EdDSA")
LEVELS = ("aal1", "aal2")
_CHOSEN_ALGORITHMS = (
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "authorization_signed_response_alg",
    "introspection_signed_response_alg",
)
_NOT_OFFERED = ("request_object_encryption_alg", "request_object_encryption_enc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new relying party, not stored yet, and its secret, which nobody can ask for again."""

    relying_party: RelyingParty
    client_secret: str | None

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Registered(client_id={self.relying_party.client_id!r})"


def register(metadata: object, *, rules: RegistrationRules, fetcher: Fetcher, now: datetime) -> Registered:
    """Return the relying party that `metadata` describes; raise InvalidClientMetadata with every fault found."""
    client_id = token_urlsafe(16)
    fields = judge(metadata, client_id, rules=rules, fetcher=fetcher)
    secret = mint_client_secret() if fields["token_endpoint_auth_method"] in SECRET_METHODS else None
    relying_party = RelyingParty(
        client_id=client_id,
        client_secret_hash=None if secret is None else hash_client_secret(secret),
        created_at=now,
        **fields,
    )
    return Registered(relying_party=relying_party, client_secret=secret)


def judge(metadata: object, client_id: str, *, rules: RegistrationRules, fetcher: Fetcher) -> dict[str, Any]:
    """Return the checked fields of a RelyingParty, its sector among them; raise InvalidClientMetadata."""
    if not isinstance(metadata, Mapping):
        raise refusal([Fault("metadata", "must be a JSON object of registration metadata.")])
    fields = _read(MetadataReader(metadata), rules)
    fields["sector"] = pairwise.sector_of(
        client_id, fields["redirect_uris"], fields["sector_identifier_uri"], fetcher=fetcher
    )
    fields["agency"] = named_agency(fields, rules)
    return fields


def _read(reader: MetadataReader, rules: RegistrationRules) -> dict[str, Any]:
    fields = _protocol(reader, rules) | _addresses(reader, rules) | _words(reader)
    fields |= encryption.read(reader) | mutual_tls.read(reader) | response_modes.read(reader)
    _check_together(reader, fields, rules)
    if reader.faults:
        raise refusal(reader.faults)
    fields["client_name"] = fields["client_name"] or default_name(fields["redirect_uris"])
    return fields


def _protocol(reader: MetadataReader, rules: RegistrationRules) -> dict[str, Any]:
    grant_types = reader.choices("grant_types", GRANT_TYPES) or ("authorization_code",)
    response_types = ("code",) if "authorization_code" in grant_types else ()
    keys = _keys(reader)
    profile = reader.choice("profile", ("standard", "fapi2")) or rules.profile
    usual_alg = "ES256" if profile == "fapi2" else rules.id_token_alg
    bound, by_certificate = reader.flag("dpop_bound_access_tokens"), reader.given(mutual_tls.BOUND)
    return {
        "application_type": reader.choice("application_type", ("web", "native")) or "web",
        "grant_types": grant_types,
        "response_types": reader.choices("response_types", ("code",)) or response_types,
        "scope": reader.scope() or usual_scope(grant_types, rules),
        "token_endpoint_auth_method": reader.choice("token_endpoint_auth_method", _ALL_METHODS)
        or ("client_secret_basic" if keys is None and reader.given("jwks_uri") is None else "private_key_jwt"),
        "token_endpoint_auth_signing_alg": reader.choice("token_endpoint_auth_signing_alg", SIGNING_ALGORITHMS),
        "client_assertion_audience": reader.choice("client_assertion_audience", ("issuer", "token_endpoint"))
        or usual_audience(profile, rules),
        "jwks": keys,
        "id_token_signed_response_alg": reader.choice("id_token_signed_response_alg", OUR_ALGORITHMS) or usual_alg,
        "userinfo_signed_response_alg": reader.choice("userinfo_signed_response_alg", OUR_ALGORITHMS),
        "authorization_signed_response_alg": reader.choice("authorization_signed_response_alg", OUR_ALGORITHMS)
        or usual_alg,
        "introspection_signed_response_alg": reader.choice("introspection_signed_response_alg", OUR_ALGORITHMS),
        "access_token_format": reader.choice("access_token_format", ("jwt", "opaque")) or "jwt",
        "authorization_details_types": asked_detail_types(reader, rules),
        "introspection": reader.flag("introspection") or False,
        "subject_type": reader.choice("subject_type", ("pairwise", "public")) or "pairwise",
        "default_max_age": reader.seconds("default_max_age"),
        "require_auth_time": reader.flag("require_auth_time") or False,
        "default_acr_values": reader.choices("default_acr_values", LEVELS) or (),
        "backchannel_logout_session_required": reader.flag("backchannel_logout_session_required") or False,
        "frontchannel_logout_session_required": reader.flag("frontchannel_logout_session_required") or False,
        "require_pushed_authorization_requests": reader.flag("require_pushed_authorization_requests") or False,
        "require_signed_request_object": reader.flag("require_signed_request_object") or False,
        "request_object_signing_alg": reader.choice("request_object_signing_alg", SIGNING_ALGORITHMS),
        "profile": profile,
        "dpop_bound_access_tokens": profile == "fapi2" and not by_certificate if bound is None else bound,
    }


def _addresses(reader: MetadataReader, rules: RegistrationRules) -> dict[str, Any]:
    native = reader.given("application_type") == "native"
    answered = UriRules(loopback_http=rules.loopback_http or native, own_scheme=native, takes_answer=True)
    followed = UriRules(loopback_http=rules.loopback_http)
    fetched = ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")
    shown = ("frontchannel_logout_uri", "client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri")
    lists = ("redirect_uris", "post_logout_redirect_uris")
    apis = ("resource_uris", "allowed_resources")
    return (
        {field: reader.uris(field, answered) or () for field in lists}
        | {field: reader.uris(field, followed) or () for field in apis}
        | {field: reader.uri(field, followed) for field in (*fetched, *shown)}
    )


def _words(reader: MetadataReader) -> dict[str, Any]:
    contacts = reader.texts("contacts") or ()
    return {"client_name": reader.text("client_name"), "agency": reader.text("agency"), "contacts": contacts}


def _keys(reader: MetadataReader) -> dict[str, Any] | None:
    document = reader.given("jwks")
    if document is None:
        return None
    try:
        return check_public_keys(document)
    except UnusableKeys as error:
        reader.refuse("jwks", str(error))
        return {"keys": []}


def _check_together(reader: MetadataReader, fields: Mapping[str, Any], rules: RegistrationRules) -> None:
    _check_grants(reader, fields)
    _check_proof(reader, fields)
    encryption.check_keys(reader, fields)
    _check_sector(reader, fields, rules)
    _check_front_channel(reader, fields)
    mutual_tls.check(reader, fields, rules)
    check_rights(reader, fields, rules)
    for field in ("introspection", "resource_uris"):
        if fields[field] and fields["token_endpoint_auth_method"] == "none":
            reader.refuse(field, "needs a token_endpoint_auth_method other than none.")
    if fields["profile"] == "fapi2":
        _check_fapi(reader, fields)
    for field in _NOT_OFFERED:
        if reader.given(field) is not None:
            reader.refuse(field, "encrypted requests are not read; leave this out.")


def _check_grants(reader: MetadataReader, fields: Mapping[str, Any]) -> None:
    grant_types = fields["grant_types"]
    if "authorization_code" in grant_types and not reader.given("redirect_uris"):
        reader.refuse("redirect_uris", "must name at least one address to return citizens to.")
    if "refresh_token" in grant_types and WITH_CITIZENS.isdisjoint(grant_types):
        reader.refuse("grant_types", "refresh_token needs authorization_code or the device grant beside it.")
    if ("code" in fields["response_types"]) != ("authorization_code" in grant_types):
        reader.refuse("response_types", "code belongs to the grant type authorization_code; give both or neither.")
    if OFFLINE in fields["scope"] and "refresh_token" not in grant_types:
        reader.refuse("scope", "offline_access needs refresh_token among the grant_types.")
    for alone in ("client_credentials", TOKEN_EXCHANGE):
        if alone in grant_types and fields["token_endpoint_auth_method"] == "none":
            reader.refuse("grant_types", f"{alone} needs a token_endpoint_auth_method other than none.")


def _check_proof(reader: MetadataReader, fields: Mapping[str, Any]) -> None:
    by_key = fields["token_endpoint_auth_method"] == "private_key_jwt"
    keys = fields["jwks"]
    if reader.given("jwks") is not None and reader.given("jwks_uri") is not None:
        reader.refuse("jwks_uri", "cannot stand beside jwks; give your keys one way.")
    if fields["require_signed_request_object"] and reader.given("jwks") is None and reader.given("jwks_uri") is None:
        reader.refuse("require_signed_request_object", "needs jwks or jwks_uri: the keys you sign your requests with.")
    if by_key and reader.given("jwks") is None and reader.given("jwks_uri") is None:
        reader.refuse("jwks", "is needed by private_key_jwt: give your public keys here, or their address as jwks_uri.")
    signs = by_key or fields["require_signed_request_object"]
    if signs and keys and keys["keys"] and not fits(keys, SIGNING_ALGORITHMS):
        reader.refuse("jwks", "has no key we can verify with; give a P-256, Ed25519 or RSA key (2048 bits or more).")


def _check_sector(reader: MetadataReader, fields: Mapping[str, Any], rules: RegistrationRules) -> None:
    """OIDC Core section 8.1. A document proves a service by the addresses it lists: without any, it is anybody's."""
    if fields["sector_identifier_uri"] is not None and not (fields["redirect_uris"] or rules.by_operator):
        reader.refuse("sector_identifier_uri", "needs redirect_uris that its document lists.")
    if fields["subject_type"] != "pairwise" or fields["sector_identifier_uri"] is not None:
        return
    if len(pairwise.sectors_of(fields["redirect_uris"])) > 1:
        problem = "is needed where redirect_uris have several hosts: give the address of a JSON list of them all."
        reader.refuse("sector_identifier_uri", problem)


def _check_front_channel(reader: MetadataReader, fields: Mapping[str, Any]) -> None:
    """OpenID Connect Front-Channel Logout 1.0 section 2: a page of the service itself is opened, nobody else's."""
    uri = fields["frontchannel_logout_uri"]
    if uri is not None and not front_channel.fits(uri, fields["redirect_uris"]):
        problem = "must have the scheme, host and port of one of the redirect_uris, and no iss or sid of its own."
        reader.refuse("frontchannel_logout_uri", problem)


def _check_fapi(reader: MetadataReader, fields: Mapping[str, Any]) -> None:
    """FAPI 2.0 Security Profile sections 5.3.2 and 5.4: no secrets, no RS256, no bearer tokens."""
    if not (fields["dpop_bound_access_tokens"] or fields[mutual_tls.BOUND]):
        reader.refuse("dpop_bound_access_tokens", "cannot be false in the profile fapi2 without certificates.")
    if fields["token_endpoint_auth_method"] not in {"private_key_jwt", *mutual_tls.METHODS}:
        reader.refuse("token_endpoint_auth_method", "must be private_key_jwt or by certificate in the profile fapi2.")
    if DEVICE_CODE in fields["grant_types"]:
        reader.refuse("grant_types", "cannot hold the device grant in the profile fapi2.")
    for field in _CHOSEN_ALGORITHMS:
        if fields[field] not in {None, *STRONG_ALGORITHMS}:
            reader.refuse(field, "must be ES256 or EdDSA in the profile fapi2.")
