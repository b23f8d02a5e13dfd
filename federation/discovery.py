"""What this provider can do, for clients that set themselves up (OIDC Discovery 1.0 section 3, RFC 8414 section 2).

The document is made from what is there: an endpoint is named when it is mounted, and what belongs to it with it.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from federation.algorithms import SIGNING_ALGORITHMS, STRONG_ALGORITHMS
from federation.authorization import pkce
from federation.authorization.resources import userinfo
from federation.claims import OF_SCOPE, OFFLINE
from federation.errors import EXPLANATIONS
from federation.relying_parties import mutual_tls, response_modes
from federation.relying_parties.encryption import ANSWERS, CONTENT_ALGORITHMS
from federation.relying_parties.public_keys import ENCRYPTION_ALGORITHMS
from federation.relying_parties.registration import AUTHENTICATION_METHODS, LEVELS, OUR_ALGORITHMS
from federation.tokens.decision import GRANT_TYPES
from federation.tokens.grants import management
from keys.signer import Signer
from keys.states import Purpose

ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {
        "authorization_endpoint": "/authorize",
        "token_endpoint": "/token",
        "userinfo_endpoint": "/userinfo",
        "jwks_uri": "/jwks",
        "end_session_endpoint": "/logout",
        "revocation_endpoint": "/revoke",
        "introspection_endpoint": "/introspect",
        "registration_endpoint": "/register",
        "pushed_authorization_request_endpoint": "/par",
        "grant_management_endpoint": "/grants",
        "global_token_revocation_endpoint": "/global-token-revocation",
        "device_authorization_endpoint": "/device_authorization",
    }
)
"""Every endpoint there may be, by its metadata name."""

OF_THE_SIGN_IN = ("sub", "auth_time", "acr", "amr", "sid", "vot", "vtm")
"""Claims about the sign-in itself; the last two where vectors of trust were asked for (RFC 8485)."""

SIGNED_WITH = "EdDSA"
"""Of our algorithms the one that gives the same signature each time and is allowed in FAPI 2.0 (section 5.4.1)."""
SIGNED_TYPE = "authorization-server-metadata+jwt"
"""RFC 8414 names none; ours keeps the metadata from being taken for an ID token."""

_CALLED_BY_SERVICES = (
    "token_endpoint",
    "userinfo_endpoint",
    "revocation_endpoint",
    "introspection_endpoint",
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "grant_management_endpoint",
)


def document(
    issuer: str,
    *,
    mounted: Collection[str],
    claims: Collection[str],
    locales: Collection[str],
    must_push: bool = False,
    detail_types: Collection[str] = (),
    mtls_url: str | None = None,
) -> dict[str, Any]:
    """Return the metadata of `issuer`.

    `mounted` are the paths that are served, `claims` what can be told of a citizen, `locales` the
    languages of the pages (BCP 47), `must_push` whether requests come by the pushed way alone, `detail_types`
    the types of authorization details, `mtls_url` where services show client certificates. One
    document serves both well-known addresses: RFC 8414 ignores the members it does not know.
    """
    methods = AUTHENTICATION_METHODS if mtls_url is None else (*AUTHENTICATION_METHODS, *mutual_tls.METHODS)
    endpoints = {name: issuer + path for name, path in ENDPOINTS.items() if path in mounted}
    return {
        "issuer": issuer,
        "service_documentation": issuer + EXPLANATIONS.rstrip("/"),
        **endpoints,
        **_always(claims, locales, methods),
        **_of_endpoints(endpoints, methods),
        **_encryption(endpoints),
        **({"protected_resources": (userinfo(issuer),)} if "userinfo_endpoint" in endpoints else {}),
        **_mutual_tls(endpoints, issuer, mtls_url),
        **({"authorization_details_types_supported": detail_types} if detail_types else {}),
        "require_pushed_authorization_requests": must_push,
    }


def sign(told: Mapping[str, Any], signer: Signer) -> str:
    """Return the metadata as a JWT, its `signed_metadata` (RFC 8414 section 2.1).

    It has no time of its own, so that every node gives the same bytes; it ends with the key that signed it.
    """
    return signer.sign(Purpose.ID_TOKEN, SIGNED_WITH, {"iss": told["issuer"], **told}, typ=SIGNED_TYPE)


def protected_resource(issuer: str, *, claims: Collection[str]) -> dict[str, Any]:
    """Return the metadata of our own API, userinfo (RFC 9728 section 2)."""
    return {
        "resource": userinfo(issuer),
        "resource_name": "Userinfo",
        "authorization_servers": (issuer,),
        "jwks_uri": issuer + ENDPOINTS["jwks_uri"],
        "scopes_supported": tuple(scope for scope in scopes(claims) if scope != OFFLINE),
        "bearer_methods_supported": ("header", "body"),
        "resource_signing_alg_values_supported": OUR_ALGORITHMS,
        "dpop_signing_alg_values_supported": STRONG_ALGORITHMS,
    }


def scopes(claims: Collection[str]) -> tuple[str, ...]:
    """Return the scopes that mean something here: those under which at least one claim can be told."""
    useful = (scope for scope, names in OF_SCOPE.items() if not set(names).isdisjoint(claims))
    return ("openid", *useful, OFFLINE)


def _mutual_tls(endpoints: Mapping[str, str], issuer: str, mtls_url: str | None) -> dict[str, Any]:
    """Where services show client certificates, if anywhere (RFC 8705 sections 3.3 and 5)."""
    if mtls_url is None:
        return {}
    aliases = {
        name: mtls_url + endpoints[name].removeprefix(issuer) for name in _CALLED_BY_SERVICES if name in endpoints
    }
    return {"tls_client_certificate_bound_access_tokens": True, "mtls_endpoint_aliases": aliases}


def _always(claims: Collection[str], locales: Collection[str], methods: Collection[str]) -> dict[str, Any]:
    return {
        "scopes_supported": scopes(claims),
        "response_types_supported": ("code",),
        "response_modes_supported": response_modes.MODES,
        "grant_types_supported": tuple(GRANT_TYPES),
        "subject_types_supported": ("pairwise", "public"),
        "id_token_signing_alg_values_supported": OUR_ALGORITHMS,
        "userinfo_signing_alg_values_supported": OUR_ALGORITHMS,
        "authorization_signing_alg_values_supported": OUR_ALGORITHMS,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "acr_values_supported": LEVELS,
        "claim_types_supported": ("normal",),
        "claims_supported": (*OF_THE_SIGN_IN, *claims),
        "claims_parameter_supported": True,
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": SIGNING_ALGORITHMS,
        "require_signed_request_object": False,
        "request_uri_parameter_supported": False,
        "code_challenge_methods_supported": (pkce.METHOD,),
        "authorization_response_iss_parameter_supported": True,
        "dpop_signing_alg_values_supported": STRONG_ALGORITHMS,
        "ui_locales_supported": tuple(locales),
    }


def _encryption(endpoints: Collection[str]) -> dict[str, Any]:
    offered = [answer for answer in ANSWERS if answer != "introspection" or "introspection_endpoint" in endpoints]
    return {f"{answer}_encryption_alg_values_supported": ENCRYPTION_ALGORITHMS for answer in offered} | {
        f"{answer}_encryption_enc_values_supported": CONTENT_ALGORITHMS for answer in offered
    }


def _of_endpoints(endpoints: Collection[str], methods: Collection[str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "revocation_endpoint" in endpoints:
        told["revocation_endpoint_auth_methods_supported"] = methods
        told["revocation_endpoint_auth_signing_alg_values_supported"] = SIGNING_ALGORITHMS
    if "introspection_endpoint" in endpoints:
        told["introspection_endpoint_auth_methods_supported"] = [method for method in methods if method != "none"]
        told["introspection_endpoint_auth_signing_alg_values_supported"] = SIGNING_ALGORITHMS
        told["introspection_signing_alg_values_supported"] = OUR_ALGORITHMS
    if "grant_management_endpoint" in endpoints:
        told["grant_management_actions_supported"] = management.ACTIONS
    if "global_token_revocation_endpoint" in endpoints:
        told["global_token_revocation_endpoint_auth_methods_supported"] = ("Bearer",)
    if "end_session_endpoint" in endpoints:
        told["backchannel_logout_supported"] = True
        told["backchannel_logout_session_supported"] = True
        told["frontchannel_logout_supported"] = True
        told["frontchannel_logout_session_supported"] = True
    return told
