"""What a service costs: CPU seconds and memory of its processes, from /proc; and the core each side keeps to."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVICE_CORE, DRIVER_CORE = {CORES[0]}, {CORES[-1]}


@contextmanager
def on_core(core: set[int]) -> Iterator[None]:
    """Run a block, and all it starts, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(pid: int) -> list[int]:
    """Return a process and all it started."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for thread in threads for child in thread.read_text().split()]
    return [pid, *(each for child in children for each in family(child))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time that living processes have used so far."""
    return sum(sum(cpu_times(pid)) for pid in pids)


def cpu_times(pid: int) -> tuple[float, float]:
    """Return how many seconds of user and of system time a process has used so far."""
    return _times(_fields(Path(f"/proc/{pid}/stat")))


def cpu_times_of_the_nice(pid: int) -> tuple[float, float]:
    """Return the same of its threads that let others go first."""
    threads = [_fields(stat) for stat in Path(f"/proc/{pid}/task").glob("*/stat")]
    users, systems = zip((0.0, 0.0), *(_times(fields) for fields in threads if int(fields[16]) > 0), strict=True)
    return sum(users), sum(systems)


def _fields(stat: Path) -> list[str]:
    """Return what proc(5) tells of a process or thread from its state on, the third field."""
    return stat.read_text().rpartition(")")[2].split()


def _times(fields: list[str]) -> tuple[float, float]:
    return int(fields[11]) / _TICK, int(fields[12]) / _TICK


def resident_megabytes(pid: int) -> float:
    """Return the memory a process has in RAM, shared pages counted whole."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
