"""Where the time of a worker goes, as flame graphs in tests/output/: one for each scenario on each pair of stores."""

import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.load import processes
from tests.load.driver import drive
from tests.load.plan import SCENARIOS
from tests.load.report import OUTPUT, say
from tests.load.targets import Running

SECONDS = 8
PER_SECOND = 500
_PROGRAM = Path(sys.executable).with_name("py-spy")


def draw(running: Iterable[Running], scenarios: Iterable[str]) -> None:
    """Keep each service busy, and look PER_SECOND times a second at what its worker does."""
    OUTPUT.mkdir(exist_ok=True)
    watched = list(running)
    for scenario in scenarios:
        for each in watched:
            picture = OUTPUT / f"flame-{scenario}-{each.target.name}.svg".replace(" ", "-").replace(",", "")
            options = ["--duration", str(SECONDS), "--rate", str(PER_SECOND), "--nonblocking", "--format", "flamegraph"]
            command = [str(_PROGRAM), "record", "--pid", str(each.worker), "--output", str(picture), *options]
            with processes.on_core(processes.DRIVER_CORE):
                looking = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                until = time.monotonic() + SECONDS
                while looking.poll() is None and time.monotonic() < until + 2:
                    drive(each.target.port, SCENARIOS[scenario].operation(each.target), 1.0)
                _, errors = looking.communicate(timeout=30)
            if looking.returncode != 0:
                raise SystemExit(f"py-spy could not look: {errors}")
            say(f"{scenario}, {each.target.name}: {picture.relative_to(OUTPUT.parents[1])}")
