"""Software statements (RFC 7591 section 2.3): an authority says who a service is, and nobody else does."""

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from federation.relying_parties.rules import DEVICE_CODE
from tests.support.developer import AUTHORITY, KEY, STRANGERS_KEY, Developer, dev, guarded, host, metadata, statement

__all__ = ["dev", "guarded"]


def signed(dev: Developer, *, key: ECKey = STRANGERS_KEY, header: Any = None, **claims: Any) -> str:
    return statement(claims, key=key, header=header, now=dev.site.clock.now().timestamp())


def addresses() -> dict[str, Any]:
    return {"redirect_uris": [f"https://{host()}/cb"]}


def refused(dev: Developer, text: object, **more: Any) -> str:
    before = dev.count()
    answer = dev.register({**metadata(**more), "software_statement": text})
    assert answer.status_code == 400, answer.text
    assert dev.count() == before
    return str(answer.get_json()["error"])


def test_a_statement_takes_the_place_of_what_is_said_beside_it_and_is_told_back(dev: Developer) -> None:
    theirs = addresses()
    text = dev.statement(**theirs, client_name="Fishing", token_endpoint_auth_method="none")

    answer = dev.register({**metadata(client_name="Mallory", contacts=["a@b.example"]), "software_statement": text})

    told = answer.get_json()
    assert answer.status_code == 201, answer.text
    assert (told["agency"], told["client_name"], told["redirect_uris"]) == (
        "County of Skåne",
        "Fishing",
        theirs["redirect_uris"],
    )
    assert (told["software_statement"], told["contacts"], "client_secret" in told) == (text, ["a@b.example"], False)
    again = dev.call("GET", f"/register/{told['client_id']}", token=told["registration_access_token"])
    assert again.get_json()["software_statement"] == text


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "https://stranger.example"}, "unapproved_software_statement"),
        ({"iss": None}, "unapproved_software_statement"),
        ({"iss": [AUTHORITY]}, "unapproved_software_statement"),
        ({"exp": None}, "invalid_software_statement"),
        ({"exp": 1}, "invalid_software_statement"),
        ({"exp": 253_402_300_799}, "invalid_software_statement"),
        ({"exp": "soon"}, "invalid_software_statement"),
        ({"iat": 4_000_000_000}, "invalid_software_statement"),
        ({"nbf": 4_000_000_000}, "invalid_software_statement"),
        ({"aud": "https://other.example"}, "invalid_software_statement"),
        ({"aud": []}, "invalid_software_statement"),
        ({"aud": None, "jti": 7}, "invalid_software_statement"),
        ({"agency": None}, "invalid_software_statement"),
        ({"redirect_uris": []}, "invalid_software_statement"),
        ({"redirect_uris": None}, "invalid_software_statement"),
        ({"software_statement": "a.b.c"}, "invalid_software_statement"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"introspection": True}, "invalid_client_metadata"),
        ({"subject_type": "public"}, "invalid_client_metadata"),
        ({"scope": "openid permits:write"}, "invalid_client_metadata"),
    ],
)
def test_what_a_statement_must_be(dev: Developer, claims: dict[str, Any], error: str) -> None:
    assert refused(dev, dev.statement(**{**addresses(), **claims})) == error


def test_only_the_authoritys_own_key_signs_for_it(dev: Developer) -> None:
    text = dev.statement(**addresses())
    head, payload, signature = text.split(".")

    assert refused(dev, signed(dev, **addresses())) == "invalid_software_statement"
    assert refused(dev, f"{head}.{payload}.{signature[::-1]}") == "invalid_software_statement"
    assert refused(dev, f"{head}.{payload}.") == "invalid_software_statement"
    assert refused(dev, f"eyJhbGciOiJub25lIn0.{payload}.") == "invalid_software_statement"


def test_the_public_key_is_no_shared_secret(dev: Developer) -> None:
    claims = json.dumps({"iss": AUTHORITY, "exp": 4_000_000_000, "agency": "Mallory", **addresses()})
    shared = OctKey.import_key(json.dumps(KEY.as_dict(private=False)).encode())

    text = jws.serialize_compact({"alg": "HS256", "kid": "a1"}, claims, shared)

    assert refused(dev, text) == "invalid_software_statement"


