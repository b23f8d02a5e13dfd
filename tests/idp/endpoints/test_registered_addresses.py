"""No address that a service registers leads us inside: a canary on loopback sees nothing (RFC 9700 section 4.11).

Every field that holds a URI, in every registration and change; then everything is done that could make us call there.
"""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, BinaryIO

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from federation.outbound import Fetcher
from federation.relying_parties.model import RelyingParty
from idp.notices import logouts
from idp.notices.logouts import LogoutNotice
from idp.worker import run
from tests.support.developer import Developer, host, metadata
from tests.support.inside import PRIVATE, Canary, watching
from tests.support.listener import Listener, answer, listening
from tests.support.pair import on_files
from tests.support.site import CHALLENGE, Site

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
SINGLE = (
    "jwks_uri",
    "sector_identifier_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "initiate_login_uri",
)
LISTS = ("redirect_uris", "post_logout_redirect_uris", "resource_uris")
UNKNOWN = ("request_uris", "request_uri", "software_statement_uri")
"""What other providers would fetch; here nobody registers it."""
NOT_CALLED = ("tls_client_auth_san_uri",)
"""A name that is only compared with what a certificate says."""
INVENTED = ("inside.example", "rebinding.example")
"""Names whose first or later answer of the name service leads inside."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return on_files(tmp_path_factory.mktemp("addresses"), registration="guarded")


@pytest.fixture
def canary() -> Iterator[Canary]:
    with watching() as found:
        yield found
        time.sleep(0.1)
        assert found.calls == 0


@pytest.fixture(autouse=True)
def name_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer for the invented names as whoever owns them likes; 192.0.1.1 is public and nobody's."""
    real, asked = socket.getaddrinfo, []

    def found(name: Any, *rest: Any, **more: Any) -> Any:
        if name not in INVENTED:
            return real(name, *rest, **more)
        asked.append(name)
        first = name == "rebinding.example" and asked.count(name) % 2 == 1
        return real("192.0.1.1" if first else "127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture(autouse=True)
def soon(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.use.fetcher, "_deadline", 0.3)


def test_every_field_that_holds_an_address_is_tried_here() -> None:
    known = {field.name for field in fields(RelyingParty) if field.name.endswith(("_uri", "_uris"))}

    assert known == {*SINGLE, *LISTS, *NOT_CALLED}


def addresses(canary: Canary) -> list[str]:
    hosts = [*PRIVATE, *INVENTED]
    return [f"{scheme}://{host}:{canary.port}/" for host in hosts for scheme in ("https", "http")]


def about(field: str, uri: str) -> dict[str, Any]:
    """Return a registration with this address in this field, and what makes us want to read there."""
    by_key = {
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials", "authorization_code"],
    }
    return metadata(**(by_key if field == "jwks_uri" else {}), **{field: [uri] if field.endswith("s") else uri})


def prove(dev: Developer, client_id: str) -> None:
    """Bring an assertion, and a signed request, whose keys would have to be read."""
    issuer = dev.site.use.settings.issuer
    now = int(dev.site.clock.now().timestamp())
    claims = {"iss": client_id, "sub": client_id, "aud": issuer, "iat": now, "exp": now + 60, "jti": host()}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": "k1"}, claims, KEY),
    }
    client = dev.site.app.test_client()
    assert client.post("/token", data=form, base_url=issuer).status_code in (401, 503)
    signed = jwt.encode(
        {"alg": "ES256", "kid": "k1"}, {"iss": client_id, "client_id": client_id, "aud": issuer, "exp": now + 60}, KEY
    )
    answered = client.get("/authorize", query_string={"client_id": client_id, "request": signed}, base_url=issuer)
    assert answered.status_code < 500 or answered.status_code == 503


@pytest.mark.parametrize("field", [*SINGLE, *LISTS, *UNKNOWN])
def test_no_field_of_a_registration_leads_inside(site: Site, canary: Canary, field: str) -> None:
    dev = Developer(site)
    for uri in addresses(canary):
        answer = dev.register(about(field, uri), dev.invited(agency=uri))
        assert answer.status_code in (201, 400), (uri, answer.text)
        if answer.status_code == 201 and field == "jwks_uri":
            prove(dev, answer.get_json()["client_id"])


@pytest.mark.parametrize("field", [*SINGLE, *LISTS])
def test_no_field_of_a_change_leads_inside(site: Site, canary: Canary, field: str) -> None:
    dev = Developer(site)
    told, changed = dev.registered(), 0
    for uri in addresses(canary):
        same = {} if field == "redirect_uris" else {"redirect_uris": told["redirect_uris"]}
        body = about(field, uri) | same | {"client_id": told["client_id"]}
        token = told["registration_access_token"]
        answer = dev.call("PUT", f"/register/{told['client_id']}", body, token)
        assert answer.status_code in (200, 400), (uri, answer.text)
        if answer.status_code == 400:
            continue
        told, changed = answer.get_json(), changed + 1
        if field == "jwks_uri":
            prove(dev, told["client_id"])

    assert (changed > 0) is (
        field not in ("sector_identifier_uri", "redirect_uris", "resource_uris", "frontchannel_logout_uri")
    )


