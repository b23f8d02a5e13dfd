"""Citizens, agencies and operators in any order, over HTTP, against a model of a few lines, on both pairs of stores.

`COUNTERSIGN_EXAMPLES=500 pytest tests/journeys/test_state_machine.py` tries more than a test run has time for.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import booleans, integers, sampled_from
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.consent.items import items_of
from keys import rotation
from keys.rotation import Rules
from keys.states import Purpose
from tests.support.pair import CONFIDENTIAL, PUBLIC, SECRET, both
from tests.support.site import Browser, Site, hidden_fields
from tests.support.token_office import VERIFIER, claims_in

__all__ = ["both"]

SIGNING = [(purpose, "ES256") for purpose in Purpose]
GRACE = timedelta(seconds=10)
EXAMPLES = int(os.environ.get("COUNTERSIGN_EXAMPLES", "30"))

REACHES = {
    "login_required",
    "code spent twice",
    "refreshed",
    "refresh token replayed",
    "userinfo 200",
    "userinfo 401",
}


@dataclass(eq=False)
class Sitting:
    """One session of one citizen, as the model knows it."""

    citizen: Citizen
    ended: bool = False


@dataclass(eq=False)
class Family:
    """A code and all that it bought."""

    client: RelyingParty
    sitting: Sitting
    code: str
    scope: str
    spent: bool = False
    ended: bool = False
    access: list[str] = field(default_factory=list)
    refresh: list[str] = field(default_factory=list)
    """Every refresh token handed out, newest last."""
    rotated_at: datetime | None = None

    @property
    def offline(self) -> bool:
        return "offline_access" in self.scope


class Countersign(RuleBasedStateMachine):
    """Every rule does one thing over HTTP and holds the answer against the model."""

    site: Site
    reached: ClassVar[Counter[str]]
    """How often, over all examples, what the model expects was seen; a run that reached nothing proves nothing."""
    families = Bundle("families")

    def __init__(self) -> None:
        super().__init__()
        self.people = [self.site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org") for _ in range(2)]
        self.active = {citizen.citizen_id for citizen in self.people}
        self.browser: Browser = self.site.browser()
        self.sitting: Sitting | None = None
        self.flushed: set[str] = set()
        self.made: list[Family] = []
        self.subjects: dict[tuple[str, str], str] = {}
        with self.site.use.database.work() as stores:
            for citizen in self.people:
                for client in (PUBLIC, CONFIDENTIAL):
                    items = items_of(client.scope, {})
                    stores.consents.agree(citizen.citizen_id, client.client_id, items, self.site.clock.now())

    # what people do

    @initialize(target=families)
    def arrive(self) -> Any:
        self.sign_in(0)
        family = self.authorize(PUBLIC, offline=True)
        self.redeem(family)
        return family

    @rule(who=integers(0, 1))
    def sign_in(self, who: int) -> None:
        if self.people[who].citizen_id in self.active:
            self.browser = self.site.browser()
            self.browser.sign_in(self.people[who])
            self.sitting = Sitting(self.people[who])

    @rule(target=families, client=sampled_from([PUBLIC, CONFIDENTIAL]), offline=booleans())
    def authorize(self, client: RelyingParty, offline: bool) -> Any:
        scope = "openid email offline_access" if offline else "openid email"
        asked = {
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uris[0],
            "scope": scope,
            "prompt": "none",
        }
        answer = self.browser.authorize(asked)
        assert answer.location.startswith(client.redirect_uris[0] + "?")
        if not self.signed_in:
            assert "error=login_required" in answer.location
            self.reached["login_required"] += 1
            return multiple()
        assert self.sitting is not None
        code = told_at(answer, client)["code"]
        family = Family(client, self.sitting, code, scope)
        self.made.append(family)
        return family

    @precondition(lambda self: self.signed_in)
    @rule()
    def sign_out(self) -> None:
        asked = self.browser.get("/logout")
        page = self.browser.get(asked.location)
        if "csrf_token" in page.text:
            self.browser.post(asked.location, {**hidden_fields(page.text), "decision": "sign-out"})
        if self.sitting is not None:
            self.sitting.ended = True
        assert "error=login_required" in self.browser.authorize({"prompt": "none"}).location

    # what agencies do

    @rule(family=families, by_owner=booleans())
    def redeem(self, family: Family, by_owner: bool = True) -> None:
        good = by_owner and not family.spent and family.code not in self.flushed and self.alive(family.sitting)
        answer = self.token(family.client if by_owner else thief_of(family), self.redemption(family))
        if family.spent:
            family.ended = True
            self.reached["code spent twice"] += 1
        family.spent = family.spent or family.code not in self.flushed
        if good:
            self.receive(family, answer)
        else:
            assert_refused(answer, "invalid_grant")

    @rule(family=families, newest=integers(0, 2), late=booleans())
    def refresh(self, family: Family, newest: int, late: bool) -> None:
        if not family.refresh:
            return
        if late:
            self.let_time_pass()
        place = max(len(family.refresh) - 1 - newest, 0)
        answer = self.token(family.client, {"grant_type": "refresh_token", "refresh_token": family.refresh[place]})
        now, back = self.site.clock.now(), len(family.refresh) - 1 - place
        lost = back == 1 and family.rotated_at is not None and now - family.rotated_at <= GRACE
        if not self.stands(family):
            assert_refused(answer, "invalid_grant")
        elif back == 0:
            self.receive(family, answer)
            self.reached["refreshed"] += 1
            if family.client is PUBLIC:
                family.rotated_at = now
        elif lost:
            assert answer.get_json()["refresh_token"] == family.refresh[-1]
        else:
            assert_refused(answer, "invalid_grant")
            family.ended = True
            self.reached["refresh token replayed"] += 1

    @rule(family=families)
    def refresh_with_another_client(self, family: Family) -> None:
        if family.refresh:
            answer = self.token(thief_of(family), {"grant_type": "refresh_token", "refresh_token": family.refresh[-1]})
            assert_refused(answer, "invalid_grant")

    @rule(family=families, which=sampled_from(["access", "refresh"]), by_owner=booleans())
    def revoke(self, family: Family, which: str, by_owner: bool) -> None:
        tokens: list[str] = getattr(family, which)
        if tokens:
            answer = self.post("/revoke", {"token": tokens[-1]}, family.client if by_owner else thief_of(family))
            if by_owner:
                assert answer.status_code == 200
                family.ended = True

    # what operators and fate do

    def disable_a_citizen(self) -> None:
        citizen_id = self.people[0].citizen_id
        with self.site.use.database.work() as stores:
            stores.citizens.disable(citizen_id, self.site.clock.now())
        self.active.discard(citizen_id)

    @rule(
        what=sampled_from(
            ["let_time_pass", "rotate_keys", "restart", "lose_everything_short_lived", "disable_a_citizen"]
        )
    )
    def strike(self, what: str) -> None:
        """One rule for all that operators and fate do to everybody, so that agencies come to something in between."""
        getattr(self, what)()

    def rotate_keys(self) -> None:
        use = self.site.use
        self.let_time_pass()
        with use.database.work() as stores:
            rotation.rotate(stores.keys, use.key_provider, SIGNING, Rules(prepublish=timedelta()), use.clock.now())

    def lose_everything_short_lived(self) -> None:
        self.flush()
        self.flushed.update(family.code for family in self.made)

    def restart(self) -> None:
        self.site = self.site.restarted()
        self.browser.site, self.browser.client.application = self.site, self.site.app

    def let_time_pass(self) -> None:
        self.site.clock.pass_by(GRACE + timedelta(seconds=1))

    # what always holds

    @invariant()
    def tokens_are_as_good_as_what_they_stand_on(self) -> None:
        for family in self.made[-2:]:
            for token in family.access[-1:]:
                answer = self.browser.client.post(
                    "/userinfo", base_url=self.browser.base_url, headers={"Authorization": f"Bearer {token}"}
                )
                assert (answer.status_code == 200) is self.stands(family), (answer.status_code, family)
                self.reached[f"userinfo {answer.status_code}"] += 1
                told_of = self.post("/introspect", {"token": token}, CONFIDENTIAL).get_json()
                assert told_of["active"] is self.stands(family)
                if answer.status_code == 200:
                    assert answer.get_json()["sub"] == told_of["sub"] == self.subject_of(family, told_of["sub"])
                    assert answer.get_json()["email"] == family.sitting.citizen.email

    # how

    flush: Callable[[], None]

    @property
    def signed_in(self) -> bool:
        return self.sitting is not None and self.alive(self.sitting)

    def alive(self, sitting: Sitting) -> bool:
        return not sitting.ended and sitting.citizen.citizen_id in self.active

    def stands(self, family: Family) -> bool:
        if family.ended or family.sitting.citizen.citizen_id not in self.active:
            return False
        return family.offline or not family.sitting.ended

    def subject_of(self, family: Family, told: str) -> str:
        """Return what the agency knew the citizen by before; nobody else may be known by it."""
        known = self.subjects.setdefault((family.client.client_id, family.sitting.citizen.citizen_id), told)
        assert list(self.subjects.values()).count(known) == 1
        return known

    def redemption(self, family: Family) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": family.code,
            "redirect_uri": family.client.redirect_uris[0],
            "code_verifier": VERIFIER,
        }

    def receive(self, family: Family, answer: TestResponse) -> None:
        assert answer.status_code == 200, answer.text
        body = answer.get_json()
        claims = claims_in(body["id_token"])
        assert (body["scope"], claims["acr"], claims["aud"]) == (family.scope, "aal1", family.client.client_id)
        assert claims["sub"] == self.subject_of(family, claims["sub"])
        family.access.append(body["access_token"])
        if "refresh_token" in body and body["refresh_token"] not in family.refresh:
            family.refresh.append(body["refresh_token"])
        assert bool(family.refresh) is family.offline

    def token(self, client: RelyingParty, fields: dict[str, str]) -> TestResponse:
        return self.post("/token", fields, client)

    def post(self, path: str, fields: dict[str, str], client: RelyingParty) -> TestResponse:
        proof = {"client_id": client.client_id} | ({"client_secret": SECRET} if client.confidential else {})
        return self.site.app.test_client().post(path, data=fields | proof, base_url=self.browser.base_url)


def thief_of(family: Family) -> RelyingParty:
    """Return the client whose family it is not."""
    return CONFIDENTIAL if family.client is PUBLIC else PUBLIC


def told_at(answer: TestResponse, client: RelyingParty) -> dict[str, str]:
    assert answer.location.startswith(client.redirect_uris[0] + "?"), answer.location
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def assert_refused(answer: TestResponse, error: str) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (400, error), answer.text


@pytest.mark.timeout(600)
@pytest.mark.parametrize("pair", [0, 1], ids=["sqlite+file", "postgresql+redis"])
def test_no_order_of_events_breaks_what_always_holds(both: list[Site], pair: int, redis_server: Any) -> None:
    class OnThisPair(Countersign):
        site = both[pair]
        reached: ClassVar = Counter[str]()
        flush = staticmethod(redis_server.flush if pair else both[pair].flush)

    run_state_machine_as_test(
        OnThisPair,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=30,
            phases=(Phase.generate, Phase.shrink),
            deadline=None,
            derandomize="COUNTERSIGN_EXAMPLES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert OnThisPair.reached.keys() >= REACHES, OnThisPair.reached
