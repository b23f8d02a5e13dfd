"""POST /register (RFC 7591), over the whole application on both pairs of stores."""

from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from federation.dynamic_registration.tokens import hash_token
from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import DEVICE_CODE, TOKEN_EXCHANGE
from tests.support.developer import Developer, dev, guarded, host, metadata
from tests.support.pair import on_files
from tests.support.site import Site

__all__ = ["dev", "guarded"]

KEY = ECKey.generate_key("P-256", {"kid": "k1"})
JWKS = {"keys": [KEY.as_dict(private=False)]}


@pytest.fixture(scope="module")
def anybody(tmp_path_factory: pytest.TempPathFactory) -> Developer:
    """Somebody at a door that is open."""
    return Developer(on_files(tmp_path_factory.mktemp("open"), registration="open", test_settings="allow"))


def test_the_invited_register_and_are_told_every_value_and_their_secrets_once(dev: Developer) -> None:
    answer = dev.register(metadata(), dev.invited())

    told = answer.get_json()
    assert (answer.status_code, answer.content_type) == (201, "application/json")
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert (told["agency"], told["client_name"], told["scope"]) == ("City of Lund", "Permits", "openid profile email")
    assert (told["grant_types"], told["response_types"]) == (["authorization_code"], ["code"])
    assert (told["token_endpoint_auth_method"], told["id_token_signed_response_alg"]) == (
        "client_secret_basic",
        "RS256",
    )
    assert (told["client_secret_expires_at"], told["subject_type"], told["profile"]) == (0, "pairwise", "standard")
    assert told["client_id_issued_at"] == int(dev.site.clock.now().timestamp())
    assert told["registration_client_uri"] == f"https://id.example/register/{told['client_id']}"
    assert len(told["registration_access_token"]) == len(told["client_secret"]) == 43
    assert dev.events(told["client_id"]) == ["agency.registered"]


def test_at_an_open_door_nobody_goes_by_a_host_that_is_not_all_theirs(anybody: Developer) -> None:
    first, second = f"https://{host()}/cb", f"https://{host()}/cb"

    one = anybody.register(metadata(redirect_uris=[first])).get_json()
    two = anybody.register(metadata(redirect_uris=[first, second], subject_type="public")).get_json()
    none = anybody.register(metadata(redirect_uris=[], grant_types=[DEVICE_CODE])).get_json()

    assert one["agency"] == first.split("/")[2]
    assert (two["agency"], none["agency"]) == ("unnamed service", "unnamed service")


def test_at_an_open_door_a_host_is_proved_by_returning_there(anybody: Developer) -> None:
    both = ["authorization_code", DEVICE_CODE]
    said = metadata(token_endpoint_auth_method="none")

    refused = anybody.register(said | {"grant_types": both})
    made = anybody.register(said).get_json()
    later = anybody.call(
        "PUT",
        f"/register/{made['client_id']}",
        said | {"client_id": made["client_id"], "grant_types": both},
        made["registration_access_token"],
    )

    for answer in (refused, later):
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
        assert "needs no return to a host" in answer.get_json()["error_description"]


@pytest.mark.parametrize("grant", [DEVICE_CODE, "client_credentials"])
def test_a_sector_document_proves_nothing_of_a_service_without_addresses(dev: Developer, grant: str) -> None:
    said = {"redirect_uris": [], "grant_types": [grant], "sector_identifier_uri": f"https://{host()}/list.json"}

    answer = dev.register(metadata(**said), dev.invited())

    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert "needs redirect_uris" in answer.get_json()["error_description"]


def test_nothing_secret_is_kept_in_clear(dev: Developer) -> None:
    invitation = dev.invited()
    told = dev.registered(invitation)

    with dev.site.use.database.work() as stores:
        kept = stores.relying_parties.find(told["client_id"])
        told_of = str([kept, stores.invitations.list(), stores.audit.latest(50)])
    assert kept is not None
    assert kept.client_secret_hash == hash_client_secret(told["client_secret"])
    for secret in (invitation, told["client_secret"], told["registration_access_token"]):
        assert secret not in told_of


def test_what_was_registered_works_at_once(dev: Developer) -> None:
    told = dev.registered(grant_types=["client_credentials"], redirect_uris=[])

    answer = dev.site.app.test_client().post(
        "/token",
        data={"grant_type": "client_credentials"},
        auth=(told["client_id"], told["client_secret"]),
        base_url="https://id.example",
    )

    assert answer.status_code == 200, answer.text
    assert answer.get_json()["scope"] == ""


