"""Errors of authorization requests, taken back to the service by the citizen's browser."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from idp.pages.agency_errors.explained import Explained

AT_SIGN_IN: Mapping[str, Explained] = {
    "unsupported_response_type": Explained(
        "RFC 6749 section 4.1.2.1",
        _("This response type does not exist here."),
        _("Ask for code. Tokens are never sent by the browser."),
    ),
    "invalid_request_object": Explained(
        "RFC 9101 section 7",
        _("The request object is not one that this client signed, for us, for now."),
        _(
            "Sign it with a key you published and the algorithm you registered, name yourself as iss and us as "
            "aud, and do not encrypt it. Everything but client_id stands inside."
        ),
    ),
    "invalid_request_uri": Explained(
        "RFC 9101 section 7",
        _("The request_uri is unknown, was used, has ended, or was pushed by another client."),
        _("Push the request again and send the citizen within a minute and a half. Each request_uri works once."),
    ),
    "request_uri_not_supported": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("Requests are not fetched from addresses."),
        _("Push the request to the pushed authorization request endpoint, or put it into the parameter request."),
    ),
    "registration_not_supported": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("A client cannot describe itself in an authorization request."),
        _("Leave out the parameter registration and have the service registered beforehand."),
    ),
    "invalid_authorization_details": Explained(
        "RFC 9396 section 5",
        _("The authorization_details name a type or a member that is unknown or not allowed."),
        _("Use the types that the metadata lists and the client is registered for, with the members each of them has."),
    ),
    "access_denied": Explained(
        "RFC 6749 section 4.1.2.1",
        _("The citizen did not agree, turned back, or did not finish in time."),
        _("Let them go on without, or offer to try again. Do not send them back at once."),
    ),
    "login_required": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("The citizen is not signed in as this request needs, and no page may be shown."),
        _(
            "Send the request again without prompt=none. The same is answered when somebody else is signed in "
            "than your hint names."
        ),
    ),
    "interaction_required": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("The citizen must do something first, and no page may be shown."),
        _("Send the request again without prompt=none."),
    ),
    "consent_required": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("The citizen has not agreed to this, and no page may be shown."),
        _(
            "Send the request again without prompt=none. They are asked anew when you want more than before or "
            "when what they agreed to has changed."
        ),
    ),
    "account_selection_required": Explained(
        "OpenID Connect Core 1.0 section 3.1.2.6",
        _("The citizen must say as whom they continue, and no page may be shown."),
        _("Send the request again without prompt=none."),
    ),
    "unmet_authentication_requirements": Explained(
        "OpenID Connect Core Unmet Authentication Requirements 1.0 section 2",
        _("The level of authentication that the request demands cannot be reached."),
        _(
            "Ask for a level that the metadata lists as acr_values_supported, or ask for it without making it "
            "essential."
        ),
    ),
}
