"""One storm over one installation: clients ask, faults come one after the other, then all is counted.

Order of calls: people are made and clients begin; each fault is inflicted and lifted; after each the service heals by
itself, which a whole sign-in proves; at the end the clients stop, what is under way is delivered, and the history is
held against the promises and the stores.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.storm import shelves
from tests.storm.asking import Interrupted, Recorder
from tests.storm.clients import Client
from tests.storm.history import Breach, breaches
from tests.storm.person import Person
from tests.storm.watching import CLOSED, NOT_OPEN, Watch, slowest, unseen
from tests.storm.world import World
from tests.support.insider import Insider
from tests.support.public_app import question
from tests.support.visitor import PASSWORD

CLIENTS = 4
PEOPLE = 3
"""Citizens of each client."""
HEALS_WITHIN_SECONDS = 40.0
REFUSED_WITHIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks: done to the world, undone again, and returned from."""

    name: str
    inflict: Callable[[World], None]
    closes: bool = False
    """Whether nothing that needs a store can be answered meanwhile: then documents still are, and the rest is 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one fault did."""

    fault: str
    world: str
    began: float
    lifted: float
    healed: float | None
    """None where it did not heal in time."""
    outcomes: dict[str, int]
    refused_seconds: float
    """Within which 95 in 100 of those who came meanwhile to a closed door were told so."""


@dataclass(slots=True)
class Storm:
    """The clients of one world, what they saw, and what came of each fault."""

    world: World
    timed: bool = True
    """Whether a promise of time is held against what was seen: not where others compete for the machine."""
    recorder: Recorder = field(default_factory=Recorder)
    results: list[Result] = field(default_factory=list)
    breaches: list[Breach] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _watch: Watch | None = None
    _tester: Person | None = None

    def begin(self, clients: int = CLIENTS) -> None:
        """Make citizens and let the clients ask."""
        insider = Insider(self.world.service)
        for seed in range(clients):
            people = [self._person(insider) for _ in range(PEOPLE)]
            self.clients.append(Client(self.world, self.recorder, people, seed, self._stop))
        self._tester = self._person(insider)
        asked = question(self.world.service, self.world.app)
        self._watch = Watch(self.world.base, self.world.api, asked, lambda: self.recorder.during)
        for each in (*self.clients, self._watch):
            each.start()

    def suffer(self, fault: Fault) -> Result:
        """Inflict a fault, and wait until all is well again."""
        began, before = time.monotonic(), len(self.recorder.history)
        self.recorder.during = fault.name
        fault.inflict(self.world)
        lifted = time.monotonic()
        healed = self._healed(lifted)
        self.recorder.during = ""
        told = Counter(each.outcome.value for each in list(self.recorder.history)[before:])
        result = Result(
            fault=fault.name,
            world=self.world.name,
            began=began,
            lifted=lifted,
            healed=healed,
            outcomes=dict(told),
            refused_seconds=self._refused_seconds(fault, began, lifted),
        )
        self.results.append(result)
        self._judge(fault, result)
        return result

    def stop(self) -> None:
        """Stop asking, and wait for what is under way."""
        self._stop.set()
        for each in self.clients:
            each.join()
        if self._watch is not None:
            self._watch.end()

    def end(self) -> list[Breach]:
        """Stop, count what is there, and return every promise that was broken."""
        self.stop()
        kept = shelves.count(self.world, self.recorder, self.clients)
        self.breaches += breaches(self.recorder.history, kept)
        return self.breaches

    def _person(self, insider: Insider) -> Person:
        return Person(insider.new_citizen(PASSWORD).email, self.world.base, self.recorder)

    def _healed(self, lifted: float) -> float | None:
        """Return when a citizen could sign in again, in a browser that was never here."""
        assert self._tester is not None
        while time.monotonic() - lifted < HEALS_WITHIN_SECONDS:
            self._tester.take_another_browser()
            try:
                self._tester.come_back(question(self.world.service, self.world.app), self.world.app)
            except Interrupted:
                time.sleep(0.1)
            else:
                return time.monotonic()
        return None

    def _refused_seconds(self, fault: Fault, began: float, lifted: float) -> float:
        if not fault.closes or self._watch is None:
            return 0.0
        seen = [each for each in self._watch.seen if began <= each.at and each.at + each.seconds <= lifted]
        return max(slowest(seen, path) for path in CLOSED)

    def _judge(self, fault: Fault, result: Result) -> None:
        if result.healed is None:
            self._broken(fault, "all heals without a restart")
        if not fault.closes or self._watch is None:
            return
        seen = [each for each in self._watch.seen if result.began <= each.at < result.lifted]
        for each in unseen(seen):
            self._broken(fault, f"published documents and health answer without a store ({each.path}: {each.status})")
        since, until = self.world.closed
        for each in seen:
            if each.path in CLOSED and each.status not in NOT_OPEN and since < each.at < each.at + each.seconds < until:
                self._broken(fault, f"what needs a store says 503 without it ({each.path}: {each.status})")
        if self.timed and result.refused_seconds > REFUSED_WITHIN_SECONDS:
            self._broken(fault, f"what needs a store says 503 within a second ({result.refused_seconds:.1f} s)")

    def _broken(self, fault: Fault, promise: str) -> None:
        self.breaches.append(Breach(promise=promise, key=self.world.name, during=fault.name))
