"""No request that an agency can cause reaches an address that is not public, or lasts."""

import socket
import time
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.outbound import Fetcher, FetchFailed, FetchRefused
from tests.support.inside import PRIVATE
from tests.support.listener import Listener, answer


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_no_spelling_of_a_private_address_is_connected_to(listener: Listener, scheme: str, host: str) -> None:
    fetcher = Fetcher(deadline=2)

    with pytest.raises((FetchRefused, FetchFailed)):
        fetcher.get(f"{scheme}://{host}:{listener.server_port}/", max_bytes=100, accept="*/*")

    assert listener.calls == []


def test_a_name_that_resolves_to_this_machine_is_refused(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))

    with pytest.raises(FetchRefused, match="not a public one"):
        Fetcher(deadline=2).get(f"https://agency.example:{listener.server_port}/", max_bytes=100, accept="*/*")


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(FetchRefused, match="not a public one"):
        Fetcher(deadline=2).get("https://agency.example/", max_bytes=100, accept="*/*")


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def changing(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        address = "192.0.1.1" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    with pytest.raises(FetchFailed):
        Fetcher(deadline=0.3).get("https://agency.example/", max_bytes=100, accept="*/*")

    assert asked[0] == "agency.example"
    assert "agency.example" not in asked[1:]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "http://agency.example/",
        "ftp://agency.example/",
        "file:///etc/passwd",
        "https://agency.example/#part",
        "https://user:pass@agency.example/",
        "https://agency.example\\@localhost/",
        "https://agency.example:0/",
        "https://agency.example:99999/",
        "https://[::1/",
        "https://agency.example/\r\nHost: localhost",
        "https://agency.example/\x00",
        "https://agency.example/" + "a" * 3_000,
        "//agency.example/",
    ],
)
def test_what_is_not_a_plain_https_url_is_refused_before_any_name_is_looked_up(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_: looked_up.append(asked))

    with pytest.raises(FetchRefused):
        Fetcher(deadline=1).get(url, max_bytes=100, accept="*/*")

    assert looked_up == []


PUBLIC_ONLY = Fetcher(deadline=2)


@settings(deadline=None)
@given(st.text(max_size=60).map("https://".__add__) | st.text(max_size=60))
def test_whatever_the_url_the_fetcher_refuses_or_fails(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _nothing_resolves)
        with pytest.raises((FetchRefused, FetchFailed)):
            PUBLIC_ONLY.get(url, max_bytes=10, accept="*/*")


def test_an_allowed_address_is_reached_with_its_own_host_and_nothing_of_ours(
    listener: Listener, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://localhost:9")
    listener.answers["/keys?a=b"] = answer(b"{}", headers="X-Told: yes\r\n")

    fetched = fetcher.get(listener.url("/keys?a=b"), max_bytes=100, accept="application/json")

    assert (fetched.status, fetched.body, fetched.headers["x-told"]) == (200, b"{}", "yes")
    path, headers, _ = listener.calls[0]
    assert (path, headers["host"], headers["accept"]) == ("/keys?a=b", listener.address, "application/json")
    assert not {"cookie", "authorization", "x-forwarded-for"} & headers.keys()


def test_being_allowed_is_for_one_port_alone(listener: Listener) -> None:
    with pytest.raises(FetchRefused):
        Fetcher(allow=["localhost:1"]).get(listener.url("/"), max_bytes=100, accept="*/*")

    assert listener.calls == []


def test_a_form_is_posted_as_it_is(listener: Listener, fetcher: Fetcher) -> None:
    listener.answers["/logout"] = answer(b"")

    assert fetcher.post(listener.url("/logout"), {"logout_token": "a.b+c"}).status == 200

    _, headers, body = listener.calls[0]
    assert (headers["content-type"], body) == ("application/x-www-form-urlencoded", b"logout_token=a.b%2Bc")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(listener: Listener, fetcher: Fetcher, status: int) -> None:
    listener.answers["/"] = answer(b"", status=status, headers=f"Location: {listener.url('/inside')}\r\n")

    with pytest.raises(FetchRefused, match="redirects"):
        fetcher.get(listener.url("/"), max_bytes=100, accept="*/*")

    assert [path for path, _, _ in listener.calls] == ["/"]


def _drip_headers(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n")
    _drip(out, b"X-A: b\r\n")


def _drip_body(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n\r\n")
    _drip(out, b".")


def _drip(out: BinaryIO, drop: bytes) -> None:
    for _ in range(200):
        out.write(drop)
        out.flush()
        time.sleep(0.05)


def _flood(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        out.write(b"." * 65_536)


def _redirect_flood(out: BinaryIO) -> None:
    out.write(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
    while True:
        out.write(b"." * 65_536)


@pytest.mark.parametrize("slow", [_drip_headers, _drip_body])
def test_an_answer_that_trickles_ends_with_the_deadline(listener: Listener, slow: object) -> None:
    listener.answers["/"] = slow  # type: ignore[assignment]  # an Answer
    fetcher = Fetcher(allow=[listener.address], deadline=0.4)
    began = time.monotonic()

    with pytest.raises(FetchFailed):
        fetcher.get(listener.url("/"), max_bytes=10_000, accept="*/*")

    assert time.monotonic() - began < 1.5


def test_slow_answers_do_not_use_up_the_fetcher(listener: Listener) -> None:
    listener.answers |= {"/slow": _drip_headers, "/good": answer(b"ok")}
    fetcher = Fetcher(allow=[listener.address], deadline=0.15)
    for _ in range(9):
        with pytest.raises(FetchFailed):
            fetcher.get(listener.url("/slow"), max_bytes=100, accept="*/*")

    assert fetcher.get(listener.url("/good"), max_bytes=100, accept="*/*").body == b"ok"


@pytest.mark.parametrize("endless", [_flood, _redirect_flood])
def test_an_endless_answer_is_cut_off(listener: Listener, fetcher: Fetcher, endless: object) -> None:
    listener.answers["/"] = endless  # type: ignore[assignment]  # an Answer

    with pytest.raises((FetchFailed, FetchRefused)):
        fetcher.get(listener.url("/"), max_bytes=1_000, accept="*/*")


def test_a_compressed_answer_is_not_unpacked(listener: Listener, fetcher: Fetcher) -> None:
    listener.answers["/"] = answer(b"\x1f\x8b", headers="Content-Encoding: gzip\r\n")

    with pytest.raises(FetchFailed, match="compressed"):
        fetcher.get(listener.url("/"), max_bytes=100, accept="*/*")


@pytest.mark.parametrize("garbage", [b"", b"not http at all", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 100])
def test_garbage_is_a_failure(listener: Listener, fetcher: Fetcher, garbage: bytes) -> None:
    def send(out: BinaryIO) -> None:
        out.write(garbage)

    listener.answers["/"] = send
    with pytest.raises(FetchFailed):
        fetcher.get(listener.url("/"), max_bytes=100, accept="*/*")


def test_nobody_listening_is_a_failure() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"localhost:{unused.getsockname()[1]}"

        with pytest.raises(FetchFailed):
            Fetcher(allow=[address]).get(f"http://{address}/", max_bytes=100, accept="*/*")


def test_a_ca_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Fetcher(extra_ca=tmp_path / "missing.pem")


def _nothing_resolves(*_: object, **__: object) -> list[object]:
    raise socket.gaierror("no such name")
