"""What is there at the end of what was acknowledged: looked for in the stores, and asked for over HTTP."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import parse_qs

from idp.audit.chain import find_break
from tests.storm.asking import Interrupted, Recorder
from tests.storm.clients import Client
from tests.storm.history import Kept, Outcome
from tests.storm.person import Person
from tests.storm.world import TOLD, World
from tests.support.insider import Insider
from tests.support.public_app import question
from tests.support.server import wait_until
from tests.support.token_office import claims_in

DELIVERED_WITHIN_SECONDS = 60.0
"""The first retries of the outbox come after seconds; a hanging agency is left alone for ten."""
_IN_LOG = {"grant": "code.redeemed", "renewal": "token.refreshed"}


def count(world: World, recorder: Recorder, clients: Iterable[Client]) -> list[Kept]:
    """Look for everything; the audit log is sealed to its end and intact, or this is an AssertionError."""
    insider = Insider(world.service)
    every = list(clients)
    heads = Kept("head", _heads(recorder, every), "the family's head")
    people = Kept("sign up", _come_back(world, recorder, [who for each in every for who in each.newcomers]))
    over = _revoked(insider, recorder)
    return [heads, people, over, _consents(insider, recorder), _sessions(world, recorder), *_log(insider)]


def _heads(recorder: Recorder, clients: list[Client]) -> dict[str, int]:
    """Renew once more by the newest refresh token of each family that nobody can have ended."""
    for client in clients:
        for family in client.families:
            if family.settled:
                recorder.note("head", family.grant, Outcome.OK, invoked=time.monotonic())
    return {
        family.grant: 1 for client in clients for family in client.families if family.settled and client.renews(family)
    }


def _come_back(world: World, recorder: Recorder, newcomers: list[Person]) -> dict[str, int]:
    """Have everybody sign in whose account was acknowledged, by the password of that day."""
    signed_up = {each.key for each in recorder.history if (each.act, each.outcome) == ("sign up", Outcome.OK)}
    found = {}
    for person in newcomers:
        if person.email in signed_up:
            person.take_another_browser()
            try:
                person.come_back(question(world.service, world.app), world.app)
                found[person.email] = 1
            except Interrupted:
                continue
    return found


def _consents(insider: Insider, recorder: Recorder) -> Kept:
    agreed = [each.key for each in recorder.history if (each.act, each.outcome) == ("agree", Outcome.OK)]
    found: dict[str, int] = {}
    with insider.use.database.work() as stores:
        for key in agreed:
            client_id, _, email = key.partition(" ")
            citizen = stores.citizens.find_by_email(email)
            found[key] = int(citizen is not None and stores.consents.find(citizen.citizen_id, client_id) is not None)
    return Kept("agree", found)


def _revoked(insider: Insider, recorder: Recorder) -> Kept:
    """Return which revoked grants have ended; by what does not matter: a token tried twice may have been first."""
    given_back = {each.key for each in recorder.history if (each.act, each.outcome) == ("revoke", Outcome.OK)}
    now = insider.use.clock.now()
    with insider.use.database.work() as stores:
        return Kept("revoke", {grant: int(stores.grants.find(grant, now) is None) for grant in given_back}, "done")


def _sessions(world: World, recorder: Recorder) -> Kept:
    """Return of which ended sessions the agency has heard, once nothing is under way to it any more."""
    over = {each.key for each in recorder.history if (each.act, each.outcome) == ("sign out", Outcome.OK)}

    def heard() -> set[str]:
        forms = [parse_qs(body.decode()) for path, _, body in list(world.agency.calls) if path == TOLD]
        return {claims_in(form["logout_token"][0])["sid"] for form in forms}

    with suppress(TimeoutError):
        wait_until(lambda: over <= heard(), seconds=DELIVERED_WITHIN_SECONDS, what="Every agency has heard")
    return Kept("sign out", dict.fromkeys(heard(), 1), "told to its agency")


def _log(insider: Insider) -> list[Kept]:
    """Return what the log holds of grants, after it was sealed to its end and every link was followed."""
    wait_until(lambda: _unsealed(insider) == 0, seconds=DELIVERED_WITHIN_SECONDS, what="The log is sealed")
    counted: dict[str, Counter[str]] = {name: Counter() for name in _IN_LOG.values()}
    with insider.use.database.work() as stores:
        assert find_break(stores.audit.sealed(), stores.audit.head()) is None
        for entry in stores.audit.sealed():
            if entry.name in counted:
                counted[entry.name][json.loads(entry.body)["grant_id"]] += 1
    return [Kept(act, counted[name], "in the log") for act, name in _IN_LOG.items()]


def _unsealed(insider: Insider) -> int:
    with insider.use.database.work() as stores:
        return stores.audit.count_unsealed(1)
