"""Why an authorization request is refused, in two classes: told to the citizen on a page, or to the agency.

What is told to the agency is redirected (RFC 6749 section 4.1.2.1, OIDC Core section 3.1.2.6), and
can only be made with a return address, which is never an unregistered one.
"""

from federation.authorization.return_address import ReturnAddress
from federation.errors import ProtocolError
from federation.relying_parties.model import RelyingParty


class NoReturn(ProtocolError):
    """There is nowhere to send the citizen: they are told on a page."""

    code = "invalid_request"


class UnknownRelyingParty(NoReturn):
    """RFC 6749 section 4.1.2.1: `client_id` is missing, repeated or of no active relying party."""

    code = "invalid_client"
    description = "The service that sent you here is not known."


class RedirectUriMismatch(NoReturn):
    """RFC 6749 section 4.1.2.1: `redirect_uri` is missing, repeated or not one of those registered."""

    description = "The redirect_uri is not one of those registered for this client_id."


class PushedRequestGone(NoReturn):
    """RFC 9126 section 4: the `request_uri` was used, has expired, or is not this relying party's."""

    code = "invalid_request_uri"
    description = "The request_uri is unknown, used, expired or another client's."

    def __init__(self, relying_party: RelyingParty) -> None:
        super().__init__("the pushed request is gone")
        self.relying_party = relying_party


class AuthorizationRefused(ProtocolError):
    """The answer to an authorization request is an error, sent to the agency."""

    def __init__(self, to: ReturnAddress, reason: str = "") -> None:
        super().__init__(reason)
        self.to = to


class InvalidAuthorizationRequest(AuthorizationRefused):
    """RFC 6749 section 4.1.2.1: a parameter is missing, repeated, malformed or too large."""

    code = "invalid_request"
    description = "The request is missing a parameter, repeats one, or has a value that is not allowed."


class PushingRequired(AuthorizationRefused):
    """RFC 9126 section 4: this relying party, or everybody here, must push its requests."""

    code = "invalid_request"
    description = "The request must be pushed to the pushed authorization request endpoint."


class UnauthorizedRelyingParty(AuthorizationRefused):
    """RFC 6749 section 4.1.2.1: this relying party may not use the code flow."""

    code = "unauthorized_client"
    description = "This client may not ask for an authorization code."


class UnsupportedResponseType(AuthorizationRefused):
    """RFC 6749 section 4.1.2.1: implicit and hybrid do not exist here (RFC 9700 section 2.1.2)."""

    code = "unsupported_response_type"
    description = "The only response_type is code."


class InvalidAuthorizationScope(AuthorizationRefused):
    """RFC 6749 section 4.1.2.1: the scope has no `openid`."""

    code = "invalid_scope"
    description = "The scope must hold openid, and the client must be registered for it."


class DetailsRefused(AuthorizationRefused):
    """RFC 9396 section 5: the authorization details are not such as this relying party may ask for."""

    code = "invalid_authorization_details"
    description = "The authorization details are malformed, or of a type this client may not ask for."


class TargetRefused(AuthorizationRefused):
    """RFC 8707 section 2: a `resource` is unknown, or not for this relying party."""

    code = "invalid_target"
    description = "A requested resource is unknown or not allowed for this client."


class RequestObjectRefused(AuthorizationRefused):
    """RFC 9101 section 7: the request object is not valid, told to where the plain request would have gone."""

    code = "invalid_request_object"
    description = "The request object is not valid."


class SigningRequired(AuthorizationRefused):
    """RFC 9101 section 10.5: this relying party must sign its requests."""

    code = "invalid_request"
    description = "The request must be a signed request object."


class RequestUriNotSupported(AuthorizationRefused):
    """OIDC Core section 3.1.2.6."""

    code = "request_uri_not_supported"
    description = "The request_uri parameter is not supported."


class RegistrationNotSupported(AuthorizationRefused):
    """OIDC Core section 3.1.2.6."""

    code = "registration_not_supported"
    description = "The registration parameter is not supported."


class AccessDenied(AuthorizationRefused):
    """RFC 6749 section 4.1.2.1: the citizen said no."""

    code = "access_denied"
    description = "The citizen did not agree."


class SignInCancelled(AccessDenied):
    """The citizen turned back before they were asked to agree."""

    description = "The citizen cancelled."


class SignInExpired(AccessDenied):
    """The interaction ended before the citizen did."""

    description = "The citizen did not finish in time."


class LoginRequired(AuthorizationRefused):
    """OIDC Core section 3.1.2.6: the right citizen is not signed in, or not recently enough."""

    code = "login_required"
    description = "The citizen is not signed in as this request needs."


class InteractionRequired(AuthorizationRefused):
    """OIDC Core section 3.1.2.6: the citizen must do something first."""

    code = "interaction_required"
    description = "The citizen must do something before this request can be answered."


class ConsentRequired(AuthorizationRefused):
    """OIDC Core section 3.1.2.6."""

    code = "consent_required"
    description = "The citizen has not agreed to this."


class AccountSelectionRequired(AuthorizationRefused):
    """OIDC Core section 3.1.2.6."""

    code = "account_selection_required"
    description = "The citizen must say as whom they continue."


class UnmetAuthenticationRequirements(AuthorizationRefused):
    """OpenID Connect Core Unmet Authentication Requirements 1.0: the level asked for is not reached."""

    code = "unmet_authentication_requirements"
    description = "The authentication asked for cannot be reached."
