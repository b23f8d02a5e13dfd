"""Where the time of a request goes, for whoever watches: in the sandbox its page, elsewhere what collects traces.

What is watched is put between the service and a collaborator only where somebody watches; else it is not there.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, cast

from idp.web.services import Services

During = Callable[[str], AbstractContextManager[Any]]
"""Given a kind of work, surrounds it."""
STORE, SQL, SIGN = "store", "sql", "sign"


def watched(use: Services, during: During) -> Services:
    """Return the same collaborators, whose calls of the stores and of the signer are watched."""
    return replace(
        use,
        database=use.database.watched(lambda: during(SQL)),
        ephemeral=cast(Any, _Watched(use.ephemeral, during, STORE)),
        signer=cast(Any, _Watched(use.signer, during, SIGN)),
    )


class _Watched:
    """Stands before a collaborator and surrounds whatever is called of it."""

    def __init__(self, real: object, during: During, kind: str) -> None:
        self._real = real
        self._during = during
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self._during(self._kind):
                return found(*arguments, **named)

        return call
