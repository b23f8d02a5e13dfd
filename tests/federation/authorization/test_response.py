"""Answers carry state and issuer, and keep to the registered address."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from federation.authorization.errors import AccessDenied
from federation.authorization.response import origin_of, with_code, with_error
from federation.authorization.return_address import ReturnAddress

ISSUER = "https://id.example"


def address(uri: str = "https://rp.example/cb", state: str | None = "s 1&x=y") -> ReturnAddress:
    return ReturnAddress(client_id="rp", redirect_uri=uri, response_mode="query", state=state)


def test_a_code_comes_with_state_and_issuer() -> None:
    answer = with_code(address(), "the.code", issuer=ISSUER)

    assert answer.parameters == {"code": "the.code", "state": "s 1&x=y", "iss": ISSUER}
    assert parse_qsl(urlsplit(answer.location).query) == [("code", "the.code"), ("state", "s 1&x=y"), ("iss", ISSUER)]


def test_an_error_comes_with_state_and_issuer() -> None:
    answer = with_error(AccessDenied(address(), "a secret reason"), issuer=ISSUER)

    assert answer.parameters["error"] == "access_denied"
    assert (answer.parameters["state"], answer.parameters["iss"]) == ("s 1&x=y", ISSUER)
    assert "secret" not in answer.location


def test_no_state_is_invented() -> None:
    assert "state" not in with_code(address(state=None), "c", issuer=ISSUER).parameters


def test_the_query_of_a_registered_address_is_kept() -> None:
    answer = with_code(address("https://rp.example/cb?lang=cy"), "c", issuer=ISSUER)

    assert answer.location.startswith("https://rp.example/cb?lang=cy&code=c&")


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://rp.example/cb", "https://rp.example"),
        ("http://localhost:8001/cb", "http://localhost:8001"),
        ("com.example.app:/cb", "com.example.app:"),
    ],
)
def test_the_origin_is_what_a_policy_can_name(uri: str, origin: str) -> None:
    assert origin_of(uri) == origin
