"""`make capacity`: how many nodes, connections and gigabytes, and how much money, a population takes.

The figures lie beside the page, in docker/capacity.json; MEASURE=1 takes them anew (`capacity_figures`). What is taken
for granted of people, machines and prices stands on the page, and in this module alone.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil

from tests.load.capacity_figures import Figures, measure
from tests.load.report import ROOT, say

FIGURES, PAGE = ROOT / "docker" / "capacity.json", ROOT / "docker" / "capacity.md"
POPULATIONS = (5_000_000, 67_000_000, 330_000_000)

WITH_ACCOUNT = 0.8
SIGN_INS_A_YEAR = 60
"""Of each account."""
PEAK_A_MILLION = 32.0
"""Sign-ins a second for each million people: Norway's 2.5 million in an evening of four hours, for 5.4 million."""
MIX = {"SSO sign-in": 0.4, "password sign-in": 0.35, "passkey sign-in": 0.25}
"""How they sign in."""
SIGN_UPS = 0.05
"""For each sign-in at the peak; each is taken for two sign-ins with a password: it has as many pages, and a hash."""
LOOKS = 3
"""Introspections that follow a sign-in."""
CORES_A_NODE = 4
BUSY = 0.6
"""Of a node's cores, at the peak, with a third of the nodes gone."""
ZONES = 3
LARGEST_DATABASE_CORES = 64
INTERACTION_HOURS = 1.5
HOURS_A_YEAR, MONTHS_A_YEAR = 8766, 12
GIB = 1024**3


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What is paid, in whatever money: stated, not measured."""

    core_hour: float = 0.04
    gigabyte_month: float = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a population takes."""

    population: int
    sign_ins_a_second: float
    cores: float
    nodes: int
    connections: int
    database_cores: float
    rows_a_second: float
    redis_gigabytes: float
    first_gigabytes: float
    gigabytes_a_year: float
    cost_a_year: float


def plan(population: int, figures: Figures, prices: Prices) -> Plan:
    """Work out what a population takes at its peak and in a year."""
    accounts, peak = population * WITH_ACCOUNT, population / 1e6 * PEAK_A_MILLION
    sign_ins = accounts * SIGN_INS_A_YEAR
    cores = peak * _seconds(figures.service_ms)
    nodes = ZONES * max(ceil(cores / (CORES_A_NODE * BUSY) / (ZONES - 1)), 1)
    database = peak * _seconds(figures.database_ms)
    begun = peak * (1 - MIX["SSO sign-in"] + SIGN_UPS) * INTERACTION_HOURS * 3600
    first = accounts * figures.bytes_a_citizen / GIB
    grown = sign_ins * figures.bytes_a_sign_in / GIB
    machines = nodes * CORES_A_NODE + ZONES * max(ceil(database / BUSY), 2)
    return Plan(
        population=population,
        sign_ins_a_second=peak,
        cores=cores,
        nodes=nodes,
        connections=nodes * CORES_A_NODE * figures.connections_a_worker,
        database_cores=database,
        rows_a_second=peak * figures.rows_a_sign_in,
        redis_gigabytes=2 * begun * figures.bytes_an_interaction / GIB,
        first_gigabytes=first,
        gigabytes_a_year=grown,
        cost_a_year=machines * HOURS_A_YEAR * prices.core_hour
        + ZONES * (first + grown) * MONTHS_A_YEAR * prices.gigabyte_month,
    )


def _seconds(milliseconds: Mapping[str, float]) -> float:
    """Return the CPU seconds of one sign-in of the mix, with what comes along with it."""
    sign_in = sum(share * milliseconds[how] for how, share in MIX.items())
    return (sign_in + SIGN_UPS * 2 * milliseconds["password sign-in"] + LOOKS * milliseconds["introspection"]) / 1000


def page(figures: Figures, prices: Prices) -> str:
    """Return the page, whole."""
    plans = [plan(each, figures, prices) for each in POPULATIONS]
    return "\n".join([_HEAD, _assumed(prices), _MEASURED, measured(figures), _PLANS, table(plans), _TAIL, ""])


