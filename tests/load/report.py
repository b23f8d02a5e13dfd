"""What the bench found, as ratios to the peer: on the screen, in tests/output/bench.json, and in the README."""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.load.targets import PEER, POSTGRESQL, SQLITE
from tests.support.counting import Cost

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "output" / "bench.json"
BEGIN, END = "<!-- bench: begin, written by `make bench README=1` -->", "<!-- bench: end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One round of one scenario on one target."""

    target: str
    scenario: str
    per_second: float
    cpu_ms: float
    """CPU time of all the target's processes, for one operation."""
    p50_ms: float
    p99_ms: float
    driver_share: float
    """Of its own core, what the driver used; near 1 it would be the driver that was measured."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.target}: {self.per_second:.0f}/s, {self.cpu_ms:.2f} ms CPU each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run of the bench found."""

    measures: list[Measure]
    memory: dict[str, float]
    """Megabytes in RAM of the process that answers, at the end."""
    costs: dict[str, Cost]
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One scenario on one pair of stores against the peer, round by round."""

    scenario: str
    target: str
    throughput: list[float]
    """Ours over theirs: more is better."""
    cpu: list[float]
    """Operations for one CPU second, ours over theirs: more is better."""


def publish(found: Report, *, readme: bool) -> None:
    """Print the report, keep it as JSON, and write the README's table if asked."""
    ratios = list(_ratios(found))
    print(_screen(found, ratios))  # noqa: T201 - what `make bench` is called for
    OUTPUT.parent.mkdir(exist_ok=True)
    kept = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "ratios": [asdict(each) for each in ratios]}
    OUTPUT.write_text(json.dumps(kept | asdict(found), indent=1))
    say(f"All figures: {OUTPUT.relative_to(ROOT)}")
    if readme:
        _write_readme(table(found, ratios))


def say(sentence: str) -> None:
    """Tell whoever waits what is going on."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - progress


def machine() -> str:
    """Return what this ran on, in a few words."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    processor = model[1] if model else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, Node {node}"


def table(found: Report, ratios: Iterable[Ratio]) -> str:
    """Return the README's part: ratios with their spread, then what a sign-in costs."""
    by = {(each.scenario, each.target): each for each in ratios}
    rows = [
        f"| {scenario} | "
        + " | ".join(_spread(by[scenario, target].throughput) for target in (SQLITE, POSTGRESQL))
        + " | "
        + " | ".join(_spread(by[scenario, target].cpu) for target in (SQLITE, POSTGRESQL))
        + " |"
        for scenario in dict.fromkeys(scenario for scenario, _ in by)
    ]
    memory = ", ".join(f"{name} {size:.0f} MB" for name, size in found.memory.items())
    costs = "; ".join(
        f"on {name} {cost.rows} rows, {cost.queries} queries, {cost.trips} round trips to the short-lived store"
        for name, cost in found.costs.items()
    )
    return "\n".join(
        [
            f"Against npm `{PEER}` 9 with its store in memory, one core each, on {datetime.now(UTC):%Y-%m-%d}:",
            f"{machine()}.",
            f"Ours over theirs, more is better; the median of {found.rounds} rounds, and the least and most of them.",
            "",
            f"| | rate, {SQLITE} | rate, {POSTGRESQL} | work per CPU second, {SQLITE} | {POSTGRESQL} |",
            "|---|---|---|---|---|",
            *rows,
            "",
            f"A sign-in costs {costs}. Memory of a worker: {memory}.",
        ]
    )


def _ratios(found: Report) -> Iterable[Ratio]:
    for scenario in dict.fromkeys(each.scenario for each in found.measures):
        theirs = _rounds(found, scenario, PEER)
        for target in (SQLITE, POSTGRESQL):
            pairs = list(zip(_rounds(found, scenario, target), theirs, strict=True))
            yield Ratio(
                scenario=scenario,
                target=target,
                throughput=[our.per_second / their.per_second for our, their in pairs],
                cpu=[their.cpu_ms / our.cpu_ms for our, their in pairs],
            )


def _rounds(found: Report, scenario: str, target: str) -> list[Measure]:
    return [each for each in found.measures if (each.scenario, each.target) == (scenario, target)]


def _screen(found: Report, ratios: Iterable[Ratio]) -> str:
    lines = ["", machine(), "", f"{'':20}{'':20}{'rate/s':>8}{'CPU ms':>8}{'p50 ms':>8}{'p99 ms':>8}{'driver':>8}"]
    for scenario in dict.fromkeys(each.scenario for each in found.measures):
        for target in found.memory:
            rounds = _rounds(found, scenario, target)
            middle: list[Callable[[Measure], float]] = [
                lambda each: each.per_second,
                lambda each: each.cpu_ms,
                lambda each: each.p50_ms,
                lambda each: each.p99_ms,
                lambda each: 100 * each.driver_share,
            ]
            figures = [median(map(of, rounds)) for of in middle]
            cells = [f"{figures[0]:8.0f}", *(f"{figure:8.2f}" for figure in figures[1:4]), f"{figures[4]:7.0f}%"]
            lines.append(f"{scenario:20}{target:20}{''.join(cells)}")
    lines += ["", table(found, ratios), ""]
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _write_readme(text: str) -> None:
    path = ROOT / "README.md"
    before, _, rest = path.read_text().partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise SystemExit(f"README.md has no place for the table: {BEGIN} ... {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    say("README.md holds the table now")
