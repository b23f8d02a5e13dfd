"""kill -9 of web workers and of the background worker, at whatever step they are."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.storm.storm import Fault
from tests.storm.world import World
from tests.support.server import wait_until

COME_BACK_SECONDS = 40.0
PAUSE_SECONDS = (0.2, 1.2)
"""Between two kills: long enough for a worker to be in the middle of something again."""
_random = random.Random(1)


def kill_web_workers(rounds: int) -> Fault:
    """Kill one web worker after the other; now and then both."""

    def inflict(world: World) -> None:
        for number in range(rounds):
            alive = world.service.web_workers()
            for pid in alive if number % 10 == 9 else alive[:1] if number % 2 else alive[-1:]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_random.uniform(*PAUSE_SECONDS))
        wait_until(lambda: len(world.service.web_workers()) == 2, seconds=COME_BACK_SECONDS, what="both serve again")

    return Fault(f"kill -9 of web workers, {rounds} rounds", inflict)


def kill_background_worker(rounds: int) -> Fault:
    """Kill the process that delivers letters and words of sign-outs, and seals the audit log."""

    def inflict(world: World) -> None:
        for _ in range(rounds):
            wait_until(lambda: bool(background(world)), seconds=COME_BACK_SECONDS, what="it works again")
            time.sleep(_random.uniform(1.0, 3.0))
            for pid in background(world):
                os.kill(pid, signal.SIGKILL)

    return Fault(f"kill -9 of the background worker, {rounds} rounds", inflict)


def background(world: World) -> list[int]:
    """Return the process id of the background worker, once it works."""
    process = world.service.process
    assert process is not None
    children = Path(f"/proc/{process.pid}/task").glob("*/children")
    pids = [int(pid) for each in children for pid in each.read_text().split()]
    return [pid for pid in pids if b"\0worker\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
