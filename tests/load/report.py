"""What the bench found, as ratios: on the screen, in tests/output/, and in the README with its picture."""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.load import chart, limits
from tests.load.plan import BARE, OURS, PEER, POSTGRESQL, REACH, SCENARIOS, SQLITE
from tests.support.counting import Cost

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "tests" / "output"
PICTURE = Path("tests", "load", "bench.svg")
"""As the README names it."""
LIMITS = "at most"
"""The name of the scenario in which limits are measured that no other one needs."""


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
class Profile:
    """Where the CPU time of a worker goes in one scenario."""

    target: str
    scenario: str
    shares: dict[str, float]
    """Of the whole, by kind of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run of the bench found."""

    measures: list[Measure]
    memory: dict[str, float]
    """Megabytes in RAM of the process that answers, at the end."""
    costs: dict[str, Cost]
    profiles: list[Profile]
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One row of the table on one pair of stores, round by round."""

    row: str
    target: str
    throughput: list[float]
    """Ours over theirs: more is better."""
    cpu: list[float]
    """Operations for one CPU second, ours over theirs: more is better."""


def publish(found: Report, *, readme: bool, beside: Path | None) -> None:
    """Print the report, keep it as JSON and as a picture, and write the README's table if asked.

    `beside` are the figures of an earlier run: what moved since is told.
    """
    ratios = list(_ratios(found))
    OUTPUT.mkdir(exist_ok=True)
    kept = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "ratios": [asdict(each) for each in ratios]}
    (OUTPUT / "bench.json").write_text(json.dumps(kept | asdict(found), indent=1))
    picture = chart.draw({f"{each.row}, {each.target}": each.throughput for each in ratios})
    (OUTPUT / "bench.svg").write_text(picture)
    print(_screen(found, ratios))  # noqa: T201 - what `make bench` is called for
    if beside is not None:
        print(_moved(ratios, json.loads(beside.read_text())["ratios"]))  # noqa: T201 - asked for
    say(f"All figures: {OUTPUT.relative_to(ROOT)}/bench.json, and as a picture bench.svg")
    if readme:
        (ROOT / PICTURE).write_text(picture)
        write_readme("bench", table(found, ratios))


def say(sentence: str) -> None:
    """Tell whoever waits what is going on."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - progress


def machine() -> str:
    """Return what this ran on, in a few words."""
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    processor = model[1] if model else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, Node {node}"


def table(found: Report, ratios: Sequence[Ratio]) -> str:
    """Return the README's part: ratios with their spread, what a second holds, then what a sign-in costs."""
    by = {(each.row, each.target): each for each in ratios}
    rows = []
    for row in dict.fromkeys(each.row for each in ratios):
        ours = [by.get((row, target)) for target in OURS]
        cells = [_spread(each.throughput) if each else "" for each in ours]
        cells += [_spread(each.cpu) if each else "" for each in ours]
        rows.append(f"| {row} | {REACH.get(row, '')} | {' | '.join(cells)} |")
    memory = ", ".join(f"{name} {size:.0f} MB" for name, size in found.memory.items())
    costs = "; ".join(
        f"on {name} {cost.rows} rows, {cost.queries} queries, {cost.trips} round trips to the short-lived store"
        for name, cost in found.costs.items()
    )
    return "\n".join(
        [
            f"Against npm `{PEER}` 9, one core each, on {datetime.now(UTC):%Y-%m-%d}: {SQLITE} beside its store in",
            f"memory, {POSTGRESQL} beside a store of it in Redis, both signing ES256. {machine()}.",
            f"Ours over theirs, more is better; the median of {found.rounds} rounds, and the least and most of them.",
            "",
            f"| | aim | rate, {SQLITE} | rate, {POSTGRESQL} | work per CPU second, {SQLITE} | {POSTGRESQL} |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            f"![The same ratios as bars]({PICTURE})",
            "",
            f"A second held {_rates(found)}.",
            f"A core did at most {_limits(found)}.",
            f"A sign-in costs {costs}. Memory of a worker: {memory}.",
            "",
            *_where_time_goes(found),
        ]
    )


