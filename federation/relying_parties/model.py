"""A relying party: one registered service of an agency. A frozen value that has passed registration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """What the registry knows of one service. Names are those of RFC 7591 and OIDC Registration where they exist."""

    client_id: str
    client_name: str
    agency: str
    """The organisation the service belongs to, as citizens read it."""
    application_type: str = "web"
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] = ("code",)
    scope: tuple[str, ...] = ("openid",)
    token_endpoint_auth_method: str = "private_key_jwt"
    token_endpoint_auth_signing_alg: str | None = None
    client_assertion_audience: str = "issuer"
    """What its assertions name as `aud`: `issuer`, or `token_endpoint` for clients that know no better."""
    client_secret_hash: str | None = None
    """SHA-256 of the secret, base64url; the secret is 256 random bits and is shown once."""
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    id_token_signed_response_alg: str = "ES256"
    userinfo_signed_response_alg: str | None = None
    response_modes: tuple[str, ...] | None = None
    """Ways of answering it may ask for, where not all; with signed ones alone it is never answered otherwise."""
    authorization_signed_response_alg: str = "ES256"
    """Of answers asked for in one of the signed response modes (JARM section 3)."""
    id_token_encrypted_response_alg: str | None = None
    """None for what is signed alone."""
    id_token_encrypted_response_enc: str | None = None
    userinfo_encrypted_response_alg: str | None = None
    userinfo_encrypted_response_enc: str | None = None
    authorization_encrypted_response_alg: str | None = None
    authorization_encrypted_response_enc: str | None = None
    introspection_signed_response_alg: str | None = None
    """None for plain answers of introspection, signed ones only where they are asked for (RFC 9701 section 6)."""
    introspection_encrypted_response_alg: str | None = None
    introspection_encrypted_response_enc: str | None = None
    access_token_format: str = "jwt"
    """`jwt` (RFC 9068) or `opaque`."""
    introspection: bool = False
    """Whether it may look into access tokens of others: the resource servers of an agency (RFC 7662 section 4)."""
    resource_uris: tuple[str, ...] = ()
    """Addresses of its own APIs, for which others may get access tokens (RFC 8707)."""
    allowed_resources: tuple[str, ...] = ()
    """Addresses of the APIs it may get access tokens for; an operator decides."""
    authorization_details_types: tuple[str, ...] = ()
    """Types of authorization details it may ask citizens for (RFC 9396 section 10); an operator decides."""
    subject_type: str = "pairwise"
    sector: str = ""
    """Host that decides which services see the same pairwise subject (OIDC Core section 8.1)."""
    sector_identifier_uri: str | None = None
    default_max_age: int | None = None
    require_auth_time: bool = False
    """Kept to be told back: every ID token has `auth_time`."""
    default_acr_values: tuple[str, ...] = ()
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool = False
    """Kept to be told back: every logout token has `sid`."""
    frontchannel_logout_uri: str | None = None
    """What a browser in which its citizen signs out opens, unseen."""
    frontchannel_logout_session_required: bool = False
    """Kept to be told back: `iss` and `sid` always come along."""
    client_uri: str | None = None
    logo_uri: str | None = None
    """Kept to be told back: a picture from elsewhere would tell that place who is signing in where."""
    policy_uri: str | None = None
    tos_uri: str | None = None
    """Citizens find these two where they are asked for consent."""
    initiate_login_uri: str | None = None
    """Where citizens come to sign in on our word (OIDC Core section 4)."""
    contacts: tuple[str, ...] = ()
    """For operators: `agencies show` prints them."""
    require_pushed_authorization_requests: bool = False
    require_signed_request_object: bool = False
    request_object_signing_alg: str | None = None
    """None for any algorithm its keys can verify."""
    tls_client_auth_subject_dn: str | None = None
    """The name in its client certificate, here or in one of the next four (RFC 8705 section 2.1.2)."""
    tls_client_auth_san_dns: str | None = None
    tls_client_auth_san_uri: str | None = None
    tls_client_auth_san_ip: str | None = None
    tls_client_auth_san_email: str | None = None
    tls_client_certificate_bound_access_tokens: bool = False
    """Whether every access token is bound to the client certificate (RFC 8705 section 3.4)."""
    dpop_bound_access_tokens: bool = False
    """Whether every access token must be bound to a key (RFC 9449 section 5.2); others may be, as the client asks."""
    profile: str = "standard"
    may_ask: tuple[str, ...] = ()
    """The scopes it may register by itself: those of the invitation or authority on whose word it came."""
    software_statement: str | None = None
    """What an authority signed about it, as it came (RFC 7591 section 2.3)."""
    active: bool = True
    created_at: datetime | None = None
    enabled_at: datetime | None = None
    """When an operator last let it work again; None if it was never stopped. What it held before is dead."""
    revision: int = 0
    """How often it was changed: a change is written over the one it was judged on, or not at all."""

    @property
    def confidential(self) -> bool:
        """Whether it can keep a secret: everything but `none`."""
        return self.token_endpoint_auth_method != "none"

    @property
    def must_push(self) -> bool:
        """Whether its authorization requests come by the pushed way alone (RFC 9126 section 6, FAPI 2.0 5.3.2.2)."""
        return self.require_pushed_authorization_requests or self.profile == "fapi2"
