"""GET /jwks: what agencies cache, and how they find out cheaply that nothing changed."""

import json

import pytest

from tests.support.site import Site


@pytest.fixture(scope="module")
def client(site: Site):
    return site.app.test_client()


def test_agencies_may_keep_the_keys_for_as_long_as_we_say(client):
    answer = client.get("/jwks", base_url="https://id.example")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.content_type == "application/json"
    assert answer.headers["ETag"].startswith('"')
    assert "Set-Cookie" not in answer.headers


def test_every_purpose_and_algorithm_is_published_with_its_standby(client):
    listed = json.loads(client.get("/jwks", base_url="https://id.example").data)["keys"]

    assert sorted(jwk["alg"] for jwk in listed) == ["ES256"] * 4 + ["EdDSA"] * 4 + ["RS256"] * 4
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for jwk in listed for name in jwk}


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_the_keys_already_gets_304_and_no_body(client, form):
    tag = client.get("/jwks", base_url="https://id.example").headers["ETag"]

    answer = client.get("/jwks", base_url="https://id.example", headers={"If-None-Match": form.format(tag)})

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize("tag", ['"old"', "rubbish", "", '"'])
def test_who_has_other_keys_gets_these(client, tag):
    answer = client.get("/jwks", base_url="https://id.example", headers={"If-None-Match": tag})

    assert answer.status_code == 200


def test_the_keys_are_answered_without_touching_a_store(site, client, monkeypatch):
    client.get("/jwks", base_url="https://id.example")
    monkeypatch.delattr(type(site.use.database), "open")

    answer = client.get("/jwks", base_url="https://id.example")

    assert answer.status_code == 200