def _where_time_goes(found: Report) -> Iterable[str]:
    """Return the table of what a worker's CPU time is spent on."""
    kinds = list(found.profiles[0].shares)
    yield f"Where a worker's CPU time goes, in per cent on {SQLITE} and on {POSTGRESQL}:"
    yield ""
    yield f"| | {' | '.join(kinds)} |"
    yield f"|---|{'---|' * len(kinds)}"
    for scenario in _scenarios(found):
        told = [each.shares for each in found.profiles if each.scenario == scenario]
        cells = [", ".join(f"{100 * shares[kind]:.0f}" for shares in told) for kind in kinds]
        yield f"| {scenario} | {' | '.join(cells)} |"


def _rates(found: Report) -> str:
    """Of each scenario, how often ours did it."""
    return ", ".join(
        f"{scenario} {' and '.join(f'{_rate(found, scenario, target):.0f}' for target in OURS)}"
        for scenario in _scenarios(found)
    )


def _limits(found: Report) -> str:
    told = [f"{_rate(found, LIMITS, name):.0f} {name}" for name in limits.TOLD]
    bare = [scenario for scenario in _scenarios(found) if _rounds(found, scenario, BARE)]
    return ", ".join(told + [f"{_rate(found, scenario, BARE):.0f} {BARE}" for scenario in bare])


def _ratios(found: Report) -> Iterable[Ratio]:
    for scenario in _scenarios(found):
        for row, beside in SCENARIOS[scenario].beside.items():
            for target, other in beside.items():
                pairs = list(zip(_rounds(found, scenario, target), _rounds(found, scenario, other), strict=True))
                yield Ratio(
                    row=row,
                    target=target,
                    throughput=[our.per_second / their.per_second for our, their in pairs],
                    cpu=[their.cpu_ms / our.cpu_ms for our, their in pairs],
                )


def _scenarios(found: Report) -> list[str]:
    return [name for name in SCENARIOS if any(each.scenario == name for each in found.measures)]


def _rounds(found: Report, scenario: str, target: str) -> list[Measure]:
    return [each for each in found.measures if (each.scenario, each.target) == (scenario, target)]


def _rate(found: Report, scenario: str, target: str) -> float:
    return median(each.per_second for each in _rounds(found, scenario, target))


def _screen(found: Report, ratios: Sequence[Ratio]) -> str:
    middle: list[Callable[[Measure], float]] = [
        lambda each: each.per_second,
        lambda each: each.cpu_ms,
        lambda each: each.p50_ms,
        lambda each: each.p99_ms,
        lambda each: 100 * each.driver_share,
    ]
    lines = ["", machine(), "", f"{'':31}{'':22}{'rate/s':>8}{'CPU ms':>8}{'p50 ms':>8}{'p99 ms':>8}{'driver':>8}"]
    for scenario, target in dict.fromkeys((each.scenario, each.target) for each in found.measures):
        figures = [median(map(of, _rounds(found, scenario, target))) for of in middle]
        cells = [f"{figures[0]:8.0f}", *(f"{figure:8.2f}" for figure in figures[1:4]), f"{figures[4]:7.0f}%"]
        lines.append(f"{scenario:31}{target:22}{''.join(cells)}")
    lines += ["", table(found, ratios), ""]
    return "\n".join(lines)


def _moved(ratios: Sequence[Ratio], before: list[dict[str, Any]]) -> str:
    """Say how the ratios of an earlier run differ."""
    then = {(each["row"], each["target"]): each["throughput"] for each in before}
    return "\n".join(
        f"{each.row}, {each.target}: {_spread(then[each.row, each.target])} then, {_spread(each.throughput)} now"
        for each in ratios
        if (each.row, each.target) in then
    )


def _spread(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def write_readme(place: str, text: str) -> None:
    """Put what `make <place> README=1` found where the README has a place for it."""
    begin, end = f"<!-- {place}: begin, written by `make {place} README=1` -->", f"<!-- {place}: end -->"
    path = ROOT / "README.md"
    before, _, rest = path.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"README.md has no place for this: {begin} ... {end}")
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}")
    say("README.md holds it now")
