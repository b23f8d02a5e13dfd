"""The running service: started, hurt and ended as operators and machines do it."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from idp.cli.serve import LONGEST_REQUEST_SECONDS
from tests.support.postgresql import PostgreSQL
from tests.support.server import wait_until
from tests.support.service import COUNTERSIGN, ROOT, StorePair, serving

DISCOVERY = "/.well-known/openid-configuration"


def test_the_service_says_that_it_lives_and_is_ready(service):
    alive, ready = (requests.get(service.base_url + path, timeout=5) for path in ("/healthz", "/readyz"))

    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


def test_health_answers_whatever_the_host(service):
    answers = [
        requests.get(service.base_url + path, headers={"Host": "10.1.2.3:9999"}, timeout=5).status_code
        for path in ("/healthz", "/readyz", "/metrics")
    ]

    assert answers == [200, 200, 200]


def test_metrics_sum_all_workers(start_service):
    service = start_service(workers=2, background=False)
    for _ in range(40):
        requests.get(service.base_url + "/jwks", timeout=5)

    text = requests.get(service.base_url + "/metrics", timeout=5).text

    (line,) = [line for line in text.splitlines() if 'endpoint="jwks.' in line and "_requests_total{" in line]
    assert line.endswith('method="GET",status="2xx"} 40.0')


@pytest.mark.parametrize("path", ["/metrics", "/%6detrics"])
def test_what_a_proxy_hands_on_sees_no_numbers(service, path):
    handed_on = requests.get(service.base_url + path, headers={"X-Forwarded-For": "192.0.2.9"}, timeout=5)

    assert handed_on.status_code == 404
    assert "countersign_" not in handed_on.text


def test_no_stranger_makes_the_list_of_numbers_grow(service):
    for word in ("aaa", "bbb"):
        requests.request(word.upper(), f"{service.base_url}/{word}", timeout=5)

    text = requests.get(service.base_url + "/metrics", timeout=5).text

    assert "aaa" not in text.lower()
    assert "bbb" not in text.lower()


def test_every_answer_carries_the_id_under_which_it_was_logged(service):
    answer = requests.get(service.base_url + DISCOVERY + "?login_hint=ada%40example.org", timeout=5)

    written = service.new_log()
    assert f'"request_id": "{answer.headers["X-Request-ID"]}"' in written
    assert "ada" not in written


def test_sigterm_finishes_what_is_in_flight(start_service):
    service = start_service(workers=2)
    with socket.create_connection(("127.0.0.1", service.port)) as half:
        body = b"grant_type=client_credentials"
        head = f"POST /token HTTP/1.1\r\nHost: localhost:{service.port}\r\nContent-Length: {len(body)}\r\n"
        half.sendall(head.encode() + b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n")
        half.sendall(body[:5])
        time.sleep(0.3)
        service.begin_to_stop()
        time.sleep(0.3)
        half.sendall(body[5:])
        answer = half.makefile("rb").readline()

    assert answer.startswith(b"HTTP/1.1 4")
    assert service.stop() == 0


def test_sigterm_under_load_cuts_no_answer_short(start_service):
    service = start_service(workers=2)

    def ask(_):
        try:
            return requests.get(service.base_url + "/jwks", timeout=10).status_code
        except requests.ConnectionError as error:
            return "refused" if "refused" in str(error).lower() or "RemoteDisconnected" in str(error) else str(error)

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(ask, range(400))
        service.begin_to_stop()
        seen = set(answers)

    assert seen <= {200, "refused"}
    assert service.stop() == 0


def test_a_killed_worker_comes_back_and_the_service_answers_meanwhile(start_service):
    service = start_service(workers=2)
    killed, *_ = before = service.web_workers()
    patient = requests.Session()
    patient.mount("http://", HTTPAdapter(max_retries=Retry(3, backoff_factor=0.1)))

    os.kill(killed, signal.SIGKILL)

    assert [patient.get(service.base_url + DISCOVERY, timeout=5).status_code for _ in range(10)] == [200] * 10
    wait_until(lambda: len(service.web_workers()) == 2, seconds=10, what="two workers serve again")
    assert killed not in service.web_workers()
    assert set(service.web_workers()) & set(before)


def test_a_worker_that_is_only_starting_holds_up_no_end(start_service):
    service = start_service(workers=2)
    killed, *_ = service.web_workers()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: len(set(service.web_workers()) - {killed}) == 2, seconds=10, what="another is started")
    began = time.monotonic()

    assert service.stop() == 0
    assert time.monotonic() - began < LONGEST_REQUEST_SECONDS / 2


def test_a_dead_database_costs_sign_in_and_nothing_else_and_heals(tmp_path):
    cluster = PostgreSQL()
    pair = StorePair(cluster.url(cluster.create()), f"sqlite:///{tmp_path}/ephemeral.db")
    try:
        with serving(pair, tmp_path, workers=2) as service:
            for _ in range(10):
                requests.get(service.base_url + "/jwks", timeout=5)
            cluster.stop()

            public = {path: _ask(service, path) for path in ("/jwks", DISCOVERY, "/healthz")}
            closed = [_ask(service, "/readyz"), _ask(service, "/token"), _ask(service, "/authorize?client_id=x")]
            cluster.start()

            assert {path: answer.status_code for path, (answer, _) in public.items()} == dict.fromkeys(public, 200)
            assert [answer.status_code for answer, _ in closed] == [503, 503, 503]
            assert all(int(answer.headers["Retry-After"]) > 0 for answer, _ in closed)
            assert max(seconds for _, seconds in closed) < 1
            service.wait_until_ready()
    finally:
        cluster.end()


def test_two_upgrades_at_once_make_one_set_of_keys(new_store_pair, tmp_path):
    with serving(new_store_pair(), tmp_path, upgraded=False, started=False) as service:
        racing = [
            subprocess.Popen([*COUNTERSIGN, "db", "upgrade"], env=service.env, cwd=ROOT, stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        said = [process.communicate(timeout=60)[1] for process in racing]

        assert [process.returncode for process in racing] == [0, 0, 0], said
        keys = service.cli_json("keys", "list")

    active = [(key["purpose"], key["alg"]) for key in keys if key["state"] == "active"]
    assert len(active) == len(set(active)) == 6
    assert len(keys) == 12


def test_serve_refuses_a_database_that_was_not_prepared(new_store_pair, tmp_path):
    with serving(new_store_pair(), tmp_path, upgraded=False, started=False) as service:
        refused = service.run("serve", "--port", str(service.port))

    assert refused.returncode == 2
    assert "countersign db upgrade" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_serve_names_a_port_in_use(service):
    refused = service.run("serve", "--port", str(service.port))

    assert refused.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{service.port}" in refused.stderr


def test_a_wrong_key_encryption_key_is_told_and_starts_nothing(service):
    env = service.env | {"COUNTERSIGN_KEY_ENCRYPTION_KEY": "A" * 43}

    refused = subprocess.run(
        [*COUNTERSIGN, "serve", "--port", "1"], env=env, capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert refused.returncode == 2
    assert "key-encryption key" in refused.stderr


@pytest.mark.parametrize("command", [("db", "upgrade"), ("keys", "list"), ("serve",), ("doctor",)])
def test_faulty_settings_end_every_command_with_all_faults_and_no_traceback(cli, command):
    refused = cli(*command, env={"COUNTERSIGN_ISSUER": "http://id.example.org"})

    text = refused.stdout + refused.stderr
    assert refused.returncode == 2
    assert all(name in text for name in ("ISSUER", "DATABASE_URL", "EPHEMERAL_URL", "KEY_ENCRYPTION_KEY"))
    assert "Traceback" not in text


def test_the_doctor_finds_a_sound_installation_sound(service):
    checks = service.cli_json("doctor", check=False)
    on_servers = service.env["COUNTERSIGN_DATABASE_URL"].startswith("postgresql")

    assert {check["name"]: check["verdict"] for check in checks} == {
        "settings": "ok",
        "database": "ok",
        "ephemeral": "ok",
        "keys": "ok",
        "audit log": "ok",
        **({"clock": "ok"} if on_servers else {}),
        "letters": "warning",
        "passwords": "warning",
        "issuer": "warning",
    }


def _ask(service, path):
    began = time.monotonic()
    method = "POST" if path == "/token" else "GET"
    answer = requests.request(
        method, service.base_url + path, auth=("someone", "secret") if method == "POST" else None, timeout=10,
        data={"grant_type": "client_credentials"} if method == "POST" else None,
    )  # fmt: skip
    return answer, time.monotonic() - began
