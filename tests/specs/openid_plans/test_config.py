"""The plan Config OP: what the metadata of an installation with an https address promises, member by member."""

import re
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import KeySet

from tests.support.site import Site

ISSUER = "https://id.example"
BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
NUMBERS = {"RSA": {"n", "e"}, "EC": {"crv", "x", "y"}, "OKP": {"crv", "x"}}
NEVER_PUBLISHED = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    return Site.at(folder, ISSUER)


def fetched(site: Site, path: str) -> Any:
    answer = site.app.test_client().get(path, base_url=ISSUER)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return answer.json


def test_discovery_has_all_that_a_client_needs_and_every_address_is_https(site: Site) -> None:
    told = fetched(site, "/.well-known/openid-configuration")

    assert told["issuer"] == ISSUER
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(f"{ISSUER}/"), name
    for name in ("authorization", "token", "userinfo", "end_session"):
        assert f"{name}_endpoint" in told
    assert (told["response_types_supported"], "authorization_code" in told["grant_types_supported"]) == (["code"], True)
    assert {"public", "pairwise"} == set(told["subject_types_supported"])
    assert {"openid", "profile", "email", "phone"} <= set(told["scopes_supported"])
    assert {"sub", "name", "email", "phone_number_verified"} <= set(told["claims_supported"])
    assert (told["claims_parameter_supported"], told["request_parameter_supported"]) == (True, True)
    for what in ("id_token", "userinfo", "request_object"):
        offered = told[f"{what}_signing_alg_values_supported"]
        assert "RS256" in offered
        assert "none" not in offered
    for method in ("client_secret_basic", "client_secret_post", "private_key_jwt"):
        assert method in told["token_endpoint_auth_methods_supported"]


def test_what_is_not_there_is_not_promised_by_its_default_either(site: Site) -> None:
    """Where a member is left out, a client believes its default: `request_uri` is read, `implicit` is a grant type."""
    told = fetched(site, "/.well-known/openid-configuration")

    assert told["request_uri_parameter_supported"] is False
    assert "implicit" not in told["grant_types_supported"]
    assert {"check_session_iframe", "registration_endpoint", "op_policy_uri"}.isdisjoint(told)


def test_every_published_key_is_whole_public_and_has_a_name_of_its_own(site: Site) -> None:
    keys = fetched(site, "/jwks")["keys"]

    KeySet.import_key_set({"keys": keys})
    assert len({key["kid"] for key in keys}) == len(keys)
    assert {"RS256", "ES256", "EdDSA"} == {key["alg"] for key in keys}
    for key in keys:
        assert NUMBERS[key["kty"]] <= set(key)
        assert NEVER_PUBLISHED.isdisjoint(key)
        assert key["use"] == "sig"
        assert all(BASE64URL.fullmatch(key[name]) for name in NUMBERS[key["kty"]] - {"crv"})
