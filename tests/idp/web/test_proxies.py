"""Forwarded headers: believed from configured peers, forgotten from all others, refused when they make no sense."""

import pytest
from flask import Flask, request

from idp.setting_values import networks
from idp.web import proxies

PROXY, STRANGER = "10.0.0.7", "192.0.2.9"


@pytest.fixture
def ask():
    app = Flask("behind")
    proxies.install(app, trusted=networks("10.0.0.0/8,fd00::/8"), scheme="https")

    @app.get("/")
    def told():
        forwarded = [name for name, _ in request.headers if name.startswith("X-Forwarded")]
        return {"address": request.remote_addr, "forwarded": forwarded}

    def get(peer, **forwarded):
        headers = {f"X-Forwarded-{name}": value for name, value in forwarded.items()}
        return app.test_client().get("/", headers=headers, environ_overrides={"REMOTE_ADDR": peer})

    return get


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("198.51.100.4", "198.51.100.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("203.0.113.1, 198.51.100.4", "198.51.100.4"),
        ("nonsense, 198.51.100.4", "198.51.100.4"),
        ("198.51.100.4, 10.0.0.9", "198.51.100.4"),
        ("198.51.100.4, fd00::2", "198.51.100.4"),
        ("10.0.0.9", "10.0.0.9"),
    ],
)
def test_a_trusted_proxy_names_the_nearest_address_that_is_none_of_ours(ask, told, address):
    assert ask(PROXY, For=told, Proto="https").json["address"] == address


def test_what_a_stranger_forwards_is_forgotten(ask):
    answer = ask(STRANGER, For="198.51.100.4", Proto="http", Host="evil.example", Port="1", Prefix="/evil")

    assert answer.json == {"address": STRANGER, "forwarded": []}


@pytest.mark.parametrize("peer", ["", "unix:", "not an address"])
def test_a_peer_without_an_address_is_a_stranger(ask, peer):
    assert ask(peer, For="198.51.100.4").json["address"] == peer


@pytest.mark.parametrize(
    "forwarded",
    [
        {"Proto": "http"},
        {"Proto": "https,http"},
        {"Proto": ""},
        {"For": ""},
        {"For": "localhost"},
        {"For": "198.51.100.4:443"},
        {"For": "198.51.100.4, "},
    ],
)
def test_what_makes_no_sense_from_a_trusted_proxy_is_refused(ask, forwarded):
    assert ask(PROXY, **forwarded).status_code == 400


def test_a_proxy_that_forwards_nothing_is_the_one_who_asks(ask):
    assert ask(PROXY).json["address"] == PROXY
