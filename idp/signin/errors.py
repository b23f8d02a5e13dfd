"""Why a citizen sees a page that stops them: one row an error, rendered by `idp.web.errors`."""

from typing import Any


class PageError(Exception):
    """A request answered with a page that says what happened and what to do."""

    status = 400
    template = "pages/errors/bad_request.html"

    def __init__(self, reason: str = "", **context: Any) -> None:
        super().__init__(reason or type(self).__name__)
        self.context = context