@pytest.mark.parametrize(
    "grants", [["client_credentials"], ["authorization_code", DEVICE_CODE], [DEVICE_CODE, "refresh_token"]]
)
def test_who_finds_a_statement_gets_no_grant_that_needs_no_return(dev: Developer, grants: list[str]) -> None:
    """Else tokens of the agency, and its subjects, were anybody's who has once seen a statement."""
    theirs = addresses()

    assert refused(dev, dev.statement(**theirs), grant_types=grants) == "invalid_client_metadata"
    said = dev.register({**metadata(), "software_statement": dev.statement(**theirs, grant_types=grants)})
    assert (said.status_code, said.get_json()["grant_types"]) == (201, grants)


@pytest.mark.parametrize("header", [{"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"typ": "client-authentication+jwt"}])
def test_a_token_of_another_kind_is_no_statement(dev: Developer, header: dict[str, str]) -> None:
    assert refused(dev, signed(dev, key=KEY, header=header, **addresses())) == "invalid_software_statement"


@pytest.mark.parametrize("text", ["", "a.b.c", "x" * 9_000, "é.é.é", {"a": 1}, [], True, "a.b.c.d.e"])
def test_what_is_no_jwt_is_no_statement(dev: Developer, text: object) -> None:
    assert refused(dev, text) == "invalid_software_statement"


def test_one_with_an_id_of_its_own_is_good_once_and_a_fault_of_ours_does_not_use_it_up(dev: Developer) -> None:
    text = dev.statement(**addresses(), jti="once")

    assert dev.register({**metadata(grant_types=["implicit"]), "software_statement": text}).status_code == 400
    assert dev.register({**metadata(), "software_statement": text}).status_code == 201
    assert refused(dev, text) == "invalid_software_statement"


def test_beside_an_invitation_it_cannot_widen_what_was_invited(dev: Developer) -> None:
    theirs = dev.statement(**addresses())
    ours = dev.statement(**addresses(), agency="City of Lund")

    assert dev.register({**metadata(), "software_statement": theirs}, dev.invited()).status_code == 400
    told = dev.register({**metadata(), "software_statement": ours}, dev.invited(scope=("openid",))).get_json()
    assert (told["agency"], told["scope"]) == ("City of Lund", "openid")


class TestChanging:
    """A service that came on an authority's word stays on it."""

    @pytest.fixture
    def told(self, dev: Developer) -> dict[str, Any]:
        answer = dev.register({**metadata(), "software_statement": dev.statement(**addresses(), jti=host())})
        found: dict[str, Any] = answer.get_json()
        return found

    def put(self, dev: Developer, told: dict[str, Any], **changes: Any) -> Any:
        kept = ("client_id", "redirect_uris", "software_statement", "token_endpoint_auth_method")
        body = {name: told[name] for name in kept} | changes
        token = told["registration_access_token"]
        return dev.call("PUT", f"/register/{told['client_id']}", body, token)

    def test_with_the_same_statement_it_may_change_the_rest(self, dev: Developer, told: dict[str, Any]) -> None:
        answer = self.put(dev, told, client_name="New", redirect_uris=["https://mallory.example/cb"])

        assert answer.status_code == 200, answer.text
        assert answer.get_json()["redirect_uris"] == told["redirect_uris"]
        assert answer.get_json()["client_name"] == "New"

    def test_nor_does_it_take_a_grant_later_that_needs_no_return(self, dev: Developer, told: dict[str, Any]) -> None:
        answer = self.put(dev, told, grant_types=["authorization_code", DEVICE_CODE])

        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
        assert self.put(dev, told, grant_types=["authorization_code", "refresh_token"]).status_code == 200

    def test_without_it_nothing_changes(self, dev: Developer, told: dict[str, Any]) -> None:
        answer = self.put(dev, told, software_statement=None)

        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")

    def test_a_new_one_is_looked_at_whole(self, dev: Developer, told: dict[str, Any]) -> None:
        same = {"redirect_uris": told["redirect_uris"], "jti": host()}
        forged = signed(dev, **same)
        fresh = dev.statement(**same, client_name="Renamed")

        assert self.put(dev, told, software_statement=forged).get_json()["error"] == "invalid_software_statement"
        answer = self.put(dev, told, software_statement=fresh)
        assert (answer.status_code, answer.get_json()["client_name"]) == (200, "Renamed")
        assert answer.get_json()["software_statement"] == fresh
        assert self.put(dev, answer.get_json(), software_statement=told["software_statement"]).status_code == 400
