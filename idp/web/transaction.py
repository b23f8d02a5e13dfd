"""One transaction a request: opened by the first use, committed after the view, undone by any error.

Order of calls: `TransactionalFlask.dispatch_request` runs the view, which calls `stores()`; when the
view returns, the work is committed, so that a commit that fails is answered like any other error; when
it raises, nothing is committed. `g.committed` tells what leaves with the answer that it was. The
teardown gives the connection back. Nobody below commits.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, g
from flask.typing import ResponseReturnValue
from werkzeug.routing import MapAdapter

from idp.web.services import services
from idp.web.stores import Stores, UnitOfWork


class TransactionalFlask(Flask):
    """Flask whose views run inside one unit of work."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func`: nothing here is asynchronous, and asking each time costs more than most of what is called."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the routes for a request; `bounds` decides about its host and scheme before any view runs."""
        if request is None:
            return None
        return MapAdapter(
            self.url_map,
            server_name="",
            script_name="/",
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.environ["PATH_INFO"].encode("latin-1").decode(errors="replace"),
            default_method=request.method,
        )

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, then commit."""
        answer = super().dispatch_request()
        work: UnitOfWork | None = g.get("work")
        if work is not None:
            work.commit()
            g.committed = True
        return answer

    def do_teardown_request(self, *args: object, **kwargs: object) -> None:
        """Undo what was not committed and give the connection back."""
        undo()
        super().do_teardown_request(*args, **kwargs)  # type: ignore[arg-type]  # passed through untouched


def stores() -> Stores:
    """Return this request's durable stores."""
    work: UnitOfWork | None = g.get("work")
    if work is None:
        work = g.work = services().database.open()
    return work.stores


def undo() -> None:
    """Undo what this request has changed so far; a refusal is then recorded in a transaction of its own."""
    work: UnitOfWork | None = g.pop("work", None)
    if work is not None:
        work.close()