@pytest.mark.parametrize("token", [None, "", "x", "A" * 43, "é", "a b"])
def test_without_an_invitation_nobody_registers(dev: Developer, token: str | None) -> None:
    before = dev.count()

    answer = dev.register(metadata(), token)

    assert (answer.status_code, dev.count()) == (401, before)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_invitation_in_the_address_or_by_another_scheme_is_none(dev: Developer) -> None:
    token = dev.invited()

    in_query = dev.call("POST", f"/register?access_token={token}", metadata())
    basic = dev.call("POST", "/register", metadata(), Authorization=f"Basic {token}")

    assert (in_query.status_code, basic.status_code) == (401, 401)


def test_an_invitation_is_good_for_as_many_as_it_says(dev: Developer) -> None:
    token = dev.invited(uses=2)

    answers = [dev.register(metadata(), token).status_code for _ in range(3)]

    assert answers == [201, 201, 401]


def test_a_registration_that_is_refused_uses_up_nothing(dev: Developer) -> None:
    token = dev.invited()

    assert dev.register(metadata(redirect_uris=[]), token).status_code == 400
    assert dev.register(metadata(), token).status_code == 201


def test_an_invitation_ends_in_time_and_when_it_is_withdrawn(dev: Developer) -> None:
    ended, withdrawn = dev.invited(valid=timedelta(seconds=0)), dev.invited()
    with dev.site.use.database.work() as stores:
        found = stores.invitations.find(hash_token(withdrawn))
        assert found is not None
        assert stores.invitations.withdraw(found.invitation_id, dev.site.clock.now())

    assert [dev.register(metadata(), token).status_code for token in (ended, withdrawn)] == [401, 401]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"agency": "Tax Office"}, "agency"),
        ({"introspection": True}, "introspection"),
        ({"grant_types": ["authorization_code", TOKEN_EXCHANGE]}, "grant_types"),
        ({"subject_type": "public"}, "subject_type"),
        ({"scope": "openid permits:write"}, "scope"),
        ({"grant_types": ["client_credentials"], "scope": "records:read", "redirect_uris": []}, "scope"),
    ],
)
def test_what_an_operator_gives_nobody_takes(dev: Developer, changes: dict[str, Any], field: str) -> None:
    answer = dev.register(metadata(**changes), dev.invited())

    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
    assert answer.get_json()["error_description"].startswith(f"{field}: ")


def test_an_invitation_says_what_may_be_asked_and_how_strict_to_be(dev: Developer) -> None:
    token = dev.invited(scope=("openid", "permits:write"), profile="fapi2", uses=9)
    strict = {"token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}

    told = dev.registered(token, **strict, scope="openid permits:write")

    assert (told["profile"], told["id_token_signed_response_alg"]) == ("fapi2", "ES256")
    assert dev.registered(token, **strict)["scope"] == "openid"
    for weak in ({"profile": "standard", **strict}, {"token_endpoint_auth_method": "client_secret_basic"}):
        assert dev.register(metadata(**weak), token).status_code == 400


def test_the_host_of_one_agency_is_not_for_another(dev: Developer) -> None:
    theirs = f"https://{host()}/cb"
    dev.registered(dev.invited(agency="City of Lund"), redirect_uris=[theirs])
    mallory, before = dev.invited(agency="Mallory"), dev.count()

    refused = dev.register(metadata(redirect_uris=[f"{theirs}/other"]), mallory)

    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_redirect_uri")
    assert dev.count() == before
    dev.registered(dev.invited(agency="City of Lund"), redirect_uris=[f"{theirs}/other"])
    dev.registered(mallory)


def test_a_host_stays_its_agencys_when_the_service_has_gone(dev: Developer) -> None:
    theirs = f"https://{host()}/cb"
    gone = dev.registered(redirect_uris=[theirs])
    dev.call("DELETE", f"/register/{gone['client_id']}", token=gone["registration_access_token"])

    assert dev.register(metadata(redirect_uris=[theirs]), dev.invited(agency="Mallory")).status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, "invalid_client_metadata"),
        (b"null", 400, "invalid_client_metadata"),
        (b"[]", 400, "invalid_client_metadata"),
        (b"{", 400, "invalid_client_metadata"),
        (b"\xff\xfe", 400, "invalid_client_metadata"),
        (b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400, "invalid_client_metadata"),
        (b'{"client_name":"a","client_name":"b"}', 400, "invalid_client_metadata"),
        (b'{"default_max_age":' + b"9" * 5_000 + b"}", 400, "invalid_client_metadata"),
        (b'{"default_max_age":NaN}', 400, "invalid_client_metadata"),
        (b'{"redirect_uris":["https://a.example/\\u0000"]}', 400, "invalid_client_metadata"),
        (b'{"client_name":"\\ud800","redirect_uris":["https://a.example/"]}', 400, "invalid_client_metadata"),
        (b'{"client_name":"' + b"a" * 70_000 + b'"}', 413, "invalid_request"),
        (b'{"software_statement":7}', 400, "invalid_software_statement"),
    ],
)
def test_a_malformed_body_is_refused_with_a_word_of_the_specification(
    dev: Developer, body: bytes, status: int, error: str
) -> None:
    answer = dev.call("POST", "/register", body, dev.invited())

    assert (answer.status_code, answer.get_json()["error"]) == (status, error)


