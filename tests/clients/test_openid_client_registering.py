"""A client nobody here wrote registers itself: npm's openid-client, with no more than an issuer and an invitation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.registering import new_citizen
from tests.clients.test_openid_client import BACK, OpenidClient, installed
from tests.support.service import Service, StartService
from tests.support.visitor import Citizen

__all__ = ["installed"]


@pytest.fixture
def guarded(start_service: StartService) -> Service:
    return start_service(workers=1, background=False, REGISTRATION="guarded")


@pytest.fixture
def developer(installed: Path) -> Iterator[OpenidClient]:
    client = OpenidClient(installed, "registering.js")
    yield client
    client.process.kill()
    client.process.communicate()


def test_openid_client_registers_signs_a_citizen_in_and_looks_after_what_it_registered(
    guarded: Service, developer: OpenidClient
) -> None:
    invitation = guarded.cli_json("invitations", "add", "--agency", "City of Lund")
    citizen = Citizen(email := new_citizen(guarded))
    metadata = {
        "client_name": "Permits",
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "client_secret_post",
        "contacts": ["team@lund.example"],
    }

    made = developer.tell({"issuer": guarded.base_url, "token": invitation["token"], "metadata": metadata})
    who = developer.tell({"back": citizen.come_back(made["authorize"], to=BACK)})
    after = developer.tell({"change": {"client_name": "Parking", "contacts": []}})

    registered = made["registered"]
    assert metadata.items() <= registered.items()
    assert (registered["agency"], registered["id_token_signed_response_alg"]) == ("City of Lund", "RS256")
    assert who["email"] == email
    assert (after["read"]["status"], after["read"]["client_name"]) == (200, "Permits")
    assert (after["updated"]["status"], after["updated"]["client_name"], after["updated"]["contacts"]) == (
        200,
        "Parking",
        [],
    )
    assert after["ended"] == {"status": 204}
    assert after["gone"]["status"] == 401
    assert guarded.cli_json("agencies", "show", registered["client_id"])["active"] is False
