"""Two nodes behind HAProxy, each of either release, and citizens and agencies that never stop asking."""

import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import requests

from tests.load.targets import EMAIL, signed_in
from tests.support import next_release, server
from tests.support.https import SHIPPED
from tests.support.service import Service, StorePair, environment
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import PASSWORD

BACK = "http://localhost:7/back"
BROWSERS = 3
WHOSE = "import idp; print(idp.__file__)"
_BACKEND = """    option httpchk GET /readyz
    timeout check 2s
    default-server check inter 300ms fall 2 rise 1
    option redispatch
    retries 3
    server one 127.0.0.1:{one}
    server two 127.0.0.1:{two}
"""


@dataclass
class Node:
    """One `serve`, of the release whose code is in `tree`."""

    port: int
    log: Path
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self, tree: Path) -> None:
        """Start it."""
        env = {**self.env, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
        runs = subprocess.run([sys.executable, "-c", WHOSE], env=env, capture_output=True, text=True, check=True)
        assert Path(runs.stdout.strip()).parents[1] == tree
        command = [sys.executable, "-m", "idp.cli", "serve", "--port", str(self.port), "--workers", "1"]
        with self.log.open("ab") as log:
            self.process = server.start(command, log=log, user=None, ended_by=signal.SIGTERM, env=env)

    def wait(self) -> None:
        """Return when it is ready."""
        server.wait_until(self._is_ready, seconds=60, what="a node is ready")

    def end(self) -> int:
        """End it as a service manager does."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        code, self.process = self.process.wait(40), None
        return code

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return requests.get(f"http://localhost:{self.port}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False


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
    proxy: Path
    """The socket on which the proxy tells what it knows."""

    def wait_for_proxy(self) -> None:
        """Return when the proxy has found both nodes ready: what one of them is, it learns at its next look."""
        server.wait_until(lambda: _up(self.proxy) == len(self.nodes), seconds=20, what="the proxy sees both nodes")

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
            self.wait_for_proxy()


@contextmanager
def installed(pair: StorePair, folder: Path) -> Iterator[Installation]:
    """Install this release on two nodes and let a citizen sign in and agree."""
    port = server.free_port()
    env = environment(pair, port, {})
    nodes = (
        Node(server.free_port(), folder / "one.log", env),
        Node(server.free_port(), folder / "two.log", env),
    )
    service = Service(port=port, env=env, log=folder / "unused.log")
    service.cli("db", "upgrade")
    proxy = _proxy(folder, port, nodes)
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
            proxy=folder / "proxy.socket",
        )
    finally:
        for node in nodes:
            node.end()
        server.stop(proxy, signal.SIGTERM)


def _proxy(folder: Path, port: int, nodes: tuple[Node, Node]) -> subprocess.Popen[bytes]:
    """Start HAProxy with the rules of the shipped file, before both nodes, without TLS."""
    head, _, _ = SHIPPED.read_text().partition('    server one "${COUNTERSIGN}"\n')
    text = head.replace('bind "${LISTEN}" ssl crt "${CERTIFICATE}" alpn h2,http/1.1', f"bind 127.0.0.1:{port}")
    assert text != head
    text = text.replace("global\n", f"global\n    stats socket {folder / 'proxy.socket'}\n")
    configuration = folder / "haproxy.cfg"
    configuration.write_text(text + _BACKEND.format(one=nodes[0].port, two=nodes[1].port))
    haproxy = server.find_program("haproxy", package="haproxy", folders=[Path("/usr/sbin")])
    with (folder / "haproxy.log").open("ab") as log:
        return server.start([haproxy, "-db", "-f", str(configuration)], log=log, user=None, ended_by=signal.SIGTERM)


def _up(proxy: Path) -> int:
    """Return how many nodes it would send somebody to."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(str(proxy))
        asked.sendall(b"show stat\n")
        told = b"".join(iter(lambda: asked.recv(65_536), b"")).decode()
    return len(re.findall(r"^countersign,(?:one|two),.*,UP,", told, re.MULTILINE))
