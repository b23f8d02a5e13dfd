"""Answers of introspection in a signed JWT, over the whole application (RFC 9701)."""

import json
from typing import Any

import pytest
from joserfc import jwe, jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.test import TestResponse

from federation.relying_parties.faults import InvalidClientMetadata
from federation.relying_parties.registration import register
from federation.relying_parties.rules import RegistrationRules
from tests.support.agency import Agency, agency
from tests.support.site import Browser, Site

__all__ = ["agency"]

JWT = "application/token-introspection+jwt"
EC = ECKey.generate_key("P-256", {"kid": "ours", "use": "enc"})
SEALED = {
    "jwks": {"keys": [EC.as_dict(private=False)]},
    "introspection_encrypted_response_alg": "ECDH-ES",
    "introspection_encrypted_response_enc": "A256GCM",
}


def look(permits: Agency, token: str, accept: str | None = JWT) -> TestResponse:
    return permits.post("/introspect", {"token": token}, **({} if accept is None else {"Accept": accept}))


def read(site: Site, text: str, alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims, by the published keys and this algorithm alone."""
    found = jwt.decode(text, KeySet.import_key_set(json.loads(site.use.signer.jwks().body)), algorithms=[alg])
    return found.header, found.claims


def test_an_answer_in_a_jwt_says_what_the_plain_one_says_and_for_whom(agency: Any, site: Site) -> None:
    permits = agency()
    token = permits.tokens()["access_token"]

    answer = look(permits, token)

    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, JWT, "no-store")
    header, claims = read(site, answer.text, "RS256")
    assert header["typ"] == "token-introspection+jwt"
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert (claims["iss"], claims["aud"]) == (site.use.settings.issuer, permits.rp.client_id)
    assert claims["iat"] == int(site.clock.now().timestamp())
    assert claims["token_introspection"] == look(permits, token, None).json


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "é", "x" * 10_000])
def test_a_token_nobody_knows_is_inactive_inside_and_no_more(agency: Any, site: Site, token: str) -> None:
    answer = look(agency(), token)

    assert read(site, answer.text, "RS256")[1]["token_introspection"] == {"active": False}


def test_a_revoked_token_is_inactive_and_anothers_too(agency: Any, site: Site) -> None:
    permits, other = agency(), agency()
    token = permits.tokens()["access_token"]
    assert read(site, look(other, token).text, "RS256")[1]["token_introspection"] == {"active": False}

    permits.post("/revoke", {"token": token})

    assert read(site, look(permits, token).text, "RS256")[1]["token_introspection"] == {"active": False}


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
@pytest.mark.parametrize("accept", [None, "application/json", "*/*", JWT, "", "text/html"])
def test_who_registered_for_signed_answers_always_gets_them(
    agency: Any, site: Site, alg: str, accept: str | None
) -> None:
    permits = agency(introspection_signed_response_alg=alg)

    answer = look(permits, "nonsense", accept)

    assert answer.content_type == JWT
    assert read(site, answer.text, alg)[1]["aud"] == permits.rp.client_id


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/jwt",
        f"{JWT};q=0",
        f"{JWT};q=0.1, */*",
        "\xff;;q",
    ],
)
def test_who_did_not_ask_gets_json(agency: Any, accept: str | None) -> None:
    assert look(agency(), "nonsense", accept).get_json() == {"active": False}


@pytest.mark.parametrize("accept", [JWT, JWT.upper(), f"{JWT}, application/json;q=0.5", f"text/html;q=0.1,{JWT}"])
def test_who_asked_gets_a_jwt(agency: Any, accept: str) -> None:
    assert look(agency(), "nonsense", accept).content_type == JWT


def test_in_fapi_silence_is_never_rs256(agency: Any, site: Site) -> None:
    permits = agency(profile="fapi2")

    assert read(site, look(permits, "nonsense").text, "ES256")[1]["aud"] == permits.rp.client_id


@pytest.mark.parametrize("signed", [{}, {"introspection_signed_response_alg": "EdDSA"}], ids=["silent", "EdDSA"])
@pytest.mark.parametrize("accept", [None, JWT])
def test_an_encrypted_answer_is_signed_inside_and_never_plain(
    agency: Any, site: Site, signed: dict[str, str], accept: str | None
) -> None:
    permits = agency(**SEALED, **signed)
    token = permits.tokens()["access_token"]

    answer = look(permits, token, accept)

    assert answer.content_type == JWT
    sealed = jwe.decrypt_compact(answer.text, EC, algorithms=["ECDH-ES", "A256GCM"])
    assert (sealed.protected["cty"], sealed.protected["kid"]) == ("JWT", "ours")
    assert sealed.plaintext is not None
    alg = signed.get("introspection_signed_response_alg", "RS256")
    assert read(site, sealed.plaintext.decode(), alg)[1]["token_introspection"]["active"] is True


def test_without_a_key_to_encrypt_to_nothing_is_told(agency: Any) -> None:
    permits = agency(
        **SEALED | {"jwks": {"keys": [ECKey.generate_key("P-256", {"use": "sig"}).as_dict(private=False)]}}
    )

    answer = look(permits, permits.tokens()["access_token"])

    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_client_metadata"
    assert "active" not in answer.text


def test_it_is_no_access_token_no_id_token_and_no_proof_of_who_calls(agency: Any, site: Site, browser: Browser) -> None:
    permits = agency(introspection_signed_response_alg="ES256")
    text = look(permits, permits.tokens()["access_token"]).text

    assert permits.userinfo(text).status_code == 401
    assert read(site, look(permits, text).text, "ES256")[1]["token_introspection"] == {"active": False}
    hinted = browser.authorize(permits.asked() | {"prompt": "none", "id_token_hint": text})
    assert "error=invalid_request" in hinted.location
    signing_out = browser.get("/logout", {"id_token_hint": text})
    assert signing_out.location.startswith("/sign-out/"), "the citizen is asked"


@pytest.mark.parametrize("accept", [JWT, "application/json"])
def test_who_proves_nothing_is_refused_in_json(agency: Any, site: Site, accept: str) -> None:
    permits = agency()

    answer = permits.client.post(
        "/introspect", data={"token": "x"}, headers={"Accept": accept}, base_url=site.use.settings.issuer
    )

    assert answer.status_code == 401
    assert answer.get_json()["error"] == "invalid_client"


def test_one_audience_reads_what_another_was_told_as_not_for_it(agency: Any, site: Site) -> None:
    mine, resource = agency(), agency(introspection=True)
    token = mine.tokens()["access_token"]

    first, second = (read(site, look(caller, token).text, "RS256")[1] for caller in (mine, resource))

    assert first["token_introspection"] == second["token_introspection"]
    assert (first["aud"], second["aud"]) == (mine.rp.client_id, resource.rp.client_id)


def test_registration_takes_the_algorithms_we_sign_with_and_no_other(site: Site) -> None:
    def made(**metadata: Any) -> Any:
        given = {"redirect_uris": ["https://a.example/"], **metadata}
        rules = RegistrationRules(loopback_http=False)
        return register(given, rules=rules, fetcher=site.use.fetcher, now=site.clock.now()).relying_party

    assert made(introspection_signed_response_alg="EdDSA").introspection_signed_response_alg == "EdDSA"
    for alg in ("none", "HS256", "PS256", 1):
        with pytest.raises(InvalidClientMetadata, match="introspection_signed_response_alg"):
            made(introspection_signed_response_alg=alg)


def test_discovery_names_the_algorithms(browser: Browser) -> None:
    told = browser.get("/.well-known/openid-configuration").get_json()

    assert told["introspection_signing_alg_values_supported"] == ["ES256", "RS256", "EdDSA"]
    assert told["introspection_encryption_alg_values_supported"] == ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"]
    assert told["introspection_encryption_enc_values_supported"] == ["A128CBC-HS256", "A256GCM"]
