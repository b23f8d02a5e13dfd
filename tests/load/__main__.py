"""`make bench`: this service and a peer, one core each in turn, side by side; ratios, since machines differ.

Order of calls: the stores' cost of one sign-in is counted; every target is started and a citizen signed in
there; each is warmed up; then each scenario runs in rounds, all targets in every round; then the report.
"""

import argparse
import logging
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

import structlog

from tests.load import processes, report, targets
from tests.load.driver import drive
from tests.load.report import Measure, Report, say
from tests.load.scenarios import SCENARIOS
from tests.load.targets import Running
from tests.support.counting import Cost, cost_of_sign_in
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer

WARM_UP_SECONDS = {False: 4.0, True: 1.0}
"""By `quick`. The peer's compiler needs some thousand requests."""
ROUNDS = {False: 5, True: 3}
ROUND_SECONDS = {False: 3.0, True: 1.0}


def main() -> None:
    """Measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under 90 seconds, and wider spread")
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        say("Counting what one sign-in costs the stores")
        costs = _costs(folder)
        running = []
        for start in (targets.peer, targets.sqlite, targets.postgresql):
            say(f"Starting {start.__name__}")
            running.append(stack.enter_context(start(folder / start.__name__)))
        with processes.on_core(processes.DRIVER_CORE):
            measures = _measure(running, quick=given.quick)
        memory = {each.target.name: processes.resident_megabytes(each.worker) for each in running}
    made = Report(measures=measures, memory=memory, costs=costs, rounds=ROUNDS[given.quick])
    report.publish(made, readme=given.readme)


def _costs(folder: Path) -> dict[str, Cost]:
    (folder / "counted").mkdir()
    on_files = [f"sqlite:///{folder}/counted/{name}.db" for name in ("durable", "ephemeral")]
    database, redis = PostgreSQL(), RedisServer()
    try:
        return {
            targets.SQLITE: cost_of_sign_in(*on_files)[0],
            targets.POSTGRESQL: cost_of_sign_in(database.url(database.create()), redis.url)[0],
        }
    finally:
        redis.end()
        database.end()


def _measure(running: list[Running], *, quick: bool) -> list[Measure]:
    measures = []
    for scenario in SCENARIOS:
        say(f"{scenario}: warming up")
        for each in running:
            _round(each, scenario, WARM_UP_SECONDS[quick])
        for number in range(ROUNDS[quick]):
            for each in running:
                measures.append(_round(each, scenario, ROUND_SECONDS[quick]))
                say(f"{scenario}: round {number + 1} of {ROUNDS[quick]}, {measures[-1]}")
    return measures


def _round(each: Running, scenario: str, seconds: float) -> Measure:
    pids = processes.family(each.process)
    before = processes.cpu_seconds(pids)
    run = drive(each.target.port, SCENARIOS[scenario](each.target), seconds)
    spent = processes.cpu_seconds(pids) - before
    cuts = quantiles(run.latencies, n=100)
    return Measure(
        target=each.target.name,
        scenario=scenario,
        per_second=len(run.latencies) / run.seconds,
        cpu_ms=1000 * spent / len(run.latencies),
        p50_ms=1000 * cuts[49],
        p99_ms=1000 * cuts[98],
        driver_share=run.own_cpu / run.seconds,
    )


if __name__ == "__main__":
    main()
