"""Requests that are pushed, signed or not, and what comes of unfit ones: at once, and not by way of the citizen."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import requests

from tests.specs.fapi_plans.conftest import NewFapiClient
from tests.support.dpop import GONE
from tests.support.fapi import BACK, REQUEST_TYPE, FapiClient
from tests.support.token_office import VERIFIER
from tests.support.visitor import Citizen

HOUR = 3600


@pytest.fixture
def signing(new_fapi_client: NewFapiClient) -> FapiClient:
    return new_fapi_client(signed=True)


def refused(answer: requests.Response) -> tuple[int, str]:
    """Return status and error code of a refusal, which is JSON and explains itself in plain ASCII."""
    assert answer.headers["Content-Type"] == "application/json"
    said = answer.json()
    assert said.keys() == {"error", "error_description", "error_uri"}
    assert said["error_description"].isascii()
    assert said["error_description"].isprintable()
    return answer.status_code, said["error"]


def page(citizen: Citizen, address: str) -> requests.Response:
    """Return the page at which somebody stays who opens an address."""
    answer = citizen.browser.get(address, allow_redirects=False, timeout=20)
    assert "Location" not in answer.headers
    return answer


@pytest.mark.parametrize("typ", [None, "JWT", REQUEST_TYPE, f"application/{REQUEST_TYPE}"])
def test_a_request_object_may_tell_its_type_or_leave_it_out(signing: FapiClient, typ: str | None) -> None:
    assert signing.push(signing.asked(), header={} if typ is None else {"typ": typ}).status_code == 201


def test_a_request_object_may_be_for_others_beside_us(signing: FapiClient) -> None:
    audience = [signing.installation.issuer, "https://other1.example.com", "invalid"]

    assert signing.answered(signing.address_of(signing.push(signing.asked(), aud=audience)))["code"]


def test_clocks_may_differ_by_some_seconds(new_fapi_client: NewFapiClient, signing: FapiClient) -> None:
    ahead = int(time.time()) + 8

    assert signing.push(signing.asked(), nbf=ahead, iat=ahead).status_code == 201
    plain = new_fapi_client()
    proof = plain.proving(plain.assertion(iat=ahead, nbf=ahead))
    assert plain.send("/par", plain.asked() | proof).status_code == 201


def _unfit(signing: FapiClient) -> dict[str, dict[str, Any]]:
    now = int(time.time())
    return {
        "without an end": {"exp": GONE},
        "without a beginning": {"nbf": GONE},
        "after its end": {"exp": now - 300},
        "for another server": {"aud": "https://other1.example.com"},
        "for seventy minutes": {"exp": now + 70 * 60},
        "of seventy minutes ago": {"nbf": now - 70 * 60},
        "of seventy minutes ago and short": {"nbf": now - 70 * 60, "exp": now - 65 * 60},
        "with a reference inside": {"request_uri": "urn:ietf:params:oauth:request_uri:x"},
        "of another client": {"client_id": "another", "iss": "another"},
    }


@pytest.mark.parametrize("name", _unfit(None).keys())  # type: ignore[arg-type]  # only its names are looked at here
def test_an_unfit_request_object_is_refused_where_it_is_pushed(signing: FapiClient, name: str) -> None:
    assert refused(signing.push(signing.asked(), **_unfit(signing)[name])) == (400, "invalid_request_object")


def test_a_request_object_is_signed_by_its_client_as_fapi_allows(new_fapi_client: NewFapiClient) -> None:
    signing, other = (new_fapi_client(signed=True, alg="PS256") for _ in range(2))
    asked = signing.asked()
    whole = signing.request_object(asked)
    head, body, _ = whole.split(".")
    objects = [
        signing.request_object(asked, header={"alg": "RS256"}),
        signing.request_object(asked, key=other.key),
        f"{head}.{body}.{whole[:40]}",
        f"eyJhbGciOiJub25lIn0.{body}.",
    ]

    for unfit in objects:
        answer = signing.send("/par", {"request": unfit} | signing.proving())
        assert refused(answer) == (400, "invalid_request_object")


def test_who_signs_is_not_heard_unsigned(signing: FapiClient) -> None:
    assert refused(signing.send("/par", signing.asked() | signing.proving())) == (400, "invalid_request")
    told = signing.answered(f"{signing.installation.issuer}/authorize?{urlencode(signing.asked())}")
    assert told["error"] == "invalid_request"


def test_who_is_answered_by_signed_answers_asks_for_no_others(signing: FapiClient) -> None:
    for mode in (None, "query", "form_post"):
        assert refused(signing.push(signing.asked(response_mode=mode))) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": None}, "invalid_request"),
        ({"redirect_uri": f"{BACK}/x9Q2"}, "invalid_request"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_an_unfit_request_is_refused_where_it_is_pushed(
    new_fapi_client: NewFapiClient, signed: bool, changes: dict[str, Any], code: str
) -> None:
    client = new_fapi_client(signed=signed)

    assert refused(client.push(client.asked(**changes))) == (400, code)


def test_a_reference_is_not_pushed(new_fapi_client: NewFapiClient, variant: dict[str, Any], signed: bool) -> None:
    client = new_fapi_client(signed=signed, **variant)
    form = client.pushing(client.asked()) | {"request_uri": f"urn:x:{secrets.token_hex(8)}"}

    assert refused(client.send("/par", form)) == (400, "invalid_request")


def test_only_post_pushes(new_fapi_client: NewFapiClient) -> None:
    client = new_fapi_client()

    for method in ("PUT", "GET", "DELETE"):
        assert client.send("/par", client.pushing(client.asked()), method=method).status_code == 405


@pytest.mark.parametrize("by_value", [False, True])
def test_a_request_that_was_not_pushed_is_refused(new_fapi_client: NewFapiClient, signed: bool, by_value: bool) -> None:
    client = new_fapi_client(signed=signed)
    asked = client.asked()
    sent = asked | ({"request": client.request_object(asked)} if by_value else {})

    told = client.answered(f"{client.installation.issuer}/authorize?{urlencode(sent)}")

    assert (told["error"], told["state"]) == ("invalid_request", asked["state"])
    assert told.keys() <= {"error", "error_description", "error_uri", "state", "iss"}


def test_a_reference_is_of_one_client_and_leads_to_one_answer(new_fapi_client: NewFapiClient, signed: bool) -> None:
    client, other = (new_fapi_client(signed=signed) for _ in range(2))
    pushed = client.push(client.asked())
    address = client.address_of(pushed)

    assert page(client.citizen, address.replace(client.client_id, other.client_id)).status_code == 410
    client.answered(address)
    assert page(client.citizen, address).status_code == 410


def test_a_reference_may_be_opened_before_the_citizen_signs_in(new_fapi_client: NewFapiClient, signed: bool) -> None:
    client = new_fapi_client(signed=signed)
    address = client.address_of(client.push(client.asked()))

    looked = client.citizen.browser.get(address, allow_redirects=False, timeout=20)

    assert "/sign-in/" in looked.headers["Location"]
    assert client.answered(address)["code"]


def test_what_pushing_answers_is_short_lived_and_cannot_be_guessed(new_fapi_client: NewFapiClient) -> None:
    client = new_fapi_client()
    told = [client.push(client.asked()).json() for _ in range(2)]

    assert all(set(one) == {"request_uri", "expires_in"} for one in told)
    assert all(0 < one["expires_in"] < 600 for one in told)
    assert len({one["request_uri"] for one in told}) == 2
    assert all(len(one["request_uri"].rpartition(":")[2]) >= 43 for one in told)
