"""`make flood`: more than one worker can do, and how it bends: a spike, a flood of passwords, a herd of refreshes.

Order of calls: what the worker does alone is measured; then the same under each flood, and after it. The crowd and
the citizens whom it presses share the other core, so what is told is the least that was reached.
"""

import argparse
import json
import logging
import multiprocessing
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import quantiles
from threading import Timer

import structlog

from tests.load import processes, scenarios, targets
from tests.load.coming import come
from tests.load.driver import Answer, Run, drive
from tests.load.people import Browser, begun, question, signed_in, with_password
from tests.load.plan import POSTGRESQL
from tests.load.report import OUTPUT, machine, say, write_readme
from tests.load.scenarios import SCOPE, Target
from tests.load.targets import Running
from tests.support.site import hidden_fields

USUAL, CROWD = 5, 500
"""Citizens who come every second to sign in, on other days and in the spike."""
UNDER_WAY = 32
"""Those who sign in with a session meanwhile, again and again."""
GUESSERS = 64
HERD = 1000
OUTAGE_SECONDS = 3.0
SECONDS = {False: 60.0, True: 15.0}
"""By `quick`: how long a spike lasts."""
PACE = {"JWKS": scenarios.jwks, "client_credentials": scenarios.client_credentials}
"""What goes first, and must not feel that others wait."""

Act = Callable[[Target, int, float], Counter[int]]
"""What a crowd does: to whom, how many they are, for how many seconds; and how often they met each status."""


