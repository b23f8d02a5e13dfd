"""Where the time of a worker goes: flame graphs in tests/output/, and the share that each kind of work has."""

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from types import MappingProxyType

from tests.load import processes
from tests.load.driver import drive
from tests.load.plan import SCENARIOS
from tests.load.report import OUTPUT, say
from tests.load.targets import Running

SECONDS = 8
PER_SECOND = 500
HASHES, SYSTEM, OURS = "signatures and hashes", "system", "our own code"
KINDS = MappingProxyType(
    {
        HASHES: ("argon2", "cryptography", "hashlib.py", "hmac.py", "joserfc", "webauthn"),
        "stores": ("idp/storage", "psycopg", "redis", "sqlalchemy"),
        "framework": ("flask", "flask_babel", "flask_wtf", "granian", "werkzeug", "wtforms"),
        "pages": ("<template>", "babel", "jinja2", "markupsafe", "templates/"),
        "logs and numbers": ("idp/logs", "idp/web/telemetry", "prometheus_client", "structlog"),
        OURS: ("federation/", "idp/", "keys/"),
    }
)
"""By the beginnings of files, as packages or as ours; what is none of these works for whoever called it."""
_PROGRAM = Path(sys.executable).with_name("py-spy")
_COUNTED = re.compile(r"^(.*) ([0-9]+)$", re.MULTILINE)
"""A stack and how often it was met; a look in the middle of a call may have garbage in it, line ends too."""
_FILE = re.compile(r" \((.+?)(?::\d+)?\)$")


def draw(running: Iterable[Running], scenarios: Iterable[str]) -> None:
    """Draw a flame graph of each scenario on each service."""
    OUTPUT.mkdir(exist_ok=True)
    watched = list(running)
    for scenario in scenarios:
        for each in watched:
            picture = OUTPUT / f"flame-{scenario}-{each.target.name}.svg".replace(" ", "-").replace(",", "")
            _watch(each, scenario, picture, "flamegraph")
            say(f"{scenario}, {each.target.name}: {picture.relative_to(OUTPUT.parents[1])}")


def shares(each: Running, scenario: str) -> dict[str, float]:
    """Return what part of a worker's CPU time each of KINDS has in a scenario, and the system (sockets, switches).

    Whoever holds the interpreter is counted: on one core, threads that only wait for it would look as busy.
    """
    counted: Counter[str] = Counter()
    with tempfile.NamedTemporaryFile(suffix=".txt") as stacks:
        before = _times(each.worker)
        _watch(each, scenario, Path(stacks.name), "raw", "--gil")
        user, system, hashed = (now - then for now, then in zip(_times(each.worker), before, strict=True))
        for stack, count in _COUNTED.findall(stacks.read().decode(errors="replace")):
            counted[kind_of(stack)] += int(count)
    parts = {kind: user * counted[kind] / counted.total() for kind in KINDS} | {SYSTEM: system}
    parts[HASHES] += hashed
    return {kind: seconds / sum(parts.values()) for kind, seconds in parts.items()}


def _times(worker: int) -> tuple[float, float, float]:
    """Return seconds of user and of system time, and of both in the thread that hashes passwords, which is in neither.

    That thread holds no interpreter while it hashes.
    """
    user, system = processes.cpu_times(worker)
    nice_user, nice_system = processes.cpu_times_of_the_nice(worker)
    return user - nice_user, system - nice_system, nice_user + nice_system


def kind_of(stack: str) -> str:
    """Return who works in a stack, written as `outermost (file:line);...;innermost (file:line)`."""
    for frame in reversed(stack.split(";")):
        found = _FILE.search(frame)
        file = found[1] if found else ""
        for kind, beginnings in KINDS.items():
            if file.startswith(beginnings):
                return kind
    return OURS


def _watch(each: Running, scenario: str, output: Path, form: str, *more: str) -> None:
    """Keep a service busy, and look PER_SECOND times a second at what its worker does."""
    options = ["--duration", str(SECONDS), "--rate", str(PER_SECOND), "--nonblocking", "--format", form, *more]
    command = [str(_PROGRAM), "record", "--pid", str(each.worker), "--output", str(output), *options]
    with processes.on_core(processes.DRIVER_CORE):
        looking = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + SECONDS
        while looking.poll() is None and time.monotonic() < until + 2:
            drive(each.target.port, SCENARIOS[scenario].operation(each.target), 1.0)
        _, errors = looking.communicate(timeout=30)
    if looking.returncode != 0:
        raise SystemExit(f"py-spy could not look: {errors}")
