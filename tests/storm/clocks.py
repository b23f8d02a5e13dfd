"""What goes wrong with clocks: the date of a running service is set, forward and back, by seconds and by hours."""

import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.storm.storm import Fault
from tests.storm.world import World
from tests.support.server import find_program

_SOURCE = Path(__file__).with_name("wall_clock.c")
STEPS = (10, -10, 45, 0, 300, 0, -300, 0, 7200, 0, -7200, 0)
"""Seconds by which the date is wrong, one after the other."""
APART = (10, 45, 300, 0, -10, -45, -300, 0)


class Dates:
    """The date of processes started with `environment`: right, until it is moved."""

    def __init__(self, folder: Path) -> None:
        """Build the library that moves it; that needs a C compiler."""
        self._file, library = folder / "moved", folder / "wall_clock.so"
        compiler = find_program("cc", package="gcc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(_SOURCE)], check=True)
        self.environment = {"LD_PRELOAD": str(library), "MOVED_CLOCK": str(self._file)}
        self.move(0)

    def move(self, seconds: int) -> None:
        """Have it wrong by so many seconds, at once."""
        mode = "r+b" if self._file.exists() else "wb"
        with self._file.open(mode) as out:
            out.write(seconds.to_bytes(8, "little", signed=True))


@contextmanager
def dated_anew(world: World) -> Iterator[Dates]:
    """Run the service by a date that can be moved while the block runs, and by the right one again afterwards."""
    service, own = world.service, world.service.env
    dates = Dates(world.folder)
    try:
        service.stop()
        service.env = own | dates.environment
        service.start()
        yield dates
    finally:
        service.stop()
        service.env = own
        service.start()


def clock_steps(seconds: float) -> Fault:
    """Set the date of the service, forward and back, for so many seconds each."""

    def inflict(world: World) -> None:
        with dated_anew(world) as dates:
            for step in STEPS:
                dates.move(step)
                time.sleep(seconds)

    return Fault(f"clock set by {', '.join(str(step) for step in STEPS if step)} s", inflict)


def clocks_differ(seconds: float) -> Fault:
    """Have the date of one of two nodes wrong, for so many seconds each."""

    def inflict(world: World) -> None:
        assert world.redundant is not None
        node, proxy = world.redundant.nodes[0], world.redundant.proxy
        own, dates = node.env, Dates(world.folder)

        def run_with(environment: Mapping[str, str]) -> None:
            assert node.end() == 0
            node.env = environment
            node.start()
            node.wait()
            proxy.wait_for_both()

        run_with({**own, **dates.environment})
        for step in APART:
            dates.move(step)
            time.sleep(seconds)
        run_with(own)

    return Fault(f"clocks of two nodes {', '.join(str(step) for step in APART if step)} s apart", inflict)