@pytest.mark.parametrize("operation", ["\x00", "\ud800", "é", "v" * 2_001, 7, None])
def test_a_key_with_what_a_store_cannot_keep_is_refused(dev: Developer, operation: object) -> None:
    key = {**JWKS["keys"][0], "key_ops": ["verify", operation]}

    answer = dev.register(metadata(jwks={"keys": [key]}), dev.invited())

    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/jwt", ""])
def test_only_json_is_read(dev: Developer, kind: str) -> None:
    assert dev.call("POST", "/register", b"{}", dev.invited(), content_type=kind).status_code == 415


def test_a_secret_or_id_of_ones_own_choice_is_not_taken(dev: Developer) -> None:
    told = dev.registered(client_id="rp", client_secret="mine", registration_access_token="mine", sector="rp.example")

    assert told["client_id"] != "rp"
    assert told["sector"] != "rp.example"
    assert "mine" not in (told["client_secret"], told["registration_access_token"])


def test_closed_is_the_default_and_there_is_no_such_place(tmp_path: Path) -> None:
    site = Site.at(tmp_path)
    answer = Developer(site).call("POST", "/register")
    told = site.app.test_client().get("/.well-known/openid-configuration", base_url="https://id.example").get_json()

    assert answer.status_code == 404
    assert "registration_endpoint" not in told


def test_discovery_names_the_endpoint_where_there_is_one(dev: Developer) -> None:
    told = dev.call("GET", "/.well-known/openid-configuration").get_json()

    assert told["registration_endpoint"] == "https://id.example/register"


def test_an_open_door_lets_anybody_in_under_the_name_of_their_host(anybody: Developer) -> None:
    own = host()

    answer = anybody.register(metadata(redirect_uris=[f"https://{own}/cb"], subject_type="public"))

    assert (answer.status_code, answer.get_json()["agency"]) == (201, own)
    for more in ({"agency": "Tax Office"}, {"introspection": True}, {"scope": "openid permits:write"}):
        assert anybody.register(metadata(**more)).status_code == 400
    assert anybody.register(metadata(), "not-an-invitation").status_code == 401
    assert anybody.register(metadata(redirect_uris=["https://rp.example/other"])).status_code == 400


def test_only_who_comes_on_nobodys_word_may_ask_for_every_scope_unasked(dev: Developer, anybody: Developer) -> None:
    grant_types = ["authorization_code", "refresh_token"]

    invited, unknown = dev.registered(), anybody.register(metadata()).get_json()
    refreshing = anybody.register(metadata(grant_types=grant_types)).get_json()

    assert invited["scope"] == "openid profile email"
    assert unknown["scope"] == "openid profile email phone"
    assert refreshing["scope"] == "openid profile email phone offline_access"


def test_only_who_comes_on_nobodys_word_may_name_the_token_endpoint_unasked(dev: Developer, anybody: Developer) -> None:
    invited, unknown = dev.registered(), anybody.register(metadata()).get_json()
    strict = anybody.register(metadata(profile="fapi2", jwks=JWKS)).get_json()
    kept = anybody.call(
        "PUT",
        f"/register/{unknown['client_id']}",
        metadata(client_id=unknown["client_id"], redirect_uris=unknown["redirect_uris"]),
        unknown["registration_access_token"],
    ).get_json()

    told = [answer["client_assertion_audience"] for answer in (invited, unknown, strict, kept)]
    assert told == ["issuer", "token_endpoint", "issuer", "token_endpoint"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = st.sampled_from([field.name for field in fields(RelyingParty)] + ["software_statement", "client_secret"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(FIELDS, JSON, max_size=6), st.booleans())
def test_whatever_is_said_is_answered(anybody: Developer, said: dict[str, Any], fit: bool) -> None:
    answer = anybody.register({**metadata(), **said} if fit else said)

    assert answer.status_code in (201, 400), answer.text
    if answer.status_code == 201:
        told = answer.get_json()
        again = anybody.call(
            "PUT", f"/register/{told['client_id']}", {**metadata(), **said}, told["registration_access_token"]
        )
        assert again.status_code in (200, 400), again.text


def test_an_id_is_new_each_time(dev: Developer) -> None:
    token = dev.invited(uses=5)

    assert len({dev.registered(token)["client_id"] for _ in range(5)}) == 5
