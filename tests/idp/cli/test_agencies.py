"""`countersign agencies`: a service is registered, shown, listed and stopped from a script or by hand."""

import json
import re
import secrets

import pytest

from tests.support.service import Service

CALLBACK = "https://parking.example/callback"
METADATA = {
    "client_name": "Parking permits",
    "agency": "City of Łódź",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "software_version": "unknown metadata is ignored",
}


def test_metadata_goes_in_and_the_id_and_secret_come_out_once(service: Service) -> None:
    made = service.cli_json("agencies", "add", stdin=METADATA)
    shown = service.cli_json("agencies", "show", made["client_id"])

    assert len(made["client_secret"]) >= 43
    assert made["client_secret_expires_at"] == 0
    assert shown == {name: told for name, told in made.items() if not name.startswith("client_secret")}
    assert (shown["agency"], shown["id_token_signed_response_alg"]) == ("City of Łódź", "ES256")
    assert shown["scope"] == "openid profile email offline_access"
    assert shown in service.cli_json("agencies", "list")


def test_by_hand_options_say_the_same(service: Service) -> None:
    done = service.cli(
        *("agencies", "add", "--name", "Parking", "--agency", "Lund"),
        *("--redirect-uri", CALLBACK, "--redirect-uri", "https://parking.example/other", "--auth-method", "none"),
    )

    assert "client_id" in done.stdout
    assert "client_secret" not in done.stdout + done.stderr
    listed = service.cli("agencies", "list", "--agency", "Lund").stdout
    assert "Parking" in listed
    assert "Parking" not in service.cli("agencies", "list", "--agency", "Malmö").stdout


def test_an_option_takes_the_place_of_its_field(service: Service) -> None:
    done = service.cli("agencies", "add", "--json", "--name", "Renamed", stdin=json.dumps(METADATA))

    assert json.loads(done.stdout)["client_name"] == "Renamed"


