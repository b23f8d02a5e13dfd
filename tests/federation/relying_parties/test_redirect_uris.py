"""RFC 9700 section 4.1, RFC 8252 section 7.3: nobody is returned to an address that is not registered."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from federation.relying_parties.model import RelyingParty
from federation.relying_parties.redirect_uris import is_registered, is_registered_after_logout

REGISTERED = "https://service.example/callback?kind=a"


def service(*uris: str, native: bool = False) -> RelyingParty:
    return RelyingParty(
        client_id="service",
        client_name="Service",
        agency="Agency",
        redirect_uris=uris,
        application_type="native" if native else "web",
    )


def test_the_exact_address_is_registered() -> None:
    assert is_registered(service(REGISTERED), REGISTERED)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    "near",
    [
        "https://service.example/callback",
        "https://service.example/callback?kind=a&more=b",
        "https://service.example/callback?kind=a#",
        "https://service.example/Callback?kind=a",
        "https://SERVICE.example/callback?kind=a",
        "HTTPS://service.example/callback?kind=a",
        "https://service.example:443/callback?kind=a",
        "https://service.example./callback?kind=a",
        "https://service.example/./callback?kind=a",
        "https://service.example/%63allback?kind=a",
        "https://service.example/callback/?kind=a",
        "https://service.example.attacker.example/callback?kind=a",
        "https://service.example@attacker.example/callback?kind=a",
        "https://attacker.example\\@service.example/callback?kind=a",
        "http://service.example/callback?kind=a",
        " https://service.example/callback?kind=a",
        "https://service.example/callback?kind=a\n",
        "",
    ],
)
def test_nothing_that_merely_looks_like_it_is(near: str, native: bool) -> None:
    assert not is_registered(service(REGISTERED, native=native), near)


@given(st.text(max_size=80))
def test_no_other_text_is_registered(text: str) -> None:
    assume(text != REGISTERED)

    assert not is_registered(service(REGISTERED), text)
    assert not is_registered(service(REGISTERED, native=True), text)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
@given(port=st.integers(1, 65_535))
def test_a_native_loopback_address_may_have_any_port(host: str, port: int) -> None:
    native = service(f"http://{host}/callback", native=True)

    assert is_registered(native, f"http://{host}:{port}/callback")


@given(port=st.integers(1, 65_535))
def test_a_web_service_keeps_to_its_port(port: int) -> None:
    assume(port != 8001)

    assert not is_registered(service("http://localhost:8001/callback"), f"http://localhost:{port}/callback")


@pytest.mark.parametrize(
    "near",
    [
        "https://127.0.0.1:5/callback",
        "http://127.0.0.2:5/callback",
        "http://localhost:5/callback",
        "http://127.0.0.1:5/callback/",
        "http://127.0.0.1:5/callback?more=1",
        "http://127.0.0.1:5/callback#part",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:05/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:\uff15/callback",
        "http://127.0.0.1:5@attacker.example/callback",
        "http://127.0.0.1.attacker.example:5/callback",
        "http://127.0.0.1:5/callback\n",
    ],
)
def test_only_the_port_of_a_native_loopback_address_may_differ(near: str) -> None:
    assert not is_registered(service("http://127.0.0.1/callback", native=True), near)


@given(st.integers(1, 65_535), st.text(max_size=40))
def test_nothing_after_the_port_may_differ(port: int, rest: str) -> None:
    native = service("http://127.0.0.1/callback", native=True)

    assert is_registered(native, f"http://127.0.0.1:{port}{rest}") == (rest == "/callback")


def test_a_remote_address_of_a_native_service_keeps_to_its_port() -> None:
    native = service("https://service.example/callback", native=True)

    assert not is_registered(native, "https://service.example:8443/callback")


def test_after_signing_out_only_addresses_for_that_are_known() -> None:
    signed_out = RelyingParty(
        client_id="s", client_name="S", agency="A", post_logout_redirect_uris=("https://service.example/bye",)
    )

    assert is_registered_after_logout(signed_out, "https://service.example/bye")
    assert not is_registered_after_logout(signed_out, "https://service.example/bye?x")
    assert not is_registered_after_logout(service(REGISTERED), REGISTERED)
