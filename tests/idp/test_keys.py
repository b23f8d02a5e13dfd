"""countersign keys, on a running service: what operators type, and what workers then do."""

import time

import pytest
import requests

from tests.support.service import Service, StartService

KINDS = 6


@pytest.fixture
def quick(start_service: StartService) -> Service:
    return start_service(workers=2, JWKS_MAX_AGE="1", KEY_PREPUBLISH="11s")


def test_the_list_shows_a_signer_and_a_standby_of_every_kind(service):
    listed = service.cli_json("keys", "list")

    assert [set(key) for key in listed] == [
        {"kid", "purpose", "alg", "state", "published_at", "activated_at"} for _ in listed
    ]
    for state in ("active", "published"):
        assert len({(key["purpose"], key["alg"]) for key in listed if key["state"] == state}) == KINDS


def test_a_standby_published_too_recently_is_refused_with_the_earliest_time(service):
    answer = service.cli("keys", "rotate", check=False)

    assert answer.returncode == 2
    assert "Earliest: " in answer.stderr
    assert "--wait" in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [("activate", "nobody"), ("revoke", "nobody"), ("retire", "nobody"), ("rotate", "--alg", "none"), ("publish", "x")],
)
def test_what_cannot_be_done_is_said_in_a_sentence(service, arguments):
    answer = service.cli("keys", *arguments, check=False)

    assert answer.returncode == 2
    assert "Error: " in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_held_key_is_shown_with_its_reason_until_it_is_released(service):
    kid = _signer(service.cli_json("keys", "list"))

    held = service.cli_json("keys", "hold", kid, "--reason", "case 12")
    released = service.cli_json("keys", "release", kid)

    assert [key["held_because"] for key in held] == ["case 12"]
    assert [set(key) for key in released] == [
        {"kid", "purpose", "alg", "state", "published_at", "activated_at"} for _ in released
    ]
    assert [event["name"] for event in service.cli_json("audit", "list")[:2]] == ["key.released", "key.held"]


def test_a_kid_that_begins_with_a_hyphen_is_no_option(service):
    answer = service.cli("keys", "revoke", "-abch_unknown", "--reason", "rehearsal", check=False)

    assert (answer.returncode, "There is no key -abch_unknown" in answer.stderr) == (2, True)


def test_running_workers_follow_a_rotation_and_a_revocation_within_ten_seconds(quick):
    old = _signer(quick.cli_json("keys", "list"))

    quick.cli("keys", "rotate", "--wait", "--purpose", "id_token", "--alg", "ES256")
    listed = quick.cli_json("keys", "list")
    new = _signer(listed)
    assert new != old
    _every_worker_serves(quick, {old, new})
    quick.cli("keys", "revoke", old, "--reason", "rehearsal")

    _every_worker_serves(quick, {new}, without={old})


def _signer(listed: list[dict[str, str]]) -> str:
    (found,) = (
        key["kid"] for key in listed if (key["purpose"], key["alg"], key["state"]) == ("id_token", "ES256", "active")
    )
    return found


def _every_worker_serves(service: Service, kids: set[str], without: frozenset[str] | set[str] = frozenset()) -> None:
    time.sleep(10)
    for _ in range(40):
        answer = requests.get(service.base_url + "/jwks", timeout=5, headers={"Connection": "close"})
        served = {key["kid"] for key in answer.json()["keys"]}
        assert kids <= served
        assert not without & served
