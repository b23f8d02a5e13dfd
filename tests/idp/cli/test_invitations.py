"""`countersign invitations`: an operator lets an agency register its services, and can say how many and until when."""

import pytest
import requests

from tests.support.service import Service, StartService


@pytest.fixture
def guarded(start_service: StartService) -> Service:
    return start_service(workers=1, background=False, REGISTRATION="guarded")


def register(service: Service, token: str) -> requests.Response:
    said = {"client_name": "Permits", "redirect_uris": ["http://localhost:7/back"]}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{service.base_url}/register", json=said, headers=headers, timeout=30)


def test_an_invitation_is_made_used_listed_and_withdrawn(guarded: Service) -> None:
    made = guarded.cli_json("invitations", "add", "--agency", "City of Lund", "--uses", "2", "--scope", "openid email")

    assert made["registration_endpoint"] == f"{guarded.base_url}/register"
    answer = register(guarded, made["token"])
    assert (answer.status_code, answer.json()["agency"], answer.json()["scope"]) == (
        201,
        "City of Lund",
        "openid email",
    )
    (listed,) = guarded.cli_json("invitations", "list")
    assert (listed["state"], listed["used"], listed["uses"]) == ("open", 1, 2)
    assert made["token"] not in str(listed)

    guarded.cli("invitations", "withdraw", made["invitation_id"])

    assert register(guarded, made["token"]).status_code == 401
    assert guarded.cli_json("invitations", "list")[0]["state"] == "withdrawn"
    again = guarded.cli("invitations", "withdraw", made["invitation_id"], check=False)
    assert (again.returncode, "is there to withdraw" in again.stderr) == (2, True)
    names = [entry["name"] for entry in guarded.cli_json("audit", "list")]
    assert {"invitation.made", "invitation.withdrawn", "agency.registered"} <= set(names)


def test_a_token_that_was_lost_is_made_anew_for_who_registered_and_for_who_was_registered(guarded: Service) -> None:
    made = guarded.cli_json("invitations", "add", "--agency", "City of Lund")
    lost = register(guarded, made["token"]).json()
    added = guarded.cli_json("agencies", "add", stdin={"redirect_uris": ["http://localhost:7/back"], "scope": "openid"})

    def read(told: dict[str, str]) -> int:
        headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
        return requests.get(told["registration_client_uri"], headers=headers, timeout=30).status_code

    for client_id in (lost["client_id"], added["client_id"]):
        told = guarded.cli_json("agencies", "token", client_id)
        assert (read(told), read(told)) == (200, 401)
    assert read(lost) == 401

    guarded.cli("agencies", "disable", added["client_id"])
    refused = guarded.cli("agencies", "token", added["client_id"], check=False)
    assert (refused.returncode, "the service is disabled" in refused.stderr) == (2, True)


def test_what_an_operator_takes_a_service_does_not_take_back(guarded: Service) -> None:
    made = guarded.cli_json("invitations", "add", "--agency", "City of Lund", "--scope", "openid email profile")
    told = register(guarded, made["token"]).json()
    shown = guarded.cli_json("agencies", "show", told["client_id"])
    guarded.cli_json("agencies", "update", told["client_id"], stdin=shown | {"scope": "openid profile"})

    def put(scope: str, token: str) -> requests.Response:
        said = {"client_id": told["client_id"], "redirect_uris": told["redirect_uris"], "scope": scope}
        headers = {"Authorization": f"Bearer {token}"}
        return requests.put(told["registration_client_uri"], json=said, headers=headers, timeout=30)

    refused = put("openid email", told["registration_access_token"])
    kept = put("openid profile", told["registration_access_token"])

    assert (refused.status_code, "scope: " in refused.json()["error_description"]) == (400, True)
    assert (kept.status_code, kept.json()["scope"]) == (200, "openid profile")


def test_what_cannot_be_is_one_sentence(start_service: StartService) -> None:
    prepared = start_service(started=False, REGISTRATION="guarded")
    for arguments, told in (
        (("--valid", "2y"), "--valid must be a number and a unit"),
        (("--valid", "0d"), "--valid must be more than nothing"),
        (("--valid", "400d"), "--valid must be more than nothing and a year at most"),
        (("--uses", "0"), "--uses"),
        (("--scope", "a  b"), "scope:"),
        (("--agency", "\u202eevil"), "agency:"),
    ):
        done = prepared.cli("invitations", "add", "--agency", "Lund", *arguments, check=False)
        assert (done.returncode, told in done.stderr) == (2, True), done.stderr

    assert prepared.cli_json("invitations", "list") == []


def test_nobody_is_invited_to_a_closed_door(service: Service) -> None:
    done = service.cli("invitations", "add", "--agency", "Lund", check=False)

    assert (done.returncode, "COUNTERSIGN_REGISTRATION is closed" in done.stderr) == (2, True)
