"""How every failure is answered: JSON for machines, a kind page for people, nothing half done.

Order of calls: Flask hands the error to one of the handlers below; the handler undoes the request's
work, records the refusal in a transaction of its own, and renders. The reason is for the record alone.
"""

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from federation.authorization.errors import AuthorizationRefused, NoReturn
from federation.ephemeral import StoreUnavailable
from federation.errors import ProtocolError, error_uri
from idp.audit.requests import RequestRefused
from idp.signin.errors import PageError
from idp.web.answers import page_for, send_refusal
from idp.web.rendering import render
from idp.web.services import services
from idp.web.telemetry import request_id
from idp.web.transaction import undo
from keys.errors import CannotSign

RETRY_AFTER_SECONDS = 5
_PAGES = {404: "not_found", 503: "unavailable", 500: "failed", 429: "too_busy"}
_FOR_BROWSERS = ("authorize", "logout")
"""Endpoints of the protocol to which agencies send citizens, not requests."""
_log = structlog.get_logger("countersign.errors")


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(ProtocolError, refuse_agency)
    app.register_error_handler(AuthorizationRefused, refuse_authorization)
    app.register_error_handler(NoReturn, lambda error: stop_citizen(page_for(error)))
    app.register_error_handler(PageError, stop_citizen)
    app.register_error_handler(CSRFError, refuse_form)
    app.register_error_handler(StoreUnavailable, wait)
    app.register_error_handler(CannotSign, wait)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(Exception, fail)


def refuse_agency(error: ProtocolError) -> ResponseReturnValue:
    """Answer a relying party as its endpoint's specification says."""
    undo()
    _record(error)
    answer = _for_machines(error.code, error.description)
    answer.status_code = error.status
    answer.headers.extend(error.headers(request.headers.get("Authorization", "")))
    return answer


def refuse_authorization(error: AuthorizationRefused) -> ResponseReturnValue:
    """Send the browser back with the error; an agency that wants it signed may have to wait, or not be told at all."""
    try:
        return send_refusal(error)
    except PageError as stopped:
        return stop_citizen(stopped)
    except (CannotSign, StoreUnavailable) as away:
        return wait(away)


def stop_citizen(error: PageError) -> ResponseReturnValue:
    """Show the page that says what happened and what to do."""
    undo()
    _log.info("page.stopped", error=type(error).__name__, reason=str(error), reference=request_id())
    return render(error.template, reference=request_id(), **error.context), error.status


def refuse_form(_: CSRFError) -> ResponseReturnValue:
    """Say that the form was too old or not ours, and that nothing was done; lead to the same page, fresh."""
    undo()
    adapter = current_app.create_url_adapter(request)
    again = request.path if adapter is not None and adapter.test(request.path, "GET") else None
    return _answer(400, "invalid_request", "pages/errors/stale_form.html", again=again)


def wait(error: StoreUnavailable | CannotSign) -> ResponseReturnValue:
    """Ask to try again soon: a store is away, or no key may sign, and nothing was done."""
    undo()
    _log.warning("store.unavailable", error=type(error).__name__, reason=str(error), reference=request_id())
    answer = _answer(503, "temporarily_unavailable", "pages/errors/unavailable.html")
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def refuse(error: HTTPException) -> ResponseReturnValue:
    """Answer what the framework or `idp.web.bounds` refused."""
    undo()
    status = error.code or 500
    code = "server_error" if status >= 500 else "invalid_request"  # noqa: PLR2004 - the class of status
    page = f"pages/errors/{_PAGES.get(status, 'bad_request')}.html"
    answer = _answer(status, code, page)
    answer.headers.extend(
        header for header in error.get_headers(request.environ) if header[0] in ("Allow", "Retry-After")
    )
    return answer


def fail(error: Exception) -> ResponseReturnValue:
    """Answer a fault of our own; the log holds the trace under the same reference."""
    undo()
    _log.error("request.failed", reference=request_id(), exc_info=error)
    return _answer(500, "server_error", "pages/errors/failed.html")


def _answer(status: int, code: str, template: str, *, again: str | None = None) -> Response:
    if _for_a_person():
        answer = make_response(render(template, reference=request_id(), again=again))
    else:
        answer = _for_machines(code, f"The request was refused. Reference: {request_id()}")
    answer.status_code = status
    return answer


def _for_machines(code: str, description: str) -> Response:
    """Return the answer of RFC 6749 section 5.2, with the address where the code is explained."""
    explained = error_uri(services().settings.issuer, code)
    return jsonify(error=code, error_description=description, error_uri=explained)


def _for_a_person() -> bool:
    """Whether the caller reads pages: it said so, and did not call an endpoint made for machines."""
    blueprint = current_app.blueprints.get(request.blueprint or "")
    machine = blueprint is not None and blueprint.import_name.startswith("idp.endpoints.")
    return "text/html" in request.headers.get("Accept", "") and (not machine or request.blueprint in _FOR_BROWSERS)


def _record(error: ProtocolError) -> None:
    """Keep the refusal of a relying party that proved who it is; what anybody may send is only logged."""
    asker = g.get("relying_party")
    _log.info("request.refused", error=error.code, reason=str(error), endpoint=request.endpoint, reference=request_id())
    if asker is None or not asker.confidential or not error.recorded:
        return
    use = services()
    refused = RequestRefused(
        at=use.clock.now(),
        client_id=asker.client_id,
        endpoint=str(request.endpoint),
        error=error.code,
        reason=str(error),
    )
    try:
        with use.database.work() as own:
            own.audit.record(refused)
    except StoreUnavailable:
        _log.warning("refusal.not_recorded", reference=request_id())
