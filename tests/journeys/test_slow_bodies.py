"""Requests that announce a body and stop: behind the proxy file that is shipped, and without it."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from idp.web.bounds import BODY_BYTES
from tests.support.https import Authority, Proxy
from tests.support.server import free_port, wait_until
from tests.support.service import Service, StorePair, serving

PROVIDER = "id.test"
STOPPED, HUNDREDS = 50, 400
HEAD = b"POST /token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
STOPPING = {
    "early": b"Content-Length: 1000\r\n\r\n" + b"a" * 10,
    "late": b"Content-Length: 60000\r\n\r\n" + b"a" * 59_990,
    "among chunks": b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"a" * 10,
}


@dataclass(frozen=True)
class Installation:
    """The service, and the proxy before it."""

    service: Service
    proxy: Proxy

    @property
    def host(self) -> bytes:
        return f"{PROVIDER}:{self.proxy.port}".encode()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("slow")
    port = free_port()
    pair = StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")
    with serving(pair, folder, workers=2, ISSUER=f"https://{PROVIDER}:{port}") as service:
        proxy = Proxy.shipped(folder, Authority(folder, PROVIDER), port, service.port)
        yield Installation(service, proxy)
        proxy.end()


def slowest(installation: Installation) -> float:
    """Call /jwks and /token ten times each through the proxy; return the seconds that the slowest call took."""
    provider, seconds = installation.proxy.client(PROVIDER), []
    headers = {**provider.headers, "Content-Type": "application/x-www-form-urlencoded"}
    form = "grant_type=refresh_token&refresh_token=x&client_id=nobody"
    for method, path, body, status in [("GET", "/jwks", None, 200), ("POST", "/token", form, 401)] * 10:
        began = time.perf_counter()
        answer = provider.urlopen(method, path, body=body, headers=headers, retries=False)
        seconds.append(time.perf_counter() - began)
        assert answer.status == status
    return max(seconds)


@pytest.mark.parametrize("body", STOPPING.values(), ids=STOPPING)
def test_behind_the_shipped_proxy_bodies_that_stop_keep_nobody_waiting(installation: Installation, body: bytes) -> None:
    calm = slowest(installation)
    with ExitStack() as stack:
        for _ in range(STOPPED):
            stack.enter_context(installation.proxy.connection(PROVIDER)).sendall(HEAD % installation.host + body)

        held = slowest(installation)

    assert held < max(10 * calm, 1.0), (calm, held)


def test_the_longest_form_passes_the_proxy_whole_and_a_longer_one_is_refused(installation: Installation) -> None:
    provider = installation.proxy.client(PROVIDER)
    headers = {**provider.headers, "Content-Type": "application/x-www-form-urlencoded"}

    longest, longer = (
        provider.request("POST", "/token", body="a=" + "b" * (length - 2), headers=headers)
        for length in (BODY_BYTES, BODY_BYTES + 1)
    )

    assert (longest.status, json.loads(longest.data)["error"]) == (401, "invalid_client")
    assert longer.status == 413


def answers(service: Service) -> bool:
    try:
        return requests.get(f"{service.base_url}/healthz", timeout=1).status_code == 200
    except requests.Timeout:
        return False


@pytest.mark.parametrize("path", ["/metrics", "/%6Detrics", "/metrics/", "//metrics", "/%2Fmetrics"])
def test_the_numbers_are_not_for_the_outside(installation: Installation, path: str) -> None:
    answer = installation.proxy.client(PROVIDER).urlopen("GET", path, redirect=False)

    assert answer.status == 404
    assert requests.get(f"{installation.service.base_url}/metrics", timeout=10).status_code == 200


@pytest.mark.parametrize("stopped", [STOPPED, HUNDREDS])
def test_without_a_proxy_some_are_borne_and_hundreds_hold_the_service_for_as_long_as_they_stay(
    installation: Installation, stopped: int
) -> None:
    """As docker/README.md says; it is to be changed when this fails."""
    service = installation.service
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "nobody"}
    assert answers(service)
    with ExitStack() as stack:
        for _ in range(stopped):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            connection.sendall(HEAD % installation.host + STOPPING["early"])
        if stopped == HUNDREDS:
            wait_until(lambda: not answers(service), seconds=10, what="All threads are held")
        else:
            address, host = f"{service.base_url}/token", {"Host": installation.host}
            told = [requests.post(address, form, headers=host, timeout=10).status_code for _ in range(20)]
            assert told == [401] * 20

    wait_until(lambda: answers(service), seconds=10, what="The service answers again")
