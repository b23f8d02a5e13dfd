"""What all processes of one machine share: a turn in a folder, a clock that nobody can set, and the name of its run."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time make or open a store in this folder."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def boot() -> str:
    """Name this run of the machine, by which lifetimes count: what was kept before it is forgotten.

    A crash of the machine loses what WAL had not put on disk anyway, and with it some first uses.
    """
    try:
        return f"since boot {Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    except OSError:
        return ""


def since_boot() -> float:
    """Return seconds that all processes count alike, sleep included; where there is no such clock, the date."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()
