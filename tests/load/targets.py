"""Who is measured: this service on each pair of stores, the peer in three ways, and a bare application, all at once."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from tests.load import processes
from tests.load.driver import CONNECTIONS
from tests.load.plan import BARE, PEER, PEER_REDIS, PEER_RS256, POSTGRESQL, SQLITE
from tests.load.processes import DRIVER_CORE, SERVICE_CORE, on_core
from tests.load.scenarios import BACK, SCOPE, Person, Target
from tests.support import server
from tests.support.insider import Insider
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.service import StorePair, serving
from tests.support.token_office import CHALLENGE
from tests.support.visitor import PASSWORD

EMAIL = "ada@citizen.example"
SECRET = "a secret of the bench, 43 characters or so, ok"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_PEER_FOLDER = Path(__file__).with_name("peer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A target and its processes."""

    target: Target
    process: int
    """The one that started the others."""
    worker: int
    """The one that answers requests."""


@dataclass(frozen=True, slots=True)
class Stores:
    """The servers that ours and the peer's keep things in; they run beside the driver, as if on other machines."""

    database: PostgreSQL
    redis: RedisServer
    peers_redis: RedisServer

    def pair(self) -> StorePair:
        """Return a new database, and the short-lived store."""
        return StorePair(self.database.url(self.database.create()), self.redis.url)


@contextmanager
def stores() -> Iterator[Stores]:
    """Start the servers."""
    with on_core(DRIVER_CORE):
        started = Stores(PostgreSQL(), RedisServer(), RedisServer())
    try:
        yield started
    finally:
        for each in (started.database, started.redis, started.peers_redis):
            each.end()


@contextmanager
def everybody(folder: Path, kept: Stores) -> Iterator[list[Running]]:
    """Start every target, one after the other, and tell."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=_PEER_FOLDER, check=True)
    files = StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")
    with ExitStack() as stack:
        yield [
            stack.enter_context(each)
            for each in (
                _peer(PEER, folder, "ES256"),
                _peer(PEER_RS256, folder, "RS256"),
                _peer(PEER_REDIS, folder, "ES256", kept.peers_redis.url),
                _bare(folder),
                ours(SQLITE, files, folder),
                ours(POSTGRESQL, kept.pair(), folder),
            )
        ]


@contextmanager
def _peer(name: str, folder: Path, *choices: str) -> Iterator[Running]:
    """Run oidc-provider with this algorithm, and with this Redis if not in memory."""
    node = server.find_program("node", package="nodejs")
    environment = os.environ | {"NODE_ENV": "production"}
    with _started([node, str(_PEER_FOLDER / "server.js"), BACK, SECRET, *choices], folder / name, environment) as (
        process,
        log,
    ):
        server.wait_until(lambda: '"issuer"' in log.read_text(), seconds=30, what="the peer listens")
        issuer = json.loads(log.read_text().splitlines()[-1])["issuer"]
        made = {"client_id": "bench", "client_secret": SECRET}
        target = _target(name, issuer, made, [{"login": "ada", "password": "any"}, {}])
        yield Running(target=target, process=process.pid, worker=process.pid)


@contextmanager
def _bare(folder: Path) -> Iterator[Running]:
    port = server.free_port()
    options = ["--interface", "wsgi", "--port", str(port), "--blocking-threads", "2", "--http", "1"]
    command = [sys.executable, "-m", "granian", *options, "--no-ws", "tests.load.bare:application"]
    with _started(command, folder / BARE, os.environ) as (process, _):
        address = f"http://localhost:{port}"
        server.wait_until(lambda: _answers(address), seconds=30, what="the bare application answers")
        endpoints = {"jwks_uri": f"{address}/"}
        target = Target(name=BARE, port=port, endpoints=endpoints, client_id="", client_secret="", cookies={})
        yield Running(target=target, process=process.pid, worker=processes.family(process.pid)[-1])


@contextmanager
def _started(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    with on_core(SERVICE_CORE), log.open("wb") as out:
        process = server.start(command, log=out, user=None, ended_by=signal.SIGTERM, env=environment)
    try:
        yield process, log
    finally:
        server.stop(process, signal.SIGTERM)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=1).ok
    except requests.RequestException:
        return False


@contextmanager
def ours(name: str, pair: StorePair, folder: Path) -> Iterator[Running]:
    with on_core(SERVICE_CORE), serving(pair, folder, workers=1) as service:
        with on_core(DRIVER_CORE):
            service.cli("citizens", "add", "--email", EMAIL, "--password", PASSWORD, "--given-name", "Ada")
            metadata = {
                "client_name": "Bench",
                "redirect_uris": [BACK],
                "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
                "token_endpoint_auth_method": "client_secret_basic",
            }
            made = service.cli_json("agencies", "add", stdin=metadata)
            target = replace(signed_in(service.base_url, made, name=name), people=_people(Insider(service)))
        assert service.process is not None
        (worker,) = service.web_workers()
        yield Running(target=target, process=service.process.pid, worker=worker)


def signed_in(issuer: str, made: Mapping[str, Any], *, name: str = "", agreed: bool = False) -> Target:
    """Return one of ours, where the citizen signed in with their password, and agreed unless they had."""
    pages = [{"email": EMAIL, "password": PASSWORD}, {"decision": "allow"}]
    return _target(name, issuer, made, pages[:1] if agreed else pages)


def _people(insider: Insider) -> list[Person]:
    known = [insider.new_citizen(PASSWORD) for _ in range(CONNECTIONS)]
    return [Person(email=each.email, passkey=insider.give_passkey(each)) for each in known]


def _target(name: str, issuer: str, made: Mapping[str, Any], pages: list[dict[str, str]]) -> Target:
    """Sign a citizen in through the pages, agree, and keep what their browser holds."""
    browser = requests.Session()
    endpoints = browser.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    asked = {
        "client_id": made["client_id"],
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": SCOPE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = browser.get(f"{endpoints['authorization_endpoint']}?{urlencode(asked)}", timeout=10)
    for filled in pages:
        page = _send(browser, page, filled)
    assert page.headers.get("Location", "").startswith(BACK), page.text
    return Target(
        name=name,
        port=urlsplit(issuer).port or 0,
        endpoints=endpoints,
        client_id=made["client_id"],
        client_secret=made["client_secret"],
        cookies=_sent_to_authorize(browser),
    )


def _send(browser: requests.Session, page: requests.Response, filled: Mapping[str, str]) -> requests.Response:
    """Send the form of a page and follow until the next page, or until the agency is called back."""
    form = {**dict(_HIDDEN.findall(page.text)), **filled}
    answer = browser.post(page.url, form, allow_redirects=False, timeout=10)
    while answer.is_redirect and not answer.headers["Location"].startswith(BACK):
        answer = browser.get(urljoin(answer.url, answer.headers["Location"]), allow_redirects=False, timeout=10)
    return answer


def _sent_to_authorize(browser: requests.Session) -> dict[str, str]:
    """Return the cookies a browser sends with every request, those of single interactions aside."""
    return {cookie.name: cookie.value or "" for cookie in browser.cookies if cookie.path == "/"}