def table(plans: list[Plan]) -> str:
    """Return what each population takes, side by side."""
    rows = {
        "Sign-ins a second at the peak": [f"{each.sign_ins_a_second:,.0f}" for each in plans],
        "Cores that are busy then": [f"{each.cores:,.0f}" for each in plans],
        f"Nodes of {CORES_A_NODE} cores, a worker on each core": [f"{each.nodes:,}" for each in plans],
        "Connections to PostgreSQL": [f"{each.connections:,}" for each in plans],
        "Cores of the primary that are busy": [f"{each.database_cores:,.1f}" for each in plans],
        "Primaries that would take": [f"{ceil(each.database_cores / BUSY / LARGEST_DATABASE_CORES)}" for each in plans],
        "Rows written a second": [f"{each.rows_a_second:,.0f}" for each in plans],
        "Memory of Redis, GiB": [f"{each.redis_gigabytes:,.1f}" for each in plans],
        "Database at first, GiB": [f"{each.first_gigabytes:,.0f}" for each in plans],
        "Database, more every year, GiB": [f"{each.gigabytes_a_year:,.0f}" for each in plans],
        "Money a year": [f"{each.cost_a_year:,.0f}" for each in plans],
        "Money a year for each person": [f"{each.cost_a_year / each.population:.4f}" for each in plans],
    }
    head = f"| | {' | '.join(f'{each.population / 1e6:g} million' for each in plans)} |"
    lines = (f"| {what} | {' | '.join(figures)} |" for what, figures in rows.items())
    return "\n".join([head, f"|---|{'---|' * len(plans)}", *lines])


def measured(figures: Figures) -> str:
    """Return what was measured, as a table."""
    rows = [f"| {how} | {ms:.2f} | {figures.database_ms[how]:.2f} |" for how, ms in figures.service_ms.items()]
    spread = ", ".join(f"{ms:.2f} ms {where}" for where, ms in figures.sign_in_ms.items())
    return "\n".join(
        [
            f"On {figures.at}: {figures.machine}.",
            "",
            "| CPU time in ms | service | PostgreSQL |",
            "|---|---|---|",
            *rows,
            "",
            f"An SSO sign-in costs the service {spread}.",
            f"A citizen takes {figures.bytes_a_citizen:,.0f} bytes of the database with indexes, a sign-in"
            f" {figures.bytes_a_sign_in:,.0f} for good (its entries of the audit log) and writes"
            f" {figures.rows_a_sign_in:.0f} rows; a sign-in that was begun takes {figures.bytes_an_interaction:,.0f}"
            f" bytes of Redis. A worker has {figures.connections_a_worker} connections at most and"
            f" {figures.worker_megabytes:.0f} MB.",
        ]
    )


def _assumed(prices: Prices) -> str:
    how = ", ".join(f"{100 * share:.0f} % {name}" for name, share in MIX.items())
    return "\n".join(
        [
            f"- {100 * WITH_ACCOUNT:.0f} % of people have an account and sign in {SIGN_INS_A_YEAR} times a year.",
            f"- At the peak {PEAK_A_MILLION:.0f} a second sign in for each million people, which is what Norway's 2.5"
            " million in one evening were; GOV.UK One Login rehearses about five, with passkeys and sign-ups.",
            f"- Of these {how}; {100 * SIGN_UPS:.0f} sign-ups for a hundred sign-ins, each as costly as two with a"
            f" password; {LOOKS} introspections after each.",
            f"- {ZONES} zones, one of which may be lost at the peak; then cores are {100 * BUSY:.0f} % busy.",
            f"- A primary and two standbys in PostgreSQL, with {LARGEST_DATABASE_CORES} cores at most.",
            f"- {prices.core_hour} for a core an hour, {prices.gigabyte_month} for a gigabyte a month, in any money.",
        ]
    )


_HEAD = """# Capacity

What a population takes. Written by `make capacity` from `capacity.json`; `make capacity HOW="--population 20000000"`
prints it for yours, `MEASURE=1` measures anew, on your machine.

## What is assumed"""
_MEASURED = """
## What was measured"""
_PLANS = """
## What it takes"""
_TAIL = """
More than one primary is more than Countersign does: it does not spread citizens over databases. A database that speaks
PostgreSQL and spreads itself may; none was tried. A core is one of the machine above: measure on yours."""


def main() -> None:
    """Work it out, and write the page."""
    parser = argparse.ArgumentParser(prog="make capacity", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="take the figures anew; five minutes")
    parser.add_argument("--population", type=int, help="print what so many people take, and write nothing")
    parser.add_argument("--core-hour", type=float, default=Prices.core_hour, help="price of a core for an hour")
    parser.add_argument("--gigabyte-month", type=float, default=Prices.gigabyte_month, help="price of storage")
    given = parser.parse_args()
    prices = Prices(core_hour=given.core_hour, gigabyte_month=given.gigabyte_month)
    if given.measure:
        FIGURES.write_text(json.dumps(asdict(measure()), indent=1) + "\n")
    figures = read_figures()
    if given.population:
        print(table([plan(given.population, figures, prices)]))  # noqa: T201 - what was asked for
        return
    PAGE.write_text(page(figures, prices))
    say(f"{PAGE.relative_to(ROOT)} holds it now")


def read_figures() -> Figures:
    """Return the figures that the page rests on."""
    return Figures(**json.loads(FIGURES.read_text()))


if __name__ == "__main__":
    main()