@dataclass(slots=True)
class Found:
    """What came of it."""

    alone: float = 0.0
    """SSO sign-ins a second with nobody else there."""
    spike: dict[str, float] = field(default_factory=dict)
    flood: dict[str, float] = field(default_factory=dict)
    herd: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Flood a worker, and print what it did."""
    parser = argparse.ArgumentParser(prog="make flood", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fifteen seconds of spike instead of sixty")
    parser.add_argument("--readme", action="store_true", help="write the sentences into README.md")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = Found()
    with (
        tempfile.TemporaryDirectory(prefix="countersign-flood-") as name,
        targets.stores() as kept,
        targets.ours(POSTGRESQL, kept.pair(), Path(name)) as running,
        processes.on_core(processes.DRIVER_CORE),
    ):
        target = running.target
        drive(target.port, scenarios.sign_in(target), 2.0)
        found.alone = _rate(drive(target.port, scenarios.sign_in(target), 5.0))
        say(f"Alone: {found.alone:.0f} SSO sign-ins a second")
        found.spike = _spike(target, found.alone, SECONDS[given.quick])
        found.flood = _flood(target)
        found.herd = _herd(running)
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "flood.json").write_text(json.dumps({"machine": machine(), **asdict(found)}, indent=1))
    told = sentences(found)
    print(told)  # noqa: T201 - what it was called for
    if given.readme:
        write_readme("flood", told)


def sentences(found: Found) -> str:
    """Say what was found, for the README."""
    spike, flood, herd = found.spike, found.flood, found.herd
    return "\n".join(
        [
            f"One worker on {POSTGRESQL}, which does {found.alone:.0f} SSO sign-ins a second alone:",
            f"- {CROWD} citizens come every second for {spike['seconds']:.0f} s, {CROWD // USUAL} times the usual"
            f" {USUAL}, and come back when they are told to ({spike['asked']:.1f} requests each):"
            f" {100 * spike['goodput']:.0f} % of its work goes on being done ({100 * spike['under way']:.0f} % for"
            f" those under way), JWKS p95 {spike['JWKS']:.1f} ms, client_credentials"
            f" {spike['client_credentials']:.0f} ms. As before {spike['recovery']:.0f} s after.",
            f"- {GUESSERS} that try passwords without pause: JWKS p95 {flood['JWKS, guessers']:.2f} times that at rest,"
            f" client_credentials {flood['client_credentials, guessers']:.2f} times; beside as many that open the same"
            f" pages and try none, {flood['JWKS, readers']:.2f} and {flood['client_credentials, readers']:.2f} times.",
            f"- {HERD} services that all refresh at once after {OUTAGE_SECONDS:.0f} s of silence: all renewed after"
            f" {herd['seconds']:.1f} s, {herd['attempts']:.2f} requests each, {herd['lost']:.0f} lost.",
        ]
    )


def _rate(run: Run) -> float:
    return len(run.latencies) / run.seconds


def _p95(run: Run) -> float:
    return 1000 * quantiles(run.latencies, n=20)[-1]


def _pace(target: Target) -> dict[str, float]:
    """Return the p95 of each of PACE, in ms."""
    return {name: _p95(drive(target.port, of(target), 2.0, connections=2)) for name, of in PACE.items()}


# a spike


def _spike(target: Target, alone: float, seconds: float) -> dict[str, float]:
    """Have more come every second than can begin, each of whom comes back as they are told, and sign in beside them."""
    begun_alone = _rate(drive(target.port, begun(target), 3.0))
    say(f"Alone: {begun_alone:.0f} new sign-ins begun a second")
    with _beside(_crowd, target, CROWD, seconds) as crowd:
        time.sleep(3.0)
        pace = _pace(target)
        under_way = _rate(drive(target.port, scenarios.sign_in(target), seconds - 9.0, connections=UNDER_WAY))
        say(f"In the spike: {under_way:.0f} SSO sign-ins a second, p95 in ms {pace}")
        met = crowd()
    began = time.monotonic()
    while (again := _rate(drive(target.port, scenarios.sign_in(target), 1.0))) < 0.8 * alone:
        if time.monotonic() - began > 60:
            break
    recovery = time.monotonic() - began
    say(f"After it: {again:.0f} a second within {recovery:.0f} s; the crowd met {dict(met)}")
    return pace | {
        "seconds": seconds,
        "came": CROWD,
        "goodput": under_way / alone + met[200] / seconds / begun_alone,
        "under way": under_way / alone,
        "asked": met.total() / CROWD / seconds,
        "recovery": recovery,
    }


def _crowd(target: Target, a_second: int, seconds: float) -> Counter[int]:
    """Have so many citizens come every second, ask for a new sign-in, and wait when they are told to."""
    browsers = [Browser(target) for _ in range(int(a_second * seconds))]
    return come(
        target.port,
        {number / a_second: partial(_arrive, browser) for number, browser in enumerate(browsers)},
        until=seconds,
    )


def _arrive(browser: Browser) -> Generator[bytes, Answer, None]:
    answer = yield browser.get(question(browser.target))
    browser.keep(answer)
    if answer.status == 303:
        yield browser.get(answer.header("Location"))


# a flood of passwords


def _flood(target: Target) -> dict[str, float]:
    """Have passwords tried, and see whether the cheap is as fast as at rest, and as beside who opens pages alone."""
    rest = _pace(target)
    found: dict[str, float] = {}
    for what, act in (("guessers", _guess), ("readers", _read)):
        with _beside(act, target, GUESSERS, 12.0) as crowd:
            time.sleep(2.0)
            pace = _pace(target)
            met = crowd()
        say(f"Among {what}: p95 in ms {pace}, at rest {rest}; they met {dict(met)}")
        found |= {f"{name}, {what}": pace[name] / rest[name] for name in PACE}
    return found


def _guess(target: Target, guessers: int, seconds: float) -> Counter[int]:
    """Try passwords of people who are not known, each in a browser of its own, and mind no answer."""
    return _come_again(target, guessers, seconds, tries=True)


def _read(target: Target, readers: int, seconds: float) -> Counter[int]:
    """Do the same, but open the page once more instead of sending a password: nothing is hashed."""
    return _come_again(target, readers, seconds, tries=False)


def _come_again(target: Target, visitors: int, seconds: float, *, tries: bool) -> Counter[int]:
    met: Counter[int] = Counter()

    def operation() -> Generator[bytes, Answer, None]:
        browser = Browser(target)
        answer = yield browser.get(question(target))
        if answer.status == 303:
            browser.keep(answer)
            path = answer.header("Location")
            answer = yield browser.get(path)
            if answer.status == 200:
                browser.keep(answer)
                form = hidden_fields(answer.body.decode()) | {"email": f"{met.total()}@nowhere.example"}
                wrong = form | {"password": "wrong, and long enough"}
                answer = yield browser.post(path, wrong) if tries else browser.get(path)
        met[answer.status] += 1

    drive(target.port, operation, seconds, connections=visitors)
    return met


# a herd of refreshes


def _herd(running: Running) -> dict[str, float]:
    """Silence the worker, have everybody refresh, let it go on, and wait until each has a new token."""
    target = running.target
    tokens = _refresh_tokens(target, HERD)
    began = time.monotonic()
    os.kill(running.worker, signal.SIGSTOP)
    resume = Timer(OUTAGE_SECONDS, os.kill, (running.worker, signal.SIGCONT))
    resume.start()
    met = come(target.port, {number * 1e-6: partial(_refresh, target, token) for number, token in enumerate(tokens)})
    seconds = time.monotonic() - began - OUTAGE_SECONDS
    say(f"The herd was through after {seconds:.1f} s; it met {dict(met)}")
    return {"seconds": seconds, "attempts": met.total() / HERD, "lost": HERD - met[200]}


def _refresh(target: Target, token: str) -> Generator[bytes, Answer, None]:
    yield target.post("token_endpoint", {"grant_type": "refresh_token", "refresh_token": token})


def _refresh_tokens(target: Target, number: int) -> list[str]:
    """Sign a citizen in once for each service, in the browser where they are signed in already."""
    held: list[str] = []
    person = target.people[0]
    browser = Browser(target)

    def operation() -> Generator[bytes, Answer, None]:
        while len(held) < number:
            told = yield from signed_in(browser, with_password, person, scope=f"{SCOPE} offline_access")
            held.append(told["refresh_token"])

    drive(target.port, operation, 0.0, connections=1)
    return held


@contextmanager
def _beside(act: Act, target: Target, number: int, seconds: float) -> Iterator[Callable[[], Counter[int]]]:
    """Run `act` in another process while the block runs; what is given waits for what it met."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as other:
        done = other.submit(act, replace(target, people=()), number, seconds)
        yield done.result


if __name__ == "__main__":
    main()
