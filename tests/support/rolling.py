"""Two nodes behind HAProxy, each of either release, and citizens and agencies that never stop asking."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from tests.load.targets import EMAIL, signed_in
from tests.support import next_release, server
from tests.support.nodes import Balancer, Node
from tests.support.service import Service, StorePair, environment
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import PASSWORD

BACK = "http://localhost:7/back"
BROWSERS = 3


@dataclass
class Crowd:
    """Citizens with a session who go to an agency again and again, each in a thread, and what went wrong."""

    issuer: str
    client: tuple[str, str]
    cookies: Mapping[str, str]
    done: int = 0
    failed: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Go on until the block ends."""
        threads = [threading.Thread(target=self._go_on) for _ in range(BROWSERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                self.sign_in()
                self.done += 1
            except (AssertionError, KeyError, requests.RequestException) as error:
                self.failed.append(f"{type(error).__name__}: {error}"[:300])

    def sign_in(self) -> str:
        """Go to the agency, be sent back, let it redeem and ask; return the `sub` it is told."""
        browser, state = requests.Session(), secrets.token_urlsafe(8)
        asked = {
            "client_id": self.client[0],
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid email",
            "prompt": "none",
            "state": state,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        sent = browser.get(
            f"{self.issuer}/authorize", params=asked, cookies=dict(self.cookies), allow_redirects=False, timeout=10
        )
        told = parse_qs(urlsplit(sent.headers.get("Location", "")).query)
        assert told.get("state") == [state], f"/authorize {sent.status_code} {sent.text[:100]}"
        assert "code" in told, f"/authorize {told}"
        form = {"grant_type": "authorization_code", "code": told["code"][0], "redirect_uri": BACK}
        tokens = browser.post(f"{self.issuer}/token", {**form, "code_verifier": VERIFIER}, auth=self.client, timeout=10)
        assert tokens.status_code == 200, f"/token {tokens.status_code} {tokens.text[:100]}"
        bearer = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
        known = browser.get(f"{self.issuer}/userinfo", headers=bearer, timeout=10)
        assert known.json()["email"] == EMAIL, f"/userinfo {known.status_code} {known.text[:100]}"
        return str(known.json()["sub"])


@dataclass
class Installation:
    """Two nodes, the proxy before them, and the crowd."""

    nodes: tuple[Node, Node]
    crowd: Crowd
    settings: Mapping[str, str]
    proxy: Balancer

    def upgrade(self, tree: Path) -> None:
        """Run the `db upgrade` of a release; its tables are everybody's from then on."""
        done = next_release.run(tree, "-m", "idp.cli", "db", "upgrade", settings=self.settings)
        assert done.returncode == 0, done.stderr

    def roll(self, *nodes: Node, tree: Path) -> None:
        """Put nodes on a release, one after the other."""
        for node in nodes:
            assert node.end() == 0
            node.start(tree)
            node.wait()
            self.proxy.wait_for_both()


@contextmanager
def installed(pair: StorePair, folder: Path) -> Iterator[Installation]:
    """Install this release on two nodes and let a citizen sign in and agree."""
    port = server.free_port()
    env = environment(pair, port, {})
    nodes = Node(server.free_port(), folder / "one.log", env), Node(server.free_port(), folder / "two.log", env)
    service = Service(port=port, env=env, log=folder / "unused.log")
    service.cli("db", "upgrade")
    proxy = Balancer(folder, port, nodes)
    try:
        for node in nodes:
            node.start(next_release.ROOT)
        for node in nodes:
            node.wait()
        service.wait_until_ready()
        service.cli("citizens", "add", "--email", EMAIL, "--password", PASSWORD, "--given-name", "Ada")
        metadata = {
            "client_name": "Rolling",
            "redirect_uris": [BACK],
            "token_endpoint_auth_method": "client_secret_basic",
        }
        made = service.cli_json("agencies", "add", stdin=metadata)
        target = signed_in(service.base_url, made)
        yield Installation(
            nodes=nodes,
            crowd=Crowd(service.base_url, (made["client_id"], made["client_secret"]), target.cookies),
            settings={name: value for name, value in env.items() if name.startswith("COUNTERSIGN_")},
            proxy=proxy,
        )
    finally:
        for node in nodes:
            node.end()
        proxy.end()
