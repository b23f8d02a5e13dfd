"""Discovery promises exactly what is there: what is mounted is named, and what is named is mounted."""

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.claims import OF_SCOPE
from federation.discovery import ENDPOINTS, document, scopes
from federation.tokens.decision import GRANT_TYPES
from idp.citizens.attributes import TOLD, claims_of
from tests.support.pair import on_files
from tests.support.site import Site

OIDC = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"
NOT_IN_METADATA = (
    "/.well-known/",
    "/openapi.json",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/authorize/",
    "/register/",
    "/grants/",
)
"""Served, but by their nature not named in the document."""


@pytest.fixture(scope="module", params=["closed", "guarded"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("discovery")
    return on_files(folder, registration=request.param)


def fetch(site: Site, path: str, **headers: str) -> TestResponse:
    return site.app.test_client().get(path, base_url=site.use.settings.issuer, headers=headers)


def metadata(site: Site) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(fetch(site, OIDC).text)
    return told


def test_every_endpoint_for_machines_is_named_and_every_named_one_is_mounted(site):
    told = metadata(site)
    machines = {
        rule.rule
        for rule in site.app.url_map.iter_rules()
        if site.app.view_functions[rule.endpoint].__module__.startswith("idp.endpoints.")
        and not rule.rule.startswith(NOT_IN_METADATA)
    }

    named = {told[name].removeprefix(site.use.settings.issuer) for name in ENDPOINTS if name in told}

    assert named == machines & set(ENDPOINTS.values())
    assert machines <= set(ENDPOINTS.values()), "an endpoint that discovery has no name for"


def test_every_member_that_looks_like_an_endpoint_answers(site):
    told = metadata(site)
    addresses = {name: value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))}

    for name, address in addresses.items():
        assert fetch(site, address.removeprefix(site.use.settings.issuer)).status_code != 404, name


def test_both_addresses_give_the_same_bytes_of_this_issuer(site):
    first, second = fetch(site, OIDC), fetch(site, OAUTH)

    assert first.data == second.data
    assert metadata(site)["issuer"] == site.use.settings.issuer
    assert (first.content_type, first.headers["Cache-Control"]) == ("application/json", "public, max-age=300")
    assert fetch(site, OIDC, Origin="https://spa.example").headers["Access-Control-Allow-Origin"] == "*"


def test_whoever_has_the_document_is_told_so(site):
    etag = fetch(site, OIDC).headers["ETag"]

    again = fetch(site, OIDC, **{"If-None-Match": etag})

    assert not etag.startswith("W/")
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert fetch(site, OIDC, **{"If-None-Match": '"other"'}).status_code == 200


def test_claims_that_can_be_told_are_those_of_the_citizen(site):
    citizen = site.add_citizen("ada@example.org")

    assert set(claims_of(citizen)) <= set(TOLD)
    assert set(TOLD) <= {name for names in OF_SCOPE.values() for name in names}
    assert {"address"}.isdisjoint(scopes(TOLD))


def test_what_is_not_mounted_is_not_mentioned():
    told = document("https://id.example", mounted={"/authorize"}, claims=("email",), locales=("en",))

    assert told["scopes_supported"] == ("openid", "email", "offline_access")
    assert not {"end_session_endpoint", "backchannel_logout_supported", "introspection_endpoint"} & set(told)


def test_unsafe_things_are_never_promised(site):
    text = fetch(site, OIDC).text

    assert json.loads(text)["grant_types_supported"] == list(GRANT_TYPES)
    for word in ('"plain"', '"token"', "implicit", '"HS256"', '"password"', "fragment"):
        assert word not in text
    assert '"none"' not in json.dumps(json.loads(text)["token_endpoint_auth_signing_alg_values_supported"])
