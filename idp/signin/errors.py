"""Why a citizen sees a page that stops them: one row an error, rendered by `idp.web.errors`."""

from typing import Any


class PageError(Exception):
    """A request answered with a page that says what happened and what to do."""

    status = 400
    template = "pages/errors/bad_request.html"

    def __init__(self, reason: str = "", **context: Any) -> None:
        super().__init__(reason or type(self).__name__)
        self.context = context


class UnknownService(PageError):
    """Whoever sent the citizen here is not registered, so there is nowhere to send them back to."""

    template = "pages/errors/unknown_service.html"


class WrongReturnAddress(PageError):
    """The service asked for an answer at an address it never registered."""

    template = "pages/errors/wrong_return_address.html"


class RequestGone(PageError):
    """The service sent the citizen with a reference to a request that was used or has expired."""

    status = 410
    template = "pages/errors/request_gone.html"


class AnswerUnreadable(PageError):
    """The service wants answers that it alone can read, and published no key to encrypt them to."""

    template = "pages/errors/answer_unreadable.html"


class InteractionExpired(PageError):
    """The interaction is over. With `service` and `return_url` the citizen can go back to it."""

    status = 410
    template = "pages/errors/expired.html"


class InteractionFinished(PageError):
    """The agency has its answer already: the citizen came Back."""

    status = 409
    template = "pages/errors/finished.html"


class SessionOver(PageError):
    """The session that a proof was to be added to has ended meanwhile."""

    status = 403
    template = "pages/errors/sign_in_needed.html"


class NotThisBrowser(PageError):
    """The interaction was begun in another browser."""

    status = 403
    template = "pages/errors/wrong_browser.html"
