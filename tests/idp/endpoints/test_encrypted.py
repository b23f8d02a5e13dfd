"""Answers that one agency alone can read, over the whole application (OIDC Core sections 10.2 and 16.14)."""

import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from federation.authorization import codes
from federation.authorization.response import SIGNED_TYPE
from federation.tokens.id_token import at_hash
from idp.citizens.model import Citizen
from keys.states import Purpose
from tests.support.agency import BACK, PUBLIC, Agency, agency, told_to
from tests.support.site import Browser, Site
from tests.support.token_office import claims_in

__all__ = ["agency"]

RSA = RSAKey.generate_key(2048, {"kid": "our rsa", "use": "enc"})
EC = ECKey.generate_key("P-256", {"kid": "our ec", "use": "enc"})
SIGNING = ECKey.generate_key("P-256", {"kid": "for signatures", "use": "sig"})
KEYS = {"keys": [key.as_dict(private=False) for key in (SIGNING, RSA, EC)]}
WAYS = [(alg, enc) for alg in ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW") for enc in ("A128CBC-HS256", "A256GCM")]


def wanting(answer: str, alg: str = "ECDH-ES", enc: str | None = "A256GCM", **more: Any) -> dict[str, Any]:
    """What an agency registers that wants this answer encrypted."""
    return {
        "jwks": KEYS,
        f"{answer}_encrypted_response_alg": alg,
        f"{answer}_encrypted_response_enc": enc,
        **more,
    }


def opened(sealed: str, alg: str = "ECDH-ES", enc: str = "A256GCM", *, cty: str | None = "JWT") -> str:
    """What the agency reads with its private key."""
    key = RSA if alg == "RSA-OAEP-256" else EC
    found = jwe.decrypt_compact(sealed, key, algorithms=[alg, enc])
    assert (found.protected["alg"], found.protected["enc"]) == (alg, enc)
    assert (found.protected["kid"], found.protected.get("cty")) == (key.kid, cty)
    assert found.plaintext is not None
    return found.plaintext.decode()


@pytest.mark.parametrize(("alg", "enc"), WAYS)
def test_an_id_token_is_signed_then_encrypted_and_says_the_same(agency: Any, site: Site, alg: str, enc: str) -> None:
    permits = agency(**wanting("id_token", alg, enc))

    tokens = permits.tokens()

    inner = opened(tokens["id_token"], alg, enc)
    told = site.use.signer.verify(inner, Purpose.ID_TOKEN, typ="JWT")
    assert (told["aud"], told["nonce"]) == (permits.rp.client_id, "n1")
    assert told["at_hash"] == at_hash(tokens["access_token"], "ES256")


def test_no_two_answers_look_alike(agency: Any) -> None:
    permits = agency(**wanting("userinfo"))
    token = permits.tokens()["access_token"]

    first, second = permits.userinfo(token).text, permits.userinfo(token).text

    assert opened(first, cty=None) == opened(second, cty=None)
    assert first.split(".")[0] != second.split(".")[0], "the same ephemeral key twice"


def test_a_refreshed_id_token_is_encrypted_too(agency: Any) -> None:
    permits = agency(**wanting("id_token"))
    first = permits.tokens("openid offline_access")

    renewed = permits.post("/token", {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}).json

    assert claims_in(opened(renewed["id_token"]))["sub"] == claims_in(opened(first["id_token"]))["sub"]


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_userinfo_is_signed_then_encrypted(agency: Any, site: Site, citizen: Citizen, alg: str) -> None:
    permits = agency(**wanting("userinfo", userinfo_signed_response_alg=alg))

    answer = permits.userinfo(permits.tokens()["access_token"])

    assert answer.content_type == "application/jwt"
    told = site.use.signer.verify(opened(answer.text), Purpose.ID_TOKEN, typ="JWT")
    assert (told["email"], told["aud"]) == (citizen.email, permits.rp.client_id)


def test_userinfo_may_be_encrypted_without_a_signature(agency: Any, citizen: Citizen) -> None:
    permits = agency(**wanting("userinfo"))

    answer = permits.userinfo(permits.tokens()["access_token"])

    assert answer.content_type == "application/jwt"
    assert json.loads(opened(answer.text, cty=None))["email"] == citizen.email
    assert citizen.email not in answer.text


def test_only_what_was_asked_for_is_encrypted(agency: Any) -> None:
    permits = agency(**wanting("id_token"))

    tokens = permits.tokens()

    assert tokens["id_token"].count(".") == 4
    assert permits.userinfo(tokens["access_token"]).is_json
    assert claims_in(tokens["access_token"])["client_id"] == permits.rp.client_id


def test_an_answer_to_an_authorization_request_is_encrypted_in_the_signed_modes_alone(agency: Any, site: Site) -> None:
    permits = agency(**wanting("authorization"))
    plain = permits.code()

    asked = permits.asked() | {"response_mode": "jwt"}
    location = permits.browser.authorize(asked).location
    assert location.startswith(BACK + "?response=")
    inner = opened(location.partition("=")[2])

    told = site.use.signer.verify(inner, Purpose.ID_TOKEN, typ=SIGNED_TYPE)
    assert permits.redeem(told["code"]).status_code == 200
    assert permits.redeem(plain).status_code == 200


def stranded(agency: Any, answer: str, **more: Any) -> Any:
    """An agency whose keys have no use any more: registration would have refused it."""
    return agency(**wanting(answer, **{"jwks": {"keys": [SIGNING.as_dict(private=False)]}, **more}))


def refused(answer: TestResponse) -> None:
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_client_metadata"
    assert not {"id_token", "access_token", "sub"} & set(answer.get_json())


def test_without_a_key_nothing_is_issued_and_the_code_is_not_spent(agency: Any, site: Site) -> None:
    permits = stranded(agency, "id_token")
    code = permits.code()

    refused(permits.redeem(code))
    refused(permits.redeem(code))

    record = site.use.ephemeral.get(codes.KIND, codes.key_of(code))
    assert record is not None
    assert record["client_id"] == permits.rp.client_id


def test_a_refresh_token_is_not_rotated_while_there_is_no_key(agency: Any, site: Site) -> None:
    app = agency(**wanting("id_token"), **PUBLIC)
    token = app.tokens("openid offline_access")["refresh_token"]
    asked = {"grant_type": "refresh_token", "refresh_token": token}

    _publish(site, app, SIGNING)
    for _ in range(2):
        refused(app.post("/token", asked))
    _publish(site, app, SIGNING, EC)

    renewed = app.post("/token", asked).get_json()
    assert renewed["refresh_token"] != token
    assert claims_in(opened(renewed["id_token"]))["aud"] == app.rp.client_id


def _publish(site: Site, permits: Agency, *keys: ECKey) -> None:
    """The agency registers other keys, and every worker has heard of it."""
    with site.use.database.work() as stores:
        known = stores.relying_parties.find_registered(permits.rp.client_id)
        assert known is not None
        assert stores.relying_parties.change(
            replace(known, jwks={"keys": [key.as_dict(private=False) for key in keys]})
        )


def test_a_key_for_signatures_is_never_encrypted_to(agency: Any) -> None:
    permits = stranded(agency, "userinfo")

    refused(permits.userinfo(permits.tokens()["access_token"]))


def test_a_citizen_whose_service_cannot_be_answered_is_told_on_a_page(agency: Any, browser: Browser) -> None:
    permits = stranded(agency, "authorization")

    for more in ({"prompt": "none"}, {"scope": "email"}):
        answer = browser.authorize(permits.asked() | {"response_mode": "jwt"} | more)
        assert answer.status_code == 400
        assert answer.location is None
        assert "This service cannot be answered" in answer.text
    permits.code()
    answer = browser.authorize(permits.asked() | {"response_mode": "form_post.jwt"})
    assert answer.status_code == 400
    assert answer.location is None


def test_an_encrypted_id_token_is_no_hint_and_what_it_holds_is(agency: Any, browser: Browser) -> None:
    permits = agency(**wanting("id_token"))
    sealed = permits.tokens()["id_token"]
    silently = permits.asked() | {"prompt": "none"}

    assert told_to(browser.authorize(silently | {"id_token_hint": sealed}))["error"] == "invalid_request"
    assert "code" in told_to(browser.authorize(silently | {"id_token_hint": opened(sealed)}))

    page = browser.get("/logout", {"id_token_hint": sealed})
    assert page.status_code == 303
    assert page.location.startswith("/sign-out/"), "the citizen is asked"


def test_something_encrypted_to_nobody_is_no_access_token(agency: Any) -> None:
    permits = agency(**wanting("id_token"))

    assert permits.userinfo(permits.tokens()["id_token"]).status_code == 401


def test_discovery_names_what_can_be_encrypted_and_how(browser: Browser) -> None:
    told = browser.get("/.well-known/openid-configuration").get_json()

    for answer in ("id_token", "userinfo", "authorization"):
        assert told[f"{answer}_encryption_alg_values_supported"] == ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"]
        assert told[f"{answer}_encryption_enc_values_supported"] == ["A128CBC-HS256", "A256GCM"]
    assert "request_object_encryption_alg_values_supported" not in told