def test_no_word_of_a_sign_out_goes_inside(site: Site, canary: Canary) -> None:
    dev, now = Developer(site), site.clock.now()
    registered = [
        dev.register(about("backchannel_logout_uri", uri), dev.invited(agency=uri)) for uri in addresses(canary)
    ]
    listening_there = [answer.get_json()["client_id"] for answer in registered if answer.status_code == 201]
    assert len(listening_there) > len(PRIVATE) / 2
    with site.use.database.work() as stores:
        for client_id in listening_there:
            over = LogoutNotice(client_id=client_id, subject="s", sid=host(), session_id="s1")
            logouts.send(stores.outbox, site.use.sealer, over, now)

    stopping = Event()
    thread = Thread(target=run, args=(replace(site.use, fetcher=Fetcher(deadline=0.3)), stopping))
    thread.start()
    until = time.monotonic() + 30
    while any(attempts == 0 for attempts in attempts_of(site)) and time.monotonic() < until:
        time.sleep(0.1)
    stopping.set()
    thread.join(30)

    assert min(attempts_of(site)) >= 1


def attempts_of(site: Site) -> list[int]:
    with site.use.database.work() as stores:
        return [message.attempts for message in stores.outbox.latest(logouts.KIND, 500)]


class TestFromOutside:
    """A place that may be read, but does not behave."""

    @pytest.fixture
    def outside(self) -> Iterator[Listener]:
        with listening() as server:
            yield server

    @pytest.fixture
    def dev(self, tmp_path: Path, outside: Listener, monkeypatch: pytest.MonkeyPatch) -> Developer:
        given = {"registration": "guarded", "issuer": "http://localhost:1", "fetch_allow": outside.address}
        made = on_files(tmp_path / "outside", **given)
        monkeypatch.setattr(made.use.fetcher, "_deadline", 0.5)
        return Developer(made)

    @pytest.mark.parametrize("field", ["jwks_uri", "sector_identifier_uri"])
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_inside_is_not_followed(
        self, dev: Developer, outside: Listener, canary: Canary, field: str, status: int
    ) -> None:
        location = f"Location: http://127.0.0.1:{canary.port}/\r\n"
        outside.answers["/"] = answer(b"", status=status, headers=location)

        registered = dev.register(about(field, outside.url("/")), dev.invited())
        if field == "jwks_uri":
            assert registered.status_code == 201, registered.text
            prove(dev, registered.get_json()["client_id"])
        else:
            assert registered.status_code == 400

        assert [path for path, _, _ in outside.calls] == ["/"]

    @pytest.mark.parametrize("field", ["jwks_uri", "sector_identifier_uri"])
    @pytest.mark.parametrize("how", ["slow", "endless", "huge"])
    def test_a_body_without_end_ends(self, dev: Developer, outside: Listener, field: str, how: str) -> None:
        good = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()

        def send(out: BinaryIO) -> None:
            out.write(b"HTTP/1.1 200 OK\r\n\r\n")
            if how == "huge":
                out.write(good + b" " * 70_000)
            for _ in range(100 if how == "slow" else 10_000 if how == "endless" else 0):
                out.write(b"[" if how == "slow" else b" " * 65_536)
                out.flush()
                time.sleep(0.05 if how == "slow" else 0)

        outside.answers["/"] = send
        began = time.monotonic()

        registered = dev.register(about(field, outside.url("/")), dev.invited())
        if field == "jwks_uri":
            prove(dev, registered.get_json()["client_id"])
        else:
            assert registered.status_code == 400, registered.text

        assert time.monotonic() - began < 4

    def test_a_slow_place_holds_one_thread_at_most(self, dev: Developer, outside: Listener) -> None:
        outside.answers["/"] = lambda _: time.sleep(1)
        body, tokens = about("sector_identifier_uri", outside.url("/")), [dev.invited() for _ in range(6)]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda token: dev.register(body, token), tokens))

        assert {answer.status_code for answer in answers} == {400, 503}
        assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
        assert dev.register(metadata(), dev.invited()).status_code == 201
        assert dev.register(body, tokens[0]).status_code == 400

    def test_what_is_read_there_is_not_told_on(self, dev: Developer, outside: Listener) -> None:
        outside.answers["/"] = answer(b'["the inside of a service of ours"]')

        registered = dev.register(about("sector_identifier_uri", outside.url("/")), dev.invited())

        assert registered.status_code == 400
        assert "the inside" not in registered.text
        assert CHALLENGE not in registered.text
