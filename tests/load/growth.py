"""`make growth`: how long each thing a service does all day takes while the country grows; ratios to the smallest.

Order of calls: a database of each size is filled, on each store; then, in rounds, every size does the same number of
sign-ins and look-ups of citizens drawn at random, one size after the other; then the largest is purged; then the
report. The whole application answers, in this process.
"""

import argparse
import base64
import json
import logging
import random
import secrets
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog

from federation.relying_parties.client_secrets import hash_client_secret
from idp.app import create_app
from idp.assembly import prepare
from idp.settings import load
from idp.storage.sql.relying_parties import _document
from idp.web.services import Services
from tests.load import growth_report, pauses, seeding
from tests.load.growth_report import Measured, Size
from tests.load.pauses import Pause
from tests.load.report import say
from tests.support.counting import ISSUER, SECRET
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.token_office import CHALLENGE, RETURN_TO, VERIFIER, WEB

CITIZENS = (600, 60_000, 600_000)
"""With all that is theirs 10^4, 10^6 and 10^7 rows; of the last, 6 million are entries of the audit log."""
ROUNDS = 9
WARM_UP = 150
IN_A_ROUND = 60


def main() -> None:
    """Fill, measure, print, and keep the figures."""
    parser = argparse.ArgumentParser(prog="make growth", description=__doc__)
    parser.add_argument("--citizens", metavar="N", type=int, nargs="+", default=CITIZENS, help="sizes, smallest first")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), nargs="+", default=("sqlite", "postgresql"))
    parser.add_argument("--readme", action="store_true", help="write the lines of README.md")
    parser.add_argument("--again", metavar="FILE", type=Path, help="write them from the figures of an earlier run")
    given = parser.parse_args()
    if given.again:
        growth_report.publish_again(given.again)
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = [measured for store in given.store for measured in _on(store, given.citizens)]
    growth_report.publish(found, readme=given.readme)


def sample_of(use: Services) -> seeding.Sample:
    """Return what the people and services of an installation are made like."""
    now = use.clock.now()
    service = replace(WEB, client_secret_hash=hash_client_secret(SECRET), created_at=now)
    with use.hashing.admitted():
        password = use.hashing.hash("a password of everybody", stands_alone=True, now=now)
    registered = json.dumps(_document(service))
    return seeding.Sample(password=password.encoded, pepper=password.pepper, registered=registered, now=now)


def _on(store: str, sizes: list[int]) -> Iterator[Measured | Pause]:
    with tempfile.TemporaryDirectory(prefix="countersign-growth-") as folder:
        if store == "sqlite":
            urls = [(f"sqlite:///{folder}/{size}.db", f"sqlite:///{folder}/{size}-ephemeral.db") for size in sizes]
            yield from _grown(store, sizes, urls)
            return
        database, redis = PostgreSQL(), RedisServer()
        seeding.give_room(database)
        try:
            yield from _grown(store, sizes, [(database.url(database.create()), redis.url) for _ in sizes])
        finally:
            database.end()
            redis.end()


def _grown(store: str, sizes: list[int], urls: list[tuple[str, str]]) -> Iterator[Measured | Pause]:
    countries = [Country.founded(size, *pair) for size, pair in zip(sizes, urls, strict=True)]
    for country in countries:
        say(f"{store}: warming up, {country.size.citizens:,} citizens")
        for _ in range(WARM_UP):
            country.live()
        country.taken.clear()
    for number in range(ROUNDS):
        say(f"{store}: round {number + 1} of {ROUNDS}")
        for country in random.sample(countries, len(countries)):
            for _ in range(IN_A_ROUND):
                country.live()
            for path, seconds in country.taken.items():
                yield Measured(store=store, size=country.size, path=path, round=number, ms=1000 * median(seconds))
            country.taken.clear()
    say(f"{store}: purging, with a writer beside it")
    yield from pauses.measure(store, countries[-1].use)
    yield pauses.upgrade(store, countries[-1].use, urls[-1][0])


@dataclass
class Country:
    """An installation with that many citizens."""

    size: Size
    app: Any
    use: Services
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Seconds, by what was done."""

    @classmethod
    def founded(cls, citizens: int, database_url: str, ephemeral_url: str) -> "Country":
        """Install one on these stores, and fill it."""
        settings = load(
            issuer=ISSUER,
            database_url=database_url,
            ephemeral_url=ephemeral_url,
            key_encryption_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        )
        prepare(settings)
        app = create_app(settings)
        use: Services = app.extensions["countersign"]
        rows = seeding.fill(database_url, citizens, sample_of(use))
        return cls(size=Size(citizens=citizens, rows=rows), app=app, use=use)

    def live(self) -> None:
        """Let a citizen sign in with their session and an agency ask what it asks; look two others up."""
        number = random.randint(1, max(self.size.citizens // 10, 1))
        basic = (f"service-{number % seeding.services(self.size.citizens) + 1}", SECRET)
        browser = self.app.test_client(use_cookies=False)
        asked = {
            "client_id": basic[0],
            "redirect_uri": RETURN_TO,
            "response_type": "code",
            "scope": "openid email",
            "prompt": "none",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        cookie = {"Cookie": f"session={seeding.name('session-key', number)}"}
        sent = self._timed(
            "authorize", lambda: browser.get("/authorize", query_string=asked, headers=cookie, base_url=ISSUER)
        )
        assert "code=" in (sent.location or ""), f"{sent.status} {sent.location} {sent.text[:300]}"
        code = parse_qs(urlsplit(sent.location).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN_TO, "code_verifier": VERIFIER}
        tokens = self._timed("token", lambda: browser.post("/token", data=form, base_url=ISSUER, auth=basic))
        token = json.loads(tokens.text)["access_token"]
        bearer = {"Authorization": f"Bearer {token}"}
        known = self._timed("userinfo", lambda: browser.get("/userinfo", headers=bearer, base_url=ISSUER))
        assert json.loads(known.text)["email"] == f"citizen{number}@example.org", known.text
        shown = self._timed(
            "introspection",
            lambda: browser.post("/introspect", data={"token": token}, base_url=ISSUER, auth=basic),
        )
        assert json.loads(shown.text)["active"], shown.text
        own = {"grant_type": "client_credentials", "scope": "permits:read"}
        got = self._timed("client_credentials", lambda: browser.post("/token", data=own, base_url=ISSUER, auth=basic))
        assert "access_token" in json.loads(got.text), got.text
        self._timed("password look-up", self._find_password)
        self._timed("passkey look-up", self._find_passkey)

    def _timed(self, path: str, act: Callable[[], Any]) -> Any:
        began = perf_counter()
        answer = act()
        self.taken[path].append(perf_counter() - began)
        return answer

    def _find_password(self) -> None:
        with self.use.database.work() as stores:
            citizen = stores.citizens.find_by_email(f"Citizen{self._anybody()}@example.org")
            assert citizen is not None
            assert stores.credentials.find_password(citizen.citizen_id) is not None
            assert stores.credentials.factors(citizen.citizen_id).passkeys == 1

    def _find_passkey(self) -> None:
        with self.use.database.work() as stores:
            passkey = stores.passkeys.find(seeding.name("passkey", self._anybody()))
            assert passkey is not None
            assert stores.citizens.find(passkey.citizen_id) is not None

    def _anybody(self) -> int:
        return random.randint(1, self.size.citizens)


if __name__ == "__main__":
    main()
