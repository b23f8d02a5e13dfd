"""How the answer to an authorization request leaves: by redirect or by a form that posts itself."""

import structlog
from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from federation.authorization.errors import AuthorizationRefused, NoReturn, PushedRequestGone, RedirectUriMismatch
from federation.authorization.response import AuthorizationAnswer, signed, with_error
from federation.errors import CannotBeEncrypted
from idp.signin.errors import AnswerUnreadable, PageError, RequestGone, UnknownService, WrongReturnAddress
from idp.web import devices
from idp.web.headers import allow_form_to
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores, undo

_log = structlog.get_logger("countersign.authorize")


def send(answer: AuthorizationAnswer) -> BaseResponse:
    """Send the browser to the agency with its answer. 303, so that no posted body goes along (RFC 9700 4.12)."""
    if answer.response_mode == devices.MODE:
        return devices.keep(answer)
    if answer.to_be_signed:
        answer = _signed(answer)
    if answer.by_form:
        allow_form_to(answer.origin)
        return Response(render("pages/form_post.html", answer=answer))
    return Response(status=303, headers={"Location": answer.location})


def _signed(answer: AuthorizationAnswer) -> AuthorizationAnswer:
    use, asked_by = services(), stores().relying_parties.find(answer.client_id)
    if asked_by is None:
        raise UnknownService("the relying party was disabled meanwhile")
    try:
        return signed(answer, asked_by, signer=use.signer, keys=use.relying_party_keys, now=use.clock.now())
    except CannotBeEncrypted as error:
        raise AnswerUnreadable(str(error), service=asked_by.client_name, return_url=asked_by.client_uri) from error


def send_refusal(refused: AuthorizationRefused) -> BaseResponse:
    """Send the browser to the agency with an error, and undo what the request had changed."""
    undo()
    _log.info("authorize.refused", client_id=refused.to.client_id, error=refused.code, reason=str(refused))
    return give_up(refused)


def give_up(refused: AuthorizationRefused) -> BaseResponse:
    """Send the browser to the agency with an error that the citizen chose; what the request changed is kept."""
    return send(with_error(refused, issuer=services().settings.issuer))


def page_for(error: NoReturn) -> PageError:
    """Return the page for a request that has nowhere to go back to."""
    if isinstance(error, PushedRequestGone):
        came_from = error.relying_party
        return RequestGone(str(error), service=came_from.client_name, return_url=came_from.client_uri)
    return WrongReturnAddress(str(error)) if isinstance(error, RedirectUriMismatch) else UnknownService(str(error))
