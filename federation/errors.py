"""What an agency is told when its request is refused: one row an error.

The argument of an error is the precise reason. It goes to the audit log and the
agency's inspector; the public answer holds `code` and `description` alone.
"""

from federation.algorithms import STRONG_ALGORITHMS

DPOP_ALGORITHMS = f'algs="{" ".join(STRONG_ALGORITHMS)}"'
"""What a DPoP challenge names (RFC 9449 section 7.1)."""
EXPLANATIONS = "/help/errors/"
"""Where each code has a page, by its name."""


def error_uri(issuer: str, code: str) -> str:
    """Return the address of the page that explains `code` to developers (RFC 6749 section 5.2)."""
    return issuer + EXPLANATIONS + code


class ProtocolError(Exception):
    """A request that is refused: error code, HTTP status and one public sentence."""

    code = "server_error"
    status = 400
    description = "The request could not be carried out."
    recorded = True
    """Whether the audit log keeps it, where the caller is known."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason or self.description)

    def headers(self, authorization: str) -> dict[str, str]:  # noqa: ARG002 - the rows below look at it
        """Return further headers of the answer; `authorization` is what the request carried."""
        return {}


class InvalidRequest(ProtocolError):
    """RFC 6749 section 5.2: a parameter is missing, repeated, malformed or unknown in this place."""

    code = "invalid_request"
    description = "The request is missing a parameter, repeats one, or has a value that is not allowed."


class InvalidRequestObject(ProtocolError):
    """RFC 9101 section 7: the request object is not one this relying party signed, for us, for now."""

    code = "invalid_request_object"
    description = "The request object is not valid."


class PushedRequestRefused(ProtocolError):
    """RFC 9126 section 2.3: what /authorize would have told the agency, told at once and to it alone."""

    def __init__(self, refused: ProtocolError) -> None:
        super().__init__(str(refused))
        self.code = refused.code
        self.description = refused.description


class InvalidClient(ProtocolError):
    """RFC 6749 section 5.2: the relying party did not prove who it is."""

    code = "invalid_client"
    status = 401
    description = "Client authentication failed."

    def headers(self, authorization: str) -> dict[str, str]:
        """Name the scheme when the caller tried one (RFC 6749 section 5.2)."""
        return {"WWW-Authenticate": 'Basic realm="token"'} if authorization else {}


class InvalidGrant(ProtocolError):
    """RFC 6749 section 5.2: the code or refresh token is unknown, spent, expired, revoked or another's."""

    code = "invalid_grant"
    description = "The code or refresh token is not valid for this client."


class UnauthorizedClient(ProtocolError):
    """RFC 6749 section 5.2: this relying party is not registered for what it asks."""

    code = "unauthorized_client"
    description = "This client may not use this grant or response type."


class UnsupportedGrantType(ProtocolError):
    """RFC 6749 section 5.2: a grant type nobody here may use."""

    code = "unsupported_grant_type"
    description = "This grant type is not supported."


class InvalidScope(ProtocolError):
    """RFC 6749 section 5.2: a scope that is unknown, malformed or wider than registered or granted."""

    code = "invalid_scope"
    description = "The requested scope is not allowed."


class InvalidAuthorizationDetails(ProtocolError):
    """RFC 9396 section 5: of an unknown type, not as the type says, or more than was granted."""

    code = "invalid_authorization_details"
    description = "The authorization details are malformed, of an unknown type, or more than was granted."


class InvalidTarget(ProtocolError):
    """RFC 8707 section 2: a resource that is unknown, was not granted, or is one of several."""

    code = "invalid_target"
    description = "The requested resource is missing, unknown or not allowed."


class InvalidDpopProof(ProtocolError):
    """RFC 9449 section 5: a proof is malformed, made for something else, or used before; at an API, none came."""

    code = "invalid_dpop_proof"
    description = "The DPoP proof is missing or not valid for this request."

    def __init__(self, reason: str = "", *, at_resource: bool = False) -> None:
        """Take where it happened: with an access token the answer is a challenge (section 7.1)."""
        super().__init__(reason)
        self.status = 401 if at_resource else 400

    def headers(self, authorization: str) -> dict[str, str]:  # noqa: ARG002 - the same whatever was sent
        """Say what is wrong with the proof."""
        return {} if self.status == 400 else challenge("DPoP", self)  # noqa: PLR2004 - as set above


