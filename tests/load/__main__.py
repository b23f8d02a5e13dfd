"""`make bench`: this service and a peer, one core each in turn, side by side; ratios, since machines differ.

Order of calls: the stores' cost of one sign-in is counted; every target is started and a citizen signed in
there; each is warmed up; then each scenario runs in rounds, all its sides in every round; then the report.
"""

import argparse
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import quantiles

import structlog

from tests.load import flame, limits, processes, report, targets
from tests.load.driver import Run, drive
from tests.load.plan import BARE, OURS, POSTGRESQL, SCENARIOS, SQLITE
from tests.load.report import Measure, Profile, Report, say
from tests.load.targets import Running, Stores
from tests.support.counting import Cost, cost_of_sign_in

WARM_UP_SECONDS = {False: 4.0, True: 1.0}
"""By `quick`. The peer's compiler needs some thousand requests."""
ROUNDS = {False: 5, True: 3}
ROUND_SECONDS = {False: 3.0, True: 1.0}
Round = Callable[[str, float], Measure]
"""What one side does in one round: of a scenario, for so many seconds."""


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under three minutes, and wider spread")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md, and the picture")
    parser.add_argument("--only", metavar="NAME", choices=SCENARIOS, help="one scenario alone")
    parser.add_argument("--flame", action="store_true", help="draw where the time goes instead of measuring")
    parser.add_argument("--beside", metavar="FILE", type=Path, help="figures of an earlier run, to compare with")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name, targets.stores() as kept:
        folder = Path(name)
        say("Counting what one sign-in costs the stores")
        costs = _costs(folder, kept)
        say("Starting everybody")
        with targets.everybody(folder, kept) as running, limits.acts(kept.pair()) as acts:
            sides = {each.target.name: _over_http(each) for each in running}
            sides |= {each: _in_process(each, acts[each]) for each in acts}
            chosen = [given.only] if given.only else list(SCENARIOS)
            ours = [each for each in running if each.target.name in OURS]
            if given.flame:
                flame.draw(ours, chosen)
                return
            with processes.on_core(processes.DRIVER_CORE):
                measures = _measure(sides, chosen, quick=given.quick)
            memory = {
                each.target.name: processes.resident_megabytes(each.worker)
                for each in running
                if each.target.name != BARE
            }
            profiles = _profiles(ours, chosen)
    made = Report(measures=measures, memory=memory, costs=costs, profiles=profiles, rounds=ROUNDS[given.quick])
    report.publish(made, readme=given.readme, beside=given.beside)


def _costs(folder: Path, kept: Stores) -> dict[str, Cost]:
    files = [f"sqlite:///{folder}/counted-{name}.db" for name in ("durable", "ephemeral")]
    pair = kept.pair()
    return {
        SQLITE: cost_of_sign_in(*files)[0],
        POSTGRESQL: cost_of_sign_in(pair.database_url, pair.ephemeral_url)[0],
    }


def _profiles(ours: list[Running], chosen: list[str]) -> list[Profile]:
    made = []
    for scenario in chosen:
        for each in ours:
            say(f"{scenario}: looking where the time of {each.target.name} goes")
            made.append(Profile(target=each.target.name, scenario=scenario, shares=flame.shares(each, scenario)))
    return made


def _measure(sides: Mapping[str, Round], chosen: list[str], *, quick: bool) -> list[Measure]:
    measures = []
    for scenario in chosen:
        taking_part = [name for name in sides if name in SCENARIOS[scenario].sides]
        say(f"{scenario}: warming up")
        for name in taking_part:
            sides[name](scenario, WARM_UP_SECONDS[quick])
        for number in range(ROUNDS[quick]):
            for name in taking_part:
                measures.append(sides[name](scenario, ROUND_SECONDS[quick]))
                say(f"{scenario}: round {number + 1} of {ROUNDS[quick]}, {measures[-1]}")
    for name in limits.TOLD:
        measures += [sides[name](report.LIMITS, ROUND_SECONDS[quick]) for _ in range(ROUNDS[quick])]
    return measures


def _over_http(each: Running) -> Round:
    def play(scenario: str, seconds: float) -> Measure:
        pids = processes.family(each.process)
        before = processes.cpu_seconds(pids)
        run = drive(each.target.port, SCENARIOS[scenario].operation(each.target), seconds)
        return _of(each.target.name, scenario, run, processes.cpu_seconds(pids) - before)

    return play


def _in_process(name: str, act: Callable[[], object]) -> Round:
    def play(scenario: str, seconds: float) -> Measure:
        run = limits.repeat(act, seconds)
        return _of(name, scenario, run, run.seconds)

    return play


def _of(target: str, scenario: str, run: Run, cpu_seconds: float) -> Measure:
    cuts = quantiles(run.latencies, n=100)
    return Measure(
        target=target,
        scenario=scenario,
        per_second=len(run.latencies) / run.seconds,
        cpu_ms=1000 * cpu_seconds / len(run.latencies),
        p50_ms=1000 * cuts[49],
        p99_ms=1000 * cuts[98],
        driver_share=run.own_cpu / run.seconds,
    )


if __name__ == "__main__":
    main()
