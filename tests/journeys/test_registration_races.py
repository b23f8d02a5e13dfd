"""What registration allows once, tried fifty times at once over HTTP: two workers, each pair of stores."""

import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.racing import RACERS, Answer, race, send
from tests.support.service import NewStorePair, Service, serving


@pytest.fixture(scope="module")
def guarded(new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("guarded")
    with serving(new_store_pair(), folder, background=False, REGISTRATION="guarded") as running:
        yield running


def invited(guarded: Service, *, uses: int = 1, agency: str = "City of Lund") -> str:
    made = guarded.cli_json("invitations", "add", "--agency", agency, "--uses", str(uses))
    return str(made["token"])


def said(**changes: Any) -> dict[str, Any]:
    return {"client_name": "Permits", "redirect_uris": [f"https://s{secrets.token_hex(6)}.example/cb"], **changes}


def registering(guarded: Service, token: str, **changes: Any) -> requests.Request:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.Request("POST", f"{guarded.base_url}/register", json=said(**changes), headers=headers)


def registered(guarded: Service) -> dict[str, Any]:
    answer = send(registering(guarded, invited(guarded)))
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def looking_after(told: dict[str, Any], method: str, token: str | None = None) -> requests.Request:
    headers = {"Authorization": f"Bearer {token or told['registration_access_token']}"}
    body = {"client_id": told["client_id"], "redirect_uris": told["redirect_uris"]} if method == "PUT" else None
    return requests.Request(method, told["registration_client_uri"], json=body, headers=headers)


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("uses", [1, 3])
def test_an_invitation_used_fifty_times_at_once_registers_as_many_as_it_says(guarded: Service, uses: int) -> None:
    token, before = invited(guarded, uses=uses), len(guarded.cli_json("agencies", "list"))

    answers = race(lambda _: registering(guarded, token))

    assert statuses(answers) == {201: uses, 401: RACERS - uses}
    assert len(guarded.cli_json("agencies", "list")) == before + uses
    (used,) = (
        each for each in guarded.cli_json("invitations", "list") if each["state"] == "used up" and each["uses"] == uses
    )
    assert used["used"] == uses


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_registration_token_used_fifty_times_at_once_works_once(guarded: Service, method: str) -> None:
    told = registered(guarded)

    answers = race(lambda _: looking_after(told, method))

    assert statuses(answers) == {200: 1, 401: RACERS - 1}
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    again = send(looking_after(told, "GET", won["registration_access_token"]))
    assert (again.status_code, send(looking_after(told, "GET")).status_code) == (200, 401)


def test_reading_writing_and_ending_at_once_do_one_thing(guarded: Service) -> None:
    told = registered(guarded)
    methods = ("GET", "PUT", "DELETE")

    answers = race(lambda number: looking_after(told, methods[number % 3]))

    done = statuses(answers)
    assert (done[200] + done[204], done[401]) == (1, RACERS - 1)
    assert guarded.cli_json("agencies", "show", told["client_id"])["active"] is (done[204] == 0)


def test_a_service_ended_fifty_times_at_once_ends_once(guarded: Service) -> None:
    told = registered(guarded)

    answers = race(lambda _: looking_after(told, "DELETE"))

    assert statuses(answers) == {204: 1, 401: RACERS - 1}


def test_of_fifty_agencies_that_want_one_host_at_once_one_gets_it(guarded: Service) -> None:
    host = f"s{secrets.token_hex(6)}.example"
    tokens = [invited(guarded, agency=f"Agency {number}") for number in range(RACERS)]

    answers = race(lambda number: registering(guarded, tokens[number], redirect_uris=[f"https://{host}/cb"]))

    assert statuses(answers) == {201: 1, 400: RACERS - 1}
    assert {answer.json().get("error") for answer in answers} == {None, "invalid_redirect_uri"}
