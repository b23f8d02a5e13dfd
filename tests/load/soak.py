"""`make soak`: hours of an ordinary day in minutes, and whether memory, descriptors and threads stay as they are.

Order of calls: on each pair of stores two workers serve the clients of `tests/storm`, who do everything and break
nothing; every few seconds each process is looked at. The first third warms up; the last is held against the second.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import structlog

from tests.load import chart
from tests.load.processes import family, resident_megabytes
from tests.load.report import OUTPUT, ROOT, machine, say, write_readme
from tests.storm.history import breaches
from tests.storm.processes import background
from tests.storm.storm import Storm
from tests.storm.world import FILES, SERVERS, World, on_files, on_servers
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer

PICTURE = Path("tests", "load", "soak.svg")
"""As the README names it."""
MINUTES = {False: 15.0, True: 2.0}
"""By `quick`: how long each pair of stores is soaked."""
LOOK_EVERY_SECONDS = 3.0
MOST_GROWTH = 1.05
"""Of memory: the median of the last third over that of the second."""
MOST_MORE = 4
"""Descriptors and threads: as many may have been in use at the same time by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One process at one moment."""

    world: str
    process: str
    minutes: float
    megabytes: float
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one process: each figure in the second third and in the last."""

    world: str
    process: str
    megabytes: tuple[float, float]
    descriptors: tuple[float, float]
    threads: tuple[float, float]

    @property
    def is_flat(self) -> bool:
        """Say whether it takes no more than it took."""
        before, after = self.megabytes
        more = (after - before for before, after in (self.descriptors, self.threads))
        return after <= MOST_GROWTH * before and max(more) <= MOST_MORE


def main() -> None:
    """Soak, tell, and end with 1 if something grew."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{MINUTES[True]:.0f} minutes on each pair of stores")
    parser.add_argument("--minutes", type=float, help="how long on each pair of stores")
    parser.add_argument("--readme", action="store_true", help="write what was found, and the picture, for README.md")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    minutes = given.minutes or MINUTES[given.quick]
    looks: list[Look] = []
    operations = 0
    for name in (FILES, SERVERS):
        with _world(name) as world:
            operations += _soak(world, minutes, looks)
    sys.exit(_tell(looks, minutes, operations, readme=given.readme))


def _soak(world: World, minutes: float, looks: list[Look]) -> int:
    """Let the clients ask, and look; return how many operations they noted."""
    storm, began = Storm(world), time.monotonic()
    storm.begin()
    while (now := (time.monotonic() - began) / 60) < minutes:
        looks += _look(world, now)
        time.sleep(LOOK_EVERY_SECONDS)
        if int(now) != int(now + LOOK_EVERY_SECONDS / 60):
            memory = ", ".join(f"{each.process} {each.megabytes:.0f} MB" for each in looks[-4:])
            done = f"{now:.0f} of {minutes:.0f} minutes, {len(storm.recorder.history):,} operations"
            say(f"{world.name}: {done}; {memory}")
    storm.stop()
    assert breaches(storm.recorder.history, []) == []
    return len(storm.recorder.history)


def _look(world: World, minutes: float) -> Iterator[Look]:
    process = world.service.process
    assert process is not None
    behind, web = set(background(world)), 0
    for pid in family(process.pid):
        kind = "parent" if pid == process.pid else "background worker" if pid in behind else ""
        if not kind:
            web += 1
            kind = f"web worker {web}"
        place = Path("/proc", str(pid))
        yield Look(
            world=world.name,
            process=kind,
            minutes=minutes,
            megabytes=resident_megabytes(pid),
            descriptors=_descriptors(place, world.service.port),
            threads=len(list((place / "task").iterdir())),
        )


def _descriptors(process: Path, port: int) -> int:
    """Count what a process holds open, but for the connections of those who ask: they are theirs to close."""
    connections = [line.split() for line in (process / "net/tcp").read_text().splitlines()[1:]]
    theirs = {f"socket:[{each[9]}]" for each in connections if each[1].endswith(f":{port:04X}")}
    held = 0
    for each in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            held += str(each.readlink()) not in theirs
    return held


def changes(looks: Sequence[Look]) -> list[Change]:
    """Return what became of each process."""
    return [
        Change(
            world=world,
            process=process,
            megabytes=_thirds(of, lambda each: each.megabytes),
            descriptors=_thirds(of, lambda each: each.descriptors),
            threads=_thirds(of, lambda each: each.threads),
        )
        for world, process in dict.fromkeys((each.world, each.process) for each in looks)
        if (of := [each for each in looks if (each.world, each.process) == (world, process)])
    ]


def _thirds(looks: Sequence[Look], of: Callable[[Look], float]) -> tuple[float, float]:
    third = len(looks) // 3
    return median(map(of, looks[third:-third])), median(map(of, looks[-third:]))


def _tell(looks: list[Look], minutes: float, operations: int, *, readme: bool) -> int:
    found = changes(looks)
    picture = chart.lines(
        {
            f"{world}, {process}": [(each.minutes, each.megabytes) for each in looks if _is(each, world, process)]
            for world, process in ((each.world, each.process) for each in found)
        },
        unit="MB",
    )
    OUTPUT.mkdir(exist_ok=True)
    kept = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "looks": [asdict(each) for each in looks]}
    (OUTPUT / "soak.json").write_text(json.dumps(kept))
    (OUTPUT / "soak.svg").write_text(picture)
    told = sentences(found, minutes, operations)
    print(told)  # noqa: T201 - what it was called for
    say(f"All figures: {OUTPUT.relative_to(ROOT)}/soak.json, and as a picture soak.svg")
    if readme:
        (ROOT / PICTURE).write_text(picture)
        write_readme("soak", told)
    grown = [each for each in found if not each.is_flat]
    for each in grown:
        say(f"GROWN: {each}")
    return 1 if grown else 0


def _is(look: Look, world: str, process: str) -> bool:
    return (look.world, look.process) == (world, process)


def sentences(found: Sequence[Change], minutes: float, operations: int) -> str:
    """Say what was found, for the README."""
    rows = [
        f"| {each.world}, {each.process} | {_pair(each.megabytes, 1)} | {_pair(each.descriptors)}"
        f" | {_pair(each.threads)} |"
        for each in found
    ]
    return "\n".join(
        [
            f"On {datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes on each pair of stores, {operations:,} operations:"
            " the second third and the last.",
            "",
            "| | memory, MB | descriptors | threads |",
            "|---|---|---|---|",
            *rows,
            "",
            f"![Memory of each process over time]({PICTURE})",
        ]
    )


def _pair(values: tuple[float, float], digits: int = 0) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


@contextmanager
def _world(name: str) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="countersign-soak-") as folder:
        if name == FILES:
            with on_files(Path(folder)) as world:
                yield world
            return
        database, redis = PostgreSQL(), RedisServer()
        try:
            with on_servers(Path(folder), database, redis) as world:
                yield world
        finally:
            database.end()
            redis.end()


if __name__ == "__main__":
    main()
