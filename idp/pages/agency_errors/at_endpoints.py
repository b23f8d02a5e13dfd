"""Errors of requests that services send themselves."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _

from idp.pages.agency_errors.explained import Explained

AT_ENDPOINTS: Mapping[str, Explained] = {
    "invalid_request": Explained(
        "RFC 6749 section 5.2",
        _("A parameter is missing, given twice, too long, malformed or not allowed here."),
        _(
            "Compare every parameter with the section below and with what is registered. Give each once, in a "
            "form where the request is a POST. PKCE with S256 is required."
        ),
    ),
    "invalid_client": Explained(
        "RFC 6749 section 5.2",
        _("The request does not prove that it comes from the client it names."),
        _(
            "Use the one way of client authentication that is registered, and no other beside it. Encode id and "
            "secret before they go into Basic. Sign an assertion with a key you published, name us as its "
            "audience, use it once and within a minute."
        ),
    ),
    "invalid_grant": Explained(
        "RFC 6749 section 5.2",
        _("The code or refresh token is not one that this client can use now."),
        _(
            "A code works once and for a minute, with the same redirect_uri and the verifier of its own "
            "challenge. It also ends when the citizen signs out or takes access back. Ask for a new one by "
            "sending the citizen again."
        ),
    ),
    "unauthorized_client": Explained(
        "RFC 6749 section 5.2",
        _("The client is not registered for what it asks."),
        _(
            "Look at the grant_types and response_types of the registration. Ask an operator to change them if "
            "the service needs more."
        ),
    ),
    "unsupported_grant_type": Explained(
        "RFC 6749 section 5.2",
        _("Nobody can use this grant type here."),
        _("Use one of those that the metadata lists as grant_types_supported."),
    ),
    "invalid_scope": Explained(
        "RFC 6749 section 5.2",
        _("The scope is unknown, malformed, or more than is registered or was granted."),
        _(
            "Put one space between names. For a citizen it must hold openid. When you refresh, ask for no more "
            "than the citizen agreed to."
        ),
    ),
    "invalid_target": Explained(
        "RFC 8707 section 2",
        _("The API that an access token is asked for is not one that this client may call."),
        _(
            "Give its address as it is registered, complete and without a fragment. Ask an operator whether the "
            "service may call it."
        ),
    ),
    "invalid_token": Explained(
        "RFC 6750 section 3.1",
        _("The access token is missing, has ended, or is not one for this address."),
        _(
            "Send it in the Authorization header, never in an address. It lives for ten minutes and ends with its"
            " grant. Refresh, or send the citizen again."
        ),
    ),
    "insufficient_scope": Explained(
        "RFC 6750 section 3.1",
        _("The access token is good, but not for this."),
        _(
            "The answer names the scope that is missing. Ask for it when you send the citizen, or when you fetch "
            "the token."
        ),
    ),
    "insufficient_user_authentication": Explained(
        "RFC 9470 section 3",
        _("The access token is good, but the citizen has to prove more than they had."),
        _("Send the citizen again with the acr_values that the answer names, and use the new access token."),
    ),
    "not_found": Explained(
        "RFC 9110 section 15.5.5",
        _("Nothing of this client has this name."),
        _(
            "Check that the name is whole and that this client was told it. What another client was told, or what"
            " has ended, looks the same."
        ),
    ),
    "invalid_client_metadata": Explained(
        "RFC 7591 section 3.2.2",
        _("Something in the registration cannot stay as it is."),
        _(
            "At registration the answer names each field and what to do. Elsewhere it is about encrypted answers:"
            " publish a key for the algorithm you registered, with use enc or none, in jwks or at jwks_uri."
        ),
    ),
    "invalid_redirect_uri": Explained(
        "RFC 7591 section 3.2.2",
        _("An address to return citizens to cannot be registered."),
        _(
            "Use https, a whole address, no fragment and no wildcard. Only a native app may use http, on a "
            "loopback address."
        ),
    ),
    "invalid_software_statement": Explained(
        "RFC 7591 section 3.2.2",
        _("The software statement is not one that we can believe."),
        _("Check its signature, its issuer and that it has not ended. Get a new one from whoever issued it."),
    ),
    "unapproved_software_statement": Explained(
        "RFC 7591 section 3.2.2",
        _("The software statement is genuine, but nobody here approved it."),
        _("Ask an operator which issuers of software statements are accepted."),
    ),
    "invalid_dpop_proof": Explained(
        "RFC 9449 section 5",
        _("The DPoP proof is missing, malformed, made for another request, or was used before."),
        _(
            "Make a new proof for each request: its method, its address without query, the nonce we gave last, a"
            " jti of its own and, with an access token, the hash of that token. Sign it with the key the token is"
            " bound to."
        ),
    ),
    "use_dpop_nonce": Explained(
        "RFC 9449 section 8",
        _("The DPoP proof must hold a nonce of ours."),
        _(
            "Take it from the DPoP-Nonce header of this answer and send the request again with a new proof. Every"
            " answer to a proof brings the next one, which is good for five minutes."
        ),
    ),
    "authorization_pending": Explained(
        "RFC 8628 section 3.5",
        _("The citizen has not decided yet."),
        _("Ask again after the interval that you were told, for as long as the code lives."),
    ),
    "slow_down": Explained(
        "RFC 8628 section 3.5",
        _("The client asks too often."),
        _("Wait five seconds longer between requests from now on."),
    ),
    "expired_token": Explained(
        "RFC 8628 section 3.5",
        _("The code ended before the citizen decided."),
        _("Begin again and show the citizen the new code."),
    ),
    "server_error": Explained(
        "RFC 6749 section 4.1.2.1",
        _("The fault is ours."),
        _("Try again later. If it stays, tell us the reference in the answer and the time."),
    ),
    "temporarily_unavailable": Explained(
        "RFC 6749 section 4.1.2.1",
        _("We cannot answer now, and nothing was done."),
        _("Wait as many seconds as the Retry-After header says and send the same request again."),
    ),
}
