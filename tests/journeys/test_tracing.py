"""Traces as a collector gets them: what was done and how long it took, and nothing about whom."""

from collections.abc import Iterator

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from sqlalchemy import create_engine, text

from tests.support import server
from tests.support.listener import Listener, answer, listening
from tests.support.service import Service, StartService
from tests.support.token_office import CHALLENGE

COLLECT = "/v1/traces"
KNOWN = "0af7651916cd43dd8448eb211c80319c"
BEGUN = {"traceparent": f"00-{KNOWN}-b7ad6b7169203331-01"}
SECRET = "only-who-asks-knows-this"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    with listening() as heard:
        heard.answers[COLLECT] = answer(b"")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", heard.url(""))
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        yield heard


def spans(collector: Listener) -> list[Span]:
    every = [ExportTraceServiceRequest.FromString(body) for path, _, body in collector.calls if path == COLLECT]
    return [span for told in every for of in told.resource_spans for scope in of.scope_spans for span in scope.spans]


def ask(service: Service) -> None:
    asked = {"client_id": "nobody-we-know", "login_hint": "ada@example.org", "state": SECRET}
    requests.get(f"{service.base_url}/authorize", params=asked, headers=BEGUN, timeout=10)
    form = {"grant_type": "authorization_code", "code": SECRET, "redirect_uri": "https://a.example"}
    requests.post(f"{service.base_url}/token", form, auth=("nobody-we-know", SECRET), headers=BEGUN, timeout=10)
    requests.get(f"{service.base_url}/userinfo", headers={"Authorization": f"Bearer {SECRET}"}, timeout=10)


def ask_as(service: Service, client_id: str, secret: str) -> None:
    asked = {
        "client_id": client_id,
        "redirect_uri": "https://a.example/back",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    sent = requests.get(f"{service.base_url}/authorize", params=asked, allow_redirects=False, timeout=10)
    assert sent.status_code == 303
    form = {"grant_type": "client_credentials"}
    assert requests.post(f"{service.base_url}/token", form, auth=(client_id, secret), timeout=10).status_code == 200


def named(collector: Listener, name: str) -> Span:
    server.wait_until(lambda: any(each.name == name for each in spans(collector)), seconds=20, what=name)
    return next(each for each in spans(collector) if each.name == name)


def test_a_request_is_a_span_with_its_work_below_it_and_nobody_is_in_it(
    collector: Listener, start_service: StartService
) -> None:
    service = start_service(workers=1)
    ask(service)

    token, authorize = named(collector, "token.redeem"), named(collector, "authorize.authorize")
    grants = ["authorization_code", "client_credentials"]
    metadata = {"client_name": "A", "redirect_uris": ["https://a.example/back"], "grant_types": grants}
    made = service.cli_json("agencies", "add", stdin=metadata | {"token_endpoint_auth_method": "client_secret_basic"})
    ask_as(service, made["client_id"], made["client_secret"])
    named(collector, "store")
    named(collector, "sign")
    below = {each.name for each in spans(collector) if each.parent_span_id == authorize.span_id}
    seen = b"".join(body for path, _, body in collector.calls if path == COLLECT)

    assert "sql" in below
    assert {each.key: each.value.int_value for each in token.attributes}["http.response.status_code"] == 401
    for told in (
        SECRET,
        made["client_id"],
        made["client_secret"],
        "ada@example.org",
        "nobody-we-know",
        "client_id",
        "127.0.0.1",
        "SELECT",
    ):
        assert told.encode() not in seen


def test_what_a_store_says_of_its_failure_is_not_in_it(collector: Listener, start_service: StartService) -> None:
    service = start_service(workers=1)
    with create_engine(service.env["COUNTERSIGN_DATABASE_URL"]).begin() as database:
        database.execute(text("ALTER TABLE relying_parties RENAME TO elsewhere"))
    ask(service)
    named(collector, "authorize.authorize")

    failed = [each for each in spans(collector) if each.status.code == Status.STATUS_CODE_ERROR]
    assert "sql" in {each.name for each in failed}
    assert {each.status.message for each in failed} == {""}
    assert not [each for each in failed if each.events]


def test_a_strangers_trace_is_not_gone_on_with_and_a_proxys_is(
    collector: Listener, start_service: StartService
) -> None:
    ask(start_service(workers=1))
    stranger = named(collector, "authorize.authorize").trace_id.hex()
    collector.calls.clear()
    ask(start_service(workers=1, TRUSTED_PROXIES="127.0.0.1/32"))

    assert stranger != KNOWN
    assert named(collector, "authorize.authorize").trace_id.hex() == KNOWN


def test_a_collector_that_is_away_or_hangs_slows_nobody(
    collector: Listener, start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.free_port()}")
    service = start_service(workers=1)

    for _ in range(50):
        ask(service)

    assert requests.get(f"{service.base_url}/jwks", timeout=2).status_code == 200
    assert service.stop() == 0
