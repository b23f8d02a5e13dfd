"""Who is measured: this service on each pair of stores, and the peer, all running at once."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from tests.load.processes import DRIVER_CORE, SERVICE_CORE, on_core
from tests.load.scenarios import BACK, SCOPE, Target
from tests.support import server
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.service import StorePair, serving
from tests.support.token_office import CHALLENGE
from tests.support.visitor import PASSWORD

PEER = "oidc-provider"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL + Redis"
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


@contextmanager
def sqlite(folder: Path) -> Iterator[Running]:
    """Serve on SQLite files."""
    with _ours(SQLITE, StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db"), folder) as ours:
        yield ours


@contextmanager
def postgresql(folder: Path) -> Iterator[Running]:
    """Serve on PostgreSQL and Redis; those run beside the driver, as if on machines of their own."""
    with on_core(DRIVER_CORE):
        database, redis = PostgreSQL(), RedisServer()
    try:
        with _ours(POSTGRESQL, StorePair(database.url(database.create()), redis.url), folder) as ours:
            yield ours
    finally:
        redis.end()
        database.end()


@contextmanager
def peer(folder: Path) -> Iterator[Running]:
    """Run oidc-provider with its default store in memory."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=_PEER_FOLDER, check=True)
    node = server.find_program("node", package="nodejs")
    log = folder / "peer.log"
    with on_core(SERVICE_CORE), log.open("wb") as out:
        command = [node, str(_PEER_FOLDER / "server.js"), BACK, SECRET]
        environment = os.environ | {"NODE_ENV": "production"}
        process = server.start(command, log=out, user=None, ended_by=signal.SIGTERM, env=environment)
    try:
        server.wait_until(lambda: '"issuer"' in log.read_text(), seconds=30, what="the peer listens")
        issuer = json.loads(log.read_text().splitlines()[-1])["issuer"]
        made = {"client_id": "bench", "client_secret": SECRET}
        target = _target(PEER, issuer, made, [{"login": "ada", "password": "any"}, {}])
        yield Running(target=target, process=process.pid, worker=process.pid)
    finally:
        server.stop(process, signal.SIGTERM)


@contextmanager
def _ours(name: str, pair: StorePair, folder: Path) -> Iterator[Running]:
    folder.mkdir(exist_ok=True)
    with on_core(SERVICE_CORE), serving(pair, folder, workers=1) as service:
        with on_core(DRIVER_CORE):
            service.cli("citizens", "add", "--email", EMAIL, "--password", PASSWORD, "--given-name", "Ada")
            metadata = {
                "client_name": "Bench",
                "redirect_uris": [BACK],
                "grant_types": ["authorization_code", "client_credentials"],
                "token_endpoint_auth_method": "client_secret_basic",
            }
            made = service.cli_json("agencies", "add", stdin=metadata)
            target = _target(
                name, service.base_url, made, [{"email": EMAIL, "password": PASSWORD}, {"decision": "allow"}]
            )
        assert service.process is not None
        (worker,) = service.web_workers()
        yield Running(target=target, process=service.process.pid, worker=worker)


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