def test_all_faults_are_told_at_once_and_nothing_is_kept(service: Service) -> None:
    wrong = METADATA | {"redirect_uris": ["javascript:alert(1)"], "grant_types": ["implicit"], "client_name": 7}

    before = service.cli_json("agencies", "list")
    done = service.cli("agencies", "add", "--json", stdin=json.dumps(wrong), check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "Nothing was registered." in done.stderr
    for field in (
        "redirect_uris[0]: must begin with https://",
        "grant_types[0]: must be one of",
        "client_name: must be",
    ):
        assert field in done.stderr
    assert service.cli_json("agencies", "list") == before


@pytest.mark.parametrize("text", ["[]", "[" * 60_000, "\x00", '{"a":"' + "x" * 70_000 + '"}'])
def test_what_is_not_an_object_of_metadata_is_one_sentence(service: Service, text: str) -> None:
    done = service.cli("agencies", "add", "--json", stdin=text, check=False)

    assert done.returncode == 2
    assert "standard input is" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_disabled_service_is_stopped_for_good_and_still_shown(service: Service) -> None:
    client_id = service.cli_json("agencies", "add", stdin=METADATA)["client_id"]

    assert service.cli_json("agencies", "disable", client_id) == {"client_id": client_id, "active": False}
    assert service.cli("agencies", "disable", client_id).returncode == 0

    assert service.cli_json("agencies", "show", client_id)["active"] is False


def test_people_read_instants_and_machines_the_seconds_of_rfc_7591(service: Service) -> None:
    added = service.cli("agencies", "add", "--name", "Parking", "--redirect-uri", "http://localhost:5000/cb").stdout
    client_id = re.search(r"client_id +(\S+)", added)
    assert client_id is not None

    assert re.search(r"client_id_issued_at +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", added)
    assert re.search(r"client_secret_expires_at +never", added)
    assert isinstance(service.cli_json("agencies", "show", client_id[1])["client_id_issued_at"], int)


def test_what_is_registered_is_written_anew_from_what_is_shown(service: Service) -> None:
    made = service.cli_json("agencies", "add", stdin=METADATA)
    shown = service.cli_json("agencies", "show", made["client_id"])

    changed = service.cli_json("agencies", "update", made["client_id"], stdin=shown | {"client_name": "New"})

    assert changed == shown | {"client_name": "New"}
    assert service.cli_json("agencies", "show", made["client_id"]) == changed
    fewer = service.cli_json("agencies", "update", made["client_id"], stdin={"redirect_uris": [CALLBACK]})
    assert (fewer["client_name"], fewer["grant_types"]) == ("parking.example", ["authorization_code"])


def test_a_secret_comes_with_the_need_for_one(service: Service) -> None:
    made = service.cli_json("agencies", "add", stdin=METADATA | {"token_endpoint_auth_method": "none"})

    changed = service.cli_json("agencies", "update", made["client_id"], stdin=METADATA)

    assert ("client_secret" in made, len(changed["client_secret"])) == (False, 43)


def test_a_move_to_another_host_is_not_made_by_accident(service: Service) -> None:
    made = service.cli_json("agencies", "add", stdin=METADATA)
    moved = METADATA | {"redirect_uris": ["https://permits.example/cb"]}

    done = service.cli("agencies", "update", made["client_id"], stdin=json.dumps(moved), check=False)
    assert (done.returncode, "Nothing was changed." in done.stderr) == (2, True)
    assert service.cli_json("agencies", "show", made["client_id"])["sector"] == "parking.example"

    changed = service.cli_json("agencies", "update", made["client_id"], "--new-subjects", stdin=moved)
    assert changed["sector"] == "permits.example"


def test_a_disabled_service_is_enabled_and_not_changed_before(service: Service) -> None:
    client_id = service.cli_json("agencies", "add", stdin=METADATA)["client_id"]
    service.cli("agencies", "disable", client_id)

    done = service.cli("agencies", "update", client_id, stdin=json.dumps(METADATA), check=False)
    assert (done.returncode, "it is disabled" in done.stderr) == (2, True)

    assert service.cli_json("agencies", "enable", client_id) == {"client_id": client_id, "active": True}
    assert service.cli_json("agencies", "show", client_id)["active"] is True
    assert service.cli("agencies", "enable", client_id).returncode == 0


def test_a_service_whose_api_is_anothers_by_now_is_not_enabled_beside_it(service: Service) -> None:
    api = {"resource_uris": [f"https://{secrets.token_hex(4)}.example/api"], "grant_types": ["client_credentials"]}
    first = service.cli_json("agencies", "add", stdin=api | {"client_name": "First"})["client_id"]
    service.cli("agencies", "disable", first)
    heir = service.cli_json("agencies", "add", stdin=api | {"client_name": "Heir"})["client_id"]

    done = service.cli("agencies", "enable", first, check=False)
    assert (done.returncode, "resource_uris[0]" in done.stderr) == (2, True)
    assert service.cli_json("agencies", "show", first)["active"] is False

    service.cli("agencies", "disable", heir)
    assert service.cli("agencies", "enable", first).returncode == 0


@pytest.mark.parametrize("verb", ["show", "disable", "enable", "update"])
def test_an_unknown_service_is_told_as_one(service: Service, verb: str) -> None:
    done = service.cli("agencies", verb, "nobody", stdin="{}", check=False)

    assert done.returncode == 2
    assert "No service has the client_id 'nobody'" in done.stderr


def test_help_shows_an_example(service: Service) -> None:
    assert "countersign agencies add --json < metadata.json" in service.cli("agencies", "add", "--help").stdout


def test_an_api_has_one_owner_and_is_used_only_once_it_has(service: Service) -> None:
    api = "https://records.example/api"
    asker, owner = METADATA | {"allowed_resources": [api]}, METADATA | {"resource_uris": [api]}

    too_early = service.cli("agencies", "add", "--json", stdin=json.dumps(asker), check=False)
    owned = service.cli_json("agencies", "add", stdin=owner)
    again = service.cli("agencies", "add", "--json", stdin=json.dumps(owner), check=False)
    ours = METADATA | {"resource_uris": [service.base_url, f"{service.base_url}/userinfo"]}
    taken = service.cli("agencies", "add", "--json", stdin=json.dumps(ours), check=False)

    assert "allowed_resources[0]: belongs to no service" in too_early.stderr
    assert owned["resource_uris"] == [api]
    assert "resource_uris[0]: is another service's" in again.stderr
    assert "resource_uris[0]" in taken.stderr
    assert "resource_uris[1]" in taken.stderr
    assert service.cli_json("agencies", "add", stdin=asker)["allowed_resources"] == [api]
    service.cli("agencies", "disable", owned["client_id"])
    assert service.cli("agencies", "add", "--json", stdin=json.dumps(owner), check=False).returncode == 0
