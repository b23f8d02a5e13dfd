"""Every operation that services call, one row each: what it takes and answers. `described` tells it as OpenAPI."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Callers = Literal["anyone", "client", "bearer", "invited"]
Taken = Mapping[str, bool]
"""Names of parameters, and whether each must be there."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
JWT = "application/jwt"

ANY = (400, 414, 421, 503)
"""What every operation may refuse with: malformed, too long, another host, a store is away."""
WITH_BODY = (411, 413, 415)
"""What it may refuse a body with: no length, too long, another type."""
_BY_CALLERS: Mapping[Callers, tuple[int, ...]] = {
    "anyone": (),
    "client": (401,),
    "bearer": (401, 403),
    "invited": (401, 403),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path."""

    method: Literal["get", "post", "put", "delete"]
    path: str
    """As OpenAPI writes it: `/grants/{grant_id}`."""
    summary: str
    section: str
    callers: Callers
    form: Taken | None = None
    body: str | None = None
    """Name of the schema of a body that is JSON."""
    status: int = 200
    answers: Mapping[str, str] = field(default_factory=dict)
    """Media type -> name of the schema; none for an answer without a body."""
    others: tuple[int, ...] = ()
    """Further statuses it refuses with."""

    @property
    def refusals(self) -> tuple[int, ...]:
        """Every status it may refuse with."""
        body = () if self.form is None and self.body is None else WITH_BODY
        return tuple(sorted({*ANY, *body, *_BY_CALLERS[self.callers], *self.others}))


def _optional(*names: str) -> Taken:
    return dict.fromkeys(names, False)


_AUTHENTICATION = _optional("client_id", "client_secret", "client_assertion_type", "client_assertion")
_TOKEN: Taken = {"token": True, "token_type_hint": False}
_WANTED = _optional("scope", "resource", "authorization_details")
_ASKED: Taken = {
    **_optional("response_type", "redirect_uri", "response_mode", "state", "nonce", "request", "dpop_jkt"),
    **_optional("code_challenge", "code_challenge_method", "prompt", "max_age", "acr_values", "vtr", "claims"),
    **_optional("login_hint", "id_token_hint", "ui_locales"),
    **_WANTED,
}
_GRANT: Taken = {
    "grant_type": True,
    **_optional("code", "redirect_uri", "code_verifier", "refresh_token", "device_code"),
    **_optional("subject_token", "subject_token_type", "requested_token_type"),
    **_WANTED,
}

OPERATIONS = (
    Operation(
        method="get",
        path="/.well-known/openid-configuration",
        summary="What this provider can do",
        section="OpenID Connect Discovery 1.0 section 4",
        callers="anyone",
        answers={JSON: "Metadata"},
    ),
    Operation(
        method="get",
        path="/.well-known/oauth-authorization-server",
        summary="The same",
        section="RFC 8414 section 3",
        callers="anyone",
        answers={JSON: "Metadata"},
    ),
    Operation(
        method="get",
        path="/.well-known/oauth-protected-resource/userinfo",
        summary="How to get a token for userinfo",
        section="RFC 9728 section 3",
        callers="anyone",
        answers={JSON: "ProtectedResource"},
    ),
    Operation(
        method="get",
        path="/jwks",
        summary="The keys that our tokens are verified with",
        section="RFC 7517 section 5",
        callers="anyone",
        answers={JSON: "Keys"},
    ),
    Operation(
        method="post",
        path="/par",
        summary="Take an authorization request off the browser",
        section="RFC 9126 section 2",
        callers="client",
        form={**_AUTHENTICATION, **_ASKED},
        status=201,
        answers={JSON: "Pushed"},
    ),
    Operation(
        method="post",
        path="/device_authorization",
        summary="A code by which a citizen signs in for a device without a browser",
        section="RFC 8628 section 3.1",
        callers="client",
        form={**_AUTHENTICATION, **_WANTED},
        answers={JSON: "Device"},
    ),
    Operation(
        method="post",
        path="/token",
        summary="Tokens for a code, for another token, or for the client itself",
        section="RFC 6749 section 3.2",
        callers="client",
        form={**_AUTHENTICATION, **_GRANT},
        answers={JSON: "Tokens"},
    ),
    Operation(
        method="get",
        path="/userinfo",
        summary="What the client may know of the citizen",
        section="OpenID Connect Core 1.0 section 5.3",
        callers="bearer",
        answers={JSON: "Citizen", JWT: "Jwt"},
    ),
    Operation(
        method="post",
        path="/userinfo",
        summary="The same, the token in the header or in the form",
        section="OpenID Connect Core 1.0 section 5.3",
        callers="bearer",
        form={"access_token": False},
        answers={JSON: "Citizen", JWT: "Jwt"},
    ),
    Operation(
        method="post",
        path="/introspect",
        summary="Whether a token is good, and what it means",
        section="RFC 7662 section 2",
        callers="client",
        form={**_AUTHENTICATION, **_TOKEN},
        answers={JSON: "Meaning", "application/token-introspection+jwt": "Jwt"},
    ),
    Operation(
        method="post",
        path="/revoke",
        summary="Give a token back",
        section="RFC 7009 section 2",
        callers="client",
        form={**_AUTHENTICATION, **_TOKEN},
    ),
    Operation(
        method="get",
        path="/grants/{grant_id}",
        summary="What was granted",
        section="Grant Management for OAuth 2.0 section 6.4",
        callers="bearer",
        answers={JSON: "Grant"},
        others=(404,),
    ),
    Operation(
        method="delete",
        path="/grants/{grant_id}",
        summary="Give a grant back",
        section="Grant Management for OAuth 2.0 section 6.5",
        callers="bearer",
        status=204,
        others=(404,),
    ),
    Operation(
        method="post",
        path="/global-token-revocation",
        summary="Have a citizen signed out everywhere",
        section="Global Token Revocation section 3",
        callers="bearer",
        body="Subject",
        status=204,
        others=(404,),
    ),
    Operation(
        method="post",
        path="/register",
        summary="Register a service",
        section="RFC 7591 section 3",
        callers="invited",
        body="Service",
        status=201,
        answers={JSON: "Registered"},
    ),
    Operation(
        method="get",
        path="/register/{client_id}",
        summary="What is registered",
        section="RFC 7592 section 2.1",
        callers="bearer",
        answers={JSON: "Registered"},
    ),
    Operation(
        method="put",
        path="/register/{client_id}",
        summary="Register it anew",
        section="RFC 7592 section 2.2",
        callers="bearer",
        body="Service",
        answers={JSON: "Registered"},
    ),
    Operation(
        method="delete",
        path="/register/{client_id}",
        summary="End a service for good",
        section="RFC 7592 section 2.3",
        callers="bearer",
        status=204,
    ),
)