class UseDpopNonce(InvalidDpopProof):
    """RFC 9449 section 8: the proof must hold a nonce of ours; the answer has one."""

    code = "use_dpop_nonce"
    description = "The DPoP proof must hold the nonce of the DPoP-Nonce header."


class InvalidToken(ProtocolError):
    """RFC 6750 section 3.1: the access token is unknown, expired or revoked."""

    code = "invalid_token"
    status = 401
    description = "The access token is not valid."

    def headers(self, authorization: str) -> dict[str, str]:
        """Say what is wrong with the token, in the scheme it came by (RFC 6750 section 3, RFC 9449 section 7.1)."""
        return challenge(scheme_of(authorization), self)


class TokenMissing(ProtocolError):
    """RFC 6750 section 3.1: no access token came along; then nothing is said but how to bring one."""

    code = "invalid_token"
    status = 401
    description = "An access token is needed."

    def headers(self, authorization: str) -> dict[str, str]:  # noqa: ARG002 - the same whatever was sent
        """Name the schemes, and no error (RFC 6750 section 3.1)."""
        return {"WWW-Authenticate": f"Bearer, DPoP {DPOP_ALGORITHMS}"}


class CannotBeEncrypted(ProtocolError):
    """OIDC Core section 10.2: the relying party wants answers it alone can read, without a key for that.

    The code is that of RFC 7591 section 3.2.2: what is wrong is what is registered, not what was sent.
    """

    code = "invalid_client_metadata"
    description = "The answer must be encrypted to this client, and none of the keys it published can be used for that."


class InsufficientScope(ProtocolError):
    """RFC 6750 section 3.1: the access token is good, but not for this."""

    code = "insufficient_scope"
    status = 403
    description = "The access token does not allow this."

    def __init__(self, reason: str = "", *, scope: str = "openid") -> None:
        super().__init__(reason)
        self.scope = scope

    def headers(self, authorization: str) -> dict[str, str]:
        """Say which scope is missing (RFC 6750 section 3)."""
        return challenge(scheme_of(authorization), self, f'scope="{self.scope}"')


class UnknownGrant(ProtocolError):
    """Grant Management for OAuth 2.0 section 6.6: no grant of this relying party stands at this address."""

    code = "not_found"
    status = 404
    description = "There is no such grant."


class UnknownSubject(ProtocolError):
    """Global Token Revocation section 3.4.2: nobody is known to this relying party by that name."""

    code = "not_found"
    status = 404
    description = "There is no such subject."


class AuthorizationPending(ProtocolError):
    """RFC 8628 section 3.5: the citizen has not answered yet; the device asks again."""

    code = "authorization_pending"
    description = "The citizen has not answered yet."
    recorded = False


class SlowDown(ProtocolError):
    """RFC 8628 section 3.5: the same, and the device waits 5 seconds longer from now on."""

    code = "slow_down"
    description = "The citizen has not answered yet. Wait 5 seconds longer between requests."
    recorded = False


class CitizenRefused(ProtocolError):
    """RFC 8628 section 3.5: the citizen said no."""

    code = "access_denied"
    description = "The citizen did not agree."


class ExpiredDeviceCode(ProtocolError):
    """RFC 8628 section 3.5: nobody answered in time; the device begins anew."""

    code = "expired_token"
    description = "The device code has expired."


def scheme_of(authorization: str) -> str:
    """Return the scheme by which an access token came, or would have."""
    return "DPoP" if authorization.partition(" ")[0].lower() == "dpop" else "Bearer"


def challenge(scheme: str, error: ProtocolError, *more: str) -> dict[str, str]:
    """Return the header that says what is wrong with what came (RFC 6750 section 3, RFC 9449 section 7.1)."""
    words = [f'error="{error.code}"', f'error_description="{error.description}"', *more]
    if scheme == "DPoP":
        words.append(DPOP_ALGORITHMS)
    return {"WWW-Authenticate": f"{scheme} {', '.join(words)}"}
