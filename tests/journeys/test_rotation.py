"""The signing keys change while citizens sign in, and no agency notices; a rotation that is killed harms nothing."""

import random
import re
import secrets
import signal
import subprocess
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from idp.storage.sql.engine import connect
from idp.storage.sql.signing_keys import SqlKeys
from idp.storage.sql.work import Work
from keys.keyset import KeySet as SigningKeys
from keys.states import ALGORITHMS, PAIRS, State
from tests.clients.registering import new_citizen, register, silently
from tests.support.service import COUNTERSIGN, ROOT, Service, StartService
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import Citizen

BACK = "http://localhost:7/back"
CLIENTS = 20
PAUSE = 2.0
ROTATIONS = 3
PREPUBLISH = 12
QUICK = {"JWKS_MAX_AGE": "2", "KEY_PREPUBLISH": f"{PREPUBLISH}s"}


@dataclass
class Agency:
    """One server of a relying party: it fetches the keys when those it has are too old, never for a token's sake."""

    service: Service
    client_id: str
    citizen: Citizen
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The kids of the tokens it has verified, by `typ`."""
    _keys: KeySet | None = None
    _until: float = 0.0

    def serve_one(self) -> None:
        """Let the citizen sign in without a page, and verify what the provider says of it."""
        code = silently(self.citizen, self.service, self.client_id, BACK)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        answer = requests.post(f"{self.service.base_url}/token", form | {"client_id": self.client_id}, timeout=20)
        assert answer.status_code == 200, answer.text
        for token in (answer.json()["id_token"], answer.json()["access_token"]):
            header = jws.extract_compact(token.encode()).headers()
            read = jwt.decode(token, self.keys(), algorithms=list(ALGORITHMS))
            assert read.claims["iss"] == self.service.base_url
            self.seen[header["typ"]].add(header["kid"])

    def keys(self) -> KeySet:
        if self._keys is None or time.monotonic() >= self._until:
            asked = time.monotonic()
            answer = requests.get(f"{self.service.base_url}/jwks", timeout=20)
            found = re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])
            assert found is not None
            self._keys, self._until = KeySet.import_key_set(answer.json()), asked + int(found[1])
        return self._keys


def keys_of(service: Service) -> SigningKeys:
    """Return the keys as the database holds them now."""
    engine = connect(service.env["COUNTERSIGN_DATABASE_URL"])
    work = Work(engine)
    try:
        return SqlKeys(work).read()
    finally:
        work.close()
        engine.dispose()


def faults_in(found: SigningKeys) -> list[str]:
    """Return what no moment may show: other than one ACTIVE key, or more than one standby, of a pair."""
    faults = []
    for state, allowed in ((State.ACTIVE, {1}), (State.PUBLISHED, {0, 1})):
        count = Counter(key.pair for key in found.keys if key.state is state)
        faults += [f"{count[pair]} {state} keys of {pair}" for pair in PAIRS if count[pair] not in allowed]
    return faults


@contextmanager
def meanwhile(*works: Any) -> Iterator[list[str]]:
    """Repeat each piece of work, in a thread of its own, until the block ends; give the list of what went wrong."""
    wrong: list[str] = []
    over = threading.Event()

    def repeat(work: Any, pause: float) -> None:
        over.wait(random.uniform(0, pause))
        while not over.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 - whatever went wrong fails the test
                wrong.append(f"{datetime.now(UTC):%H:%M:%S.%f} {error!r}")
            over.wait(pause)

    threads = [threading.Thread(target=repeat, args=(work, pause)) for work, pause in works]
    for thread in threads:
        thread.start()
    try:
        yield wrong
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


@pytest.mark.timeout(300)
def test_keys_rotate_three_times_under_load_and_no_verification_fails(start_service: StartService) -> None:
    service = start_service(workers=2, **QUICK)
    email = new_citizen(service)
    registered = {
        alg: register(
            service, redirect_uris=[BACK], token_endpoint_auth_method="none", id_token_signed_response_alg=alg
        )["client_id"]
        for alg in ALGORITHMS
    }
    agencies = [Agency(service, list(registered.values())[n % len(registered)], Citizen(email)) for n in range(CLIENTS)]
    for agency in agencies:
        welcome(agency)
    engine, signers = connect(service.env["COUNTERSIGN_DATABASE_URL"]), defaultdict(set)

    def watch() -> None:
        work = Work(engine)
        found = SqlKeys(work).read()
        work.close()
        assert not faults_in(found), faults_in(found)
        for key in found.keys:
            if key.state is State.ACTIVE:
                signers[key.pair].add(key.kid)

    with meanwhile((watch, 0.1), *((agency.serve_one, PAUSE) for agency in agencies)) as wrong:
        for number in range(ROTATIONS):
            await_signers(agencies, number + 1)
            service.cli("keys", "rotate", "--wait")
        await_signers(agencies, ROTATIONS + 1)
    engine.dispose()

    assert wrong == []
    assert {pair: len(kids) for pair, kids in signers.items()} == dict.fromkeys(PAIRS, ROTATIONS + 1)
    used = {kid for agency in agencies for kids in agency.seen.values() for kid in kids}
    assert used >= {kid for (purpose, _), kids in signers.items() for kid in kids if purpose == "id_token"}
    assert {len(agency.seen["at+jwt"]) for agency in agencies} == {ROTATIONS + 1}


def await_signers(agencies: list[Agency], number: int) -> None:
    """Return once every agency holds access tokens of so many keys."""
    until = time.monotonic() + 30
    while any(len(agency.seen["at+jwt"]) < number for agency in agencies):
        assert time.monotonic() < until, [agency.seen["at+jwt"] for agency in agencies]
        time.sleep(0.1)


def welcome(agency: Agency) -> None:
    """Let the citizen sign in and agree in this browser, so that later sign-ins need no page."""
    asked = requests.Request(
        "GET",
        f"{agency.service.base_url}/authorize",
        params={
            "client_id": agency.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid",
            "nonce": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        },
    ).prepare()
    agency.citizen.come_back(str(asked.url), to=BACK)


@pytest.mark.timeout(240)
def test_a_rotation_killed_at_any_moment_leaves_every_key_in_a_legal_place(start_service: StartService) -> None:
    service = start_service(workers=1, JWKS_MAX_AGE="1", KEY_PREPUBLISH="11s")
    began = time.monotonic()
    service.run("keys", "list")
    usual = time.monotonic() - began
    time.sleep(12)

    for alg in ALGORITHMS:
        command = [*COUNTERSIGN, "keys", "rotate", "--alg", alg]
        rotating = subprocess.Popen(
            command, env=service.env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(usual * random.uniform(0.7, 1.15))
        rotating.send_signal(signal.SIGKILL)
        rotating.wait()
        assert faults_in(keys_of(service)) == []

    before = {key.pair: key.kid for key in keys_of(service).keys if key.state is State.ACTIVE}
    service.cli("keys", "rotate", "--wait")
    after = keys_of(service)
    assert faults_in(after) == []
    assert all(key.kid != before[key.pair] for key in after.keys if key.state is State.ACTIVE)
    assert len([key for key in after.keys if key.state is State.PUBLISHED]) == len(PAIRS)
    service.cli("audit", "verify")
