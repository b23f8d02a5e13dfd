"""Clients that do all day what may be done once, twice; and look whether what was revoked stays so."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import requests
from joserfc import jwt

from federation.hashing import fingerprint
from tests.storm.asking import PATIENCE_SECONDS, Interrupted, Recorder
from tests.storm.history import ENDED, Outcome
from tests.storm.person import Person, new_email
from tests.storm.world import World
from tests.support.dpop import DpopKey
from tests.support.public_app import BACK, question
from tests.support.token_office import CHALLENGE, VERIFIER, claims_in

LATEST_AGAIN_SECONDS = 8.0
"""After which what was spent is tried again at the latest, so that a fault may come between."""
MOST_FAMILIES = 12
AFTER_INTERRUPTION_SECONDS = (0.05, 0.3)
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(slots=True)
class Family:
    """What one code bought."""

    person: Person
    browser: requests.Session
    grant: str
    sid: str
    access: str
    refresh: str
    id_token: str
    settled: bool = True
    """Whether the newest refresh token is known for sure, and nobody gave it back."""
    revoked: bool = False


class Client(threading.Thread):
    """One thread that asks, for several citizens and services, until it is told to stop."""

    def __init__(
        self, world: World, recorder: Recorder, people: list[Person], seed: int, stop: threading.Event
    ) -> None:
        super().__init__(name=f"client-{seed}", daemon=True)
        self.world, self.recorder, self.people = world, recorder, people
        self.families: list[Family] = []
        self.newcomers: list[Person] = []
        self._random = random.Random(seed)
        self._stop_asking = stop
        self._again: deque[tuple[float, Callable[[], Any]]] = deque()
        self._line = requests.Session()
        self._dpop = DpopKey()
        self._nonce: str | None = None

    def run(self) -> None:
        """Ask, one thing after the other."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self.sign_in, 4),
            (self.sign_in_pushed, 2),
            (self.look, 5),
            (self.renew, 5),
            (self.revoke, 2),
            (self.prove_by_assertion, 3),
            (self.prove_by_key, 3),
            (self.sign_up, 1),
            (self.sign_out, 1),
        ]
        chosen, weights = zip(*acts, strict=True)
        while not self._stop_asking.is_set():
            self._attempt(self._random.choices(chosen, weights)[0])
            while self._again and self._again[0][0] < time.monotonic():
                self._attempt(self._again.popleft()[1])

    def _attempt(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Interrupted:
            self._stop_asking.wait(self._random.uniform(*AFTER_INTERRUPTION_SECONDS))

    # citizens and the app

    def sign_in(self) -> None:
        """Sign in at the app, with a session or in another browser, and redeem the code."""
        person = self._random.choice(self.people)
        if self._random.random() < 0.3:
            person.take_another_browser()
        browser = person.browser
        self._redeem(person, browser, person.come_back(question(self.world.service, self.world.app), self.world.app))

    def sign_in_pushed(self) -> None:
        """Push the request, and open what stands for it more than once, in more than one browser."""
        asked = {
            "client_id": self.world.app,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid email offline_access",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        pushed = self.recorder.tell("", "/par", partial(self._post, "/par", asked))
        if pushed.status_code != 201:
            raise Interrupted("not pushed")
        reference = pushed.json()["request_uri"]
        address = f"{self.world.base}/authorize?" + urlencode({"client_id": self.world.app, "request_uri": reference})
        for person in self._random.sample(self.people, 2):
            self._later(partial(self._answer_pushed, person, address, reference))
        self._answer_pushed(self._random.choice(self.people), address, reference)

    def sign_up(self) -> None:
        """Be somebody new."""
        person = Person(new_email(), self.world.base, self.recorder)
        question_ = question(self.world.service, self.world.app)
        try:
            code = person.sign_up(question_, self.world.code_for, self.world.app)
        finally:
            self.newcomers.append(person)
        self._redeem(person, person.browser, code)

    def sign_out(self) -> None:
        """Sign out everywhere at once, in the browser where one of the families began."""
        family = self._any_family()
        if family.browser is not family.person.browser:
            raise Interrupted("another browser by now")
        try:
            family.person.sign_out(family.id_token, family.sid)
        finally:
            family.person.take_another_browser()

    def _answer_pushed(self, person: Person, address: str, reference: str) -> None:
        invoked, during = time.monotonic(), self.recorder.during
        browser = person.browser
        code = person.come_back(address, self.world.app)
        key = fingerprint(reference)
        self.recorder.note("answer", key, Outcome.OK, fingerprint(code), invoked=invoked, during=during)
        self._redeem(person, browser, code)

    def _redeem(self, person: Person, browser: requests.Session, code: str) -> None:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        again = self._random.random() < 0.4
        send = partial(self._spend, "redeem", fingerprint(code), form | {"client_id": self.world.app})
        if again:
            self._later(send)
        answer = send()
        if answer.status_code != 200:
            return
        told = answer.json()
        claims, grant = claims_in(told["id_token"]), code.partition(".")[0]
        self.recorder.note(
            "learn", f"{self.world.app} {person.email}", Outcome.OK, claims["sub"], invoked=time.monotonic()
        )
        self.recorder.note("grant", grant, Outcome.OK, invoked=time.monotonic())
        family = Family(
            person=person,
            browser=browser,
            grant=grant,
            sid=claims["sid"],
            access=told["access_token"],
            refresh=told["refresh_token"],
            id_token=told["id_token"],
            settled=not again,
        )
        self.families = [*self.families, family][-MOST_FAMILIES:]

    def look(self) -> None:
        """Have the API look into a token of the app, and ask who the citizen is."""
        family = self._any_family()
        self.recorder.tell(
            "look",
            family.grant,
            partial(self._post, "/introspect", {"token": family.access}, auth=self.world.api),
            read=lambda answer: "active" if answer.json()["active"] else ENDED,
        )
        bearer = {"Authorization": f"Bearer {family.access}"}
        send = partial(self._line.get, f"{self.world.base}/userinfo", headers=bearer, timeout=PATIENCE_SECONDS)
        self.recorder.tell("look", family.grant, send, read=lambda _: "active")

    def renew(self) -> None:
        """Renew by the newest token of a family; sometimes by it again, as who lost the answer does."""
        family = self._any_family()
        shown = family.refresh
        if self.renews(family) and self._random.random() < 0.3:
            self._attempt(partial(self._renewal, shown))
        elif self._random.random() < 0.1:
            family.settled = False
            self._later(partial(self._renewal, shown))

    def renews(self, family: Family) -> bool:
        """Say whether a family's newest refresh token renews it; until that is known, it is not settled."""
        settled, family.settled = family.settled, False
        shown = family.refresh
        try:
            answer = self._renewal(shown)
        except Interrupted:
            return False
        if answer.status_code != 200:
            return False
        told = answer.json()
        self.recorder.note("renewal", family.grant, Outcome.OK, fingerprint(shown), invoked=time.monotonic())
        family.refresh, family.access, family.settled = told["refresh_token"], told["access_token"], settled
        return True

    def _renewal(self, shown: str) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": shown, "client_id": self.world.app}
        return self.recorder.tell(
            "refresh",
            fingerprint(shown),
            partial(self._post, "/token", form),
            read=lambda answer: fingerprint(answer.json()["refresh_token"]),
        )

    def revoke(self) -> None:
        """Give a family back, and look at once."""
        family = self._any_family()
        family.settled, family.revoked = False, True
        form = {"token": family.refresh, "client_id": self.world.app}
        self.recorder.tell("revoke", family.grant, partial(self._post, "/revoke", form))

    # services by themselves

    def prove_by_assertion(self) -> None:
        """Get a token by an assertion, and try the same assertion again."""
        now, jti = int(time.time()), f"{self._random.getrandbits(128):x}"
        said = {"iss": self.world.machine, "sub": self.world.machine, "aud": self.world.base, "jti": jti}
        assertion = jwt.encode({"alg": "ES256", "kid": "one"}, said | {"iat": now, "exp": now + 60}, self.world.key)
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion}
        self._twice(partial(self._spend, "assert", jti, form))

    def prove_by_key(self) -> None:
        """Get a token bound to a key, and try the same proof again."""
        address, jti = f"{self.world.base}/token", f"{self._random.getrandbits(128):x}"
        form = {"grant_type": "client_credentials"}
        headers = {"DPoP": self._dpop.proof("POST", address, nonce=self._nonce, jti=jti)}
        send = partial(self._spend, "prove", jti, form, headers=headers, auth=self.world.api)
        answer = self._twice(send)
        self._nonce = answer.headers.get("DPoP-Nonce", self._nonce)

    def _twice(self, send: Callable[[], requests.Response]) -> requests.Response:
        """Send now and once more: at the same time, or after something else may have happened."""
        if self._random.random() < 0.3:
            other = threading.Thread(target=self._attempt, args=[send], daemon=True)
            other.start()
            try:
                return send()
            finally:
                other.join()
        self._later(send)
        return send()

    def _spend(self, act: str, key: str, form: dict[str, str], **how: Any) -> requests.Response:
        return self.recorder.tell(act, key, partial(self._post, "/token", form, **how))

    def _later(self, act: Callable[[], Any]) -> None:
        self._again.append((time.monotonic() + self._random.uniform(0, LATEST_AGAIN_SECONDS), act))

    def _post(self, path: str, form: dict[str, str], **how: Any) -> requests.Response:
        with requests.Session() as line:
            return line.post(f"{self.world.base}{path}", form, timeout=PATIENCE_SECONDS, **how)

    def _any_family(self) -> Family:
        if not self.families:
            raise Interrupted("nothing was bought yet")
        return self._random.choice(self.families)
