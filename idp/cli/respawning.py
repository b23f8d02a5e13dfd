"""What granian remembers of workers it started again, so that one which is killed costs the others nothing.

Granian ends every worker, and with them the service, when one dies within seconds of its start. That is right for a
worker that ends by itself: the next would, too. One that was killed, for its memory or by hand, is started once more,
after a pause.
"""

import time
from collections.abc import Callable

PAUSE_SECONDS = 1.0
_NEVER = 0.0


class Respawned(dict[int, float]):
    """When each worker was last started again, by its place among the workers; granian asks when one has died."""

    def __init__(self, exit_code_of: Callable[[int], int | None]) -> None:
        """Take what tells the exit code of a worker that has died, by its place: negative, if a signal ended it."""
        super().__init__()
        self._exit_code_of = exit_code_of

    def get(self, place: int, default: float = _NEVER) -> float:  # type: ignore[override]  # as granian calls it
        """Return when it was started again; never, if a signal ended it since."""
        if place not in self or (self._exit_code_of(place) or 0) >= 0:
            return super().get(place, default)
        time.sleep(PAUSE_SECONDS)
        return default
