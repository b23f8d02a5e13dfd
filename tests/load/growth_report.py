"""What growing costs: for each thing done, how long it takes in a larger country, over the smallest one."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.load.pauses import EARLIER, UPGRADE, Pause
from tests.load.report import OUTPUT, ROOT, machine, say, write_readme

REACH = 1.25


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """How large a country is."""

    rows: int
    citizens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The median of one round."""

    store: str
    size: Size
    path: str
    round: int
    ms: float


def publish(everything: Sequence[Measured | Pause], *, readme: bool) -> None:
    """Print the tables, keep the figures, and write the README's lines if asked."""
    found = [each for each in everything if isinstance(each, Measured)]
    pauses = [each for each in everything if isinstance(each, Pause)]
    at = datetime.now(UTC).isoformat()
    kept = {
        "at": at,
        "machine": machine(),
        "rounds": [asdict(each) for each in found],
        "pauses": [asdict(each) for each in pauses],
    }
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "growth.json").write_text(json.dumps(kept, indent=1))
    print(f"{table(found)}\n\n{told(pauses)}\n\n{summary(at, found, pauses)}")  # noqa: T201 - asked for
    say(f"All figures: {OUTPUT.relative_to(ROOT)}/growth.json")
    if readme:
        write_readme("growth", summary(at, found, pauses))


def publish_again(file: Path) -> None:
    """Write the README's lines from the figures of an earlier run."""
    kept = json.loads(file.read_text())
    found = [Measured(**{**each, "size": Size(**each["size"])}) for each in kept["rounds"]]
    write_readme("growth", summary(kept["at"], found, [Pause(**each) for each in kept["pauses"]]))


def summary(at: str, found: Sequence[Measured], pauses: Sequence[Pause]) -> str:
    """Return the README's lines: the largest country over the smallest, and what waited for the worker."""
    sizes = sorted({each.size for each in found})
    stores = list(dict.fromkeys(each.store for each in found))
    rounds = max(each.round for each in found) + 1
    parts = [
        f"{path} {' and '.join(f'{median(_ratios(found, path, sizes[0], store, sizes[-1])):.2f}' for store in stores)}"
        for path in dict.fromkeys(each.path for each in found)
    ]
    purges = [each for each in pauses if each.kind not in ("nothing", "seal", UPGRADE)]
    upgrades = [
        f"{each.longest_ms / 1000:.1f} s on {each.store} (the longest write beside it {each.longest_write_ms:.0f} ms)"
        for each in pauses
        if each.kind == UPGRADE
    ]
    upgraded = [f"`db upgrade` from revision {EARLIER} took {' and '.join(upgrades)}."] if upgrades else []
    return "\n".join(
        [
            f"On {at[:10]}, {_rounded(sizes[-1].rows)} rows over {_rounded(sizes[0].rows)}, on {' and '.join(stores)}:"
            f" {', '.join(parts)}.",
            f"The median of {rounds} rounds; the aim is {REACH} at most. {sizes[-1].citizens:,} citizens with a"
            " password and a passkey each, ten audit entries each.",
            f"The longest batch of a purge took {max(each.longest_ms for each in purges):.0f} ms; the longest write"
            f" beside them {max(each.longest_write_ms for each in purges):.0f} ms.",
            *upgraded,
        ]
    )


def told(pauses: Sequence[Pause]) -> str:
    """Return how long the worker's batches took, and what waited for them."""
    lines = [
        "What the worker does in the largest country, in milliseconds, with small writes one after the other beside it:"
    ]
    lines += ["", "| | batches, rows | a batch | the longest | longest write beside it | 99 of 100 writes |"]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {each.store}: {each.kind} | {each.batches}, {each.rows:,} | {each.median_ms:.0f} | {each.longest_ms:.0f} |"
        f" {each.longest_write_ms:.0f} | {each.write_p99_ms:.0f} |"
        for each in pauses
    ]
    return "\n".join(lines)


def table(found: Sequence[Measured]) -> str:
    """Return the ratios of every size, with their spread."""
    sizes = sorted({each.size for each in found})
    stores = list(dict.fromkeys(each.store for each in found))
    columns = [(store, size) for store in stores for size in sizes[1:]]
    heads = [f"{store}, {_rounded(size.rows)} rows" for store, size in columns]
    rounds = max(each.round for each in found) + 1
    lines = [
        f"Time of each in a larger country over that in one of {_rounded(sizes[0].rows)} rows, on"
        f" {datetime.now(UTC):%Y-%m-%d}, citizens and services drawn at random: the median of {rounds} rounds, and the"
        f" least and most. The aim is {REACH} at most. The largest has {sizes[-1].citizens:,} citizens with two"
        " credentials each, and ten audit entries.",
        "",
        f"| | {' | '.join(heads)} |",
        f"|---|{'---|' * len(heads)}",
    ]
    paths = dict.fromkeys(each.path for each in found)
    cells = {path: [_ratio(found, path, sizes[0], *column) for column in columns] for path in paths}
    return "\n".join(lines + [f"| {path} | {' | '.join(cells[path])} |" for path in paths])


def _ratio(found: Sequence[Measured], path: str, smallest: Size, store: str, size: Size) -> str:
    ratios = _ratios(found, path, smallest, store, size)
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _ratios(found: Sequence[Measured], path: str, smallest: Size, store: str, size: Size) -> list[float]:
    def rounds(of: Size) -> list[float]:
        chosen = (each for each in found if (each.store, each.path, each.size) == (store, path, of))
        return [each.ms for each in sorted(chosen, key=lambda each: each.round)]

    return [large / small for large, small in zip(rounds(size), rounds(smallest), strict=True)]


def _rounded(rows: int) -> str:
    return f"{float(f'{rows:.1e}'):,.0f}"
