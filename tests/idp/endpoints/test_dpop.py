"""DPoP over the whole application (RFC 9449): tokens that only the holder of a key can use."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey, RSAKey

from federation.authorization import pushed
from federation.authorization.parameters import Parameters
from federation.binding.nonces import LIFETIME, SKEW, Nonces
from idp.storage.sql.grants import SqlGrants
from tests.support.agency import OPAQUE, PUBLIC, agency
from tests.support.dpop import GONE, DpopKey
from tests.support.holder import ISSUER, TOKEN, USERINFO, Holder, holder
from tests.support.token_office import claims_in

__all__ = ["agency", "holder"]

ALGS = 'algs="ES256 PS256 EdDSA Ed25519"'


@pytest.mark.parametrize("kind", [{}, OPAQUE, PUBLIC], ids=["jwt", "opaque", "public"])
@pytest.mark.parametrize(
    "key",
    [
        DpopKey,
        lambda: DpopKey(OKPKey.generate_key("Ed25519"), "Ed25519"),
        lambda: DpopKey(OKPKey.generate_key("Ed25519"), "EdDSA"),
        lambda: DpopKey(RSAKey.generate_key(2048), "PS256"),
    ],
    ids=["ES256", "Ed25519", "EdDSA", "PS256"],
)
def test_a_token_bought_with_a_key_is_used_with_that_key(holder: Any, kind: Any, key: Any) -> None:
    permits = holder(key(), **kind)

    answer = permits.redeem(permits.agency.code())

    assert answer.status_code == 200, answer.text
    assert answer.json["token_type"] == "DPoP"
    told = permits.userinfo(answer.json["access_token"])
    assert told.status_code == 200, told.text
    assert told.json["sub"] == claims_in(answer.json["id_token"])["sub"]
    assert told.headers["DPoP-Nonce"]
    assert "cnf" not in claims_in(answer.json["id_token"])


def test_the_token_and_what_is_said_of_it_name_the_key(holder: Any) -> None:
    permits = holder()
    token = permits.tokens()["access_token"]

    assert claims_in(token)["cnf"] == {"jkt": permits.key.thumbprint}
    said = permits.agency.post("/introspect", {"token": token}).json
    assert (said["token_type"], said["cnf"]) == ("DPoP", {"jkt": permits.key.thumbprint})


def test_a_stolen_token_is_of_no_use_without_the_key(holder: Any) -> None:
    permits = holder()
    token = permits.tokens()["access_token"]
    thief = Holder(permits.agency)

    answers = [
        permits.agency.userinfo(token),
        permits.agency.userinfo(token, Authorization=f"DPoP {token}"),
        thief.userinfo(token),
        thief.userinfo(token, scheme="Bearer"),
        permits.userinfo(token, scheme="Bearer"),
        permits.agency.client.post("/userinfo", data={"access_token": token}, base_url=ISSUER),
    ]

    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert answers[0].headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    assert answers[1].headers["WWW-Authenticate"].startswith('DPoP error="invalid_dpop_proof"')
    assert ALGS in answers[2].headers["WWW-Authenticate"]


def test_a_bearer_token_is_not_taken_as_a_bound_one(holder: Any) -> None:
    permits = holder()
    token = permits.agency.tokens()["access_token"]

    assert permits.agency.userinfo(token).status_code == 200
    assert permits.userinfo(token).status_code == 401


def test_without_a_token_both_schemes_are_offered(holder: Any) -> None:
    answer = holder().agency.client.get("/userinfo", base_url=ISSUER)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.headers["WWW-Authenticate"].endswith(f", DPoP {ALGS}")


def test_a_client_without_a_nonce_is_given_one_and_loses_nothing(holder: Any) -> None:
    permits = holder()
    code = permits.agency.code()

    asked = permits.redeem(code, permits.proof("POST", TOKEN, nonce=GONE))

    assert (asked.status_code, asked.json["error"]) == (400, "use_dpop_nonce")
    permits.nonce = asked.headers["DPoP-Nonce"]
    token = permits.redeem(code).json["access_token"]
    asked = permits.userinfo(token, permits.proof("GET", USERINFO, access_token=token, nonce="old"))
    assert asked.status_code == 401
    assert asked.headers["WWW-Authenticate"].startswith('DPoP error="use_dpop_nonce"')
    permits.nonce = asked.headers["DPoP-Nonce"]
    assert permits.userinfo(token).status_code == 200


@pytest.mark.parametrize("wrong", [{"ath": GONE}, {"ath": ""}, {"ath": 5}, {"access_token": "another"}])
def test_at_userinfo_the_proof_names_the_token(holder: Any, wrong: dict[str, Any]) -> None:
    permits = holder()
    token = permits.tokens()["access_token"]

    answer = permits.userinfo(token, permits.proof("GET", USERINFO, **({"access_token": token} | wrong)))

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('DPoP error="invalid_dpop_proof"')


def test_a_proof_is_good_once_whoever_sends_it_again_at_once(holder: Any) -> None:
    permits = holder()
    token = permits.tokens()["access_token"]
    proof = permits.proof("GET", USERINFO, access_token=token)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: permits.userinfo(token, proof).status_code, range(16)))

    assert sorted(answers) == [200] + [401] * 15


def test_a_proof_signed_anew_with_the_same_jti_is_a_second_use(holder: Any) -> None:
    permits = holder()
    token = permits.tokens()["access_token"]

    first, second = (
        permits.userinfo(token, permits.proof("GET", USERINFO, access_token=token, jti="once")) for _ in range(2)
    )

    assert (first.status_code, second.status_code) == (200, 401)


def test_another_clients_jti_is_not_ours(holder: Any) -> None:
    for permits in (holder(), holder()):
        token = permits.tokens()["access_token"]
        assert permits.userinfo(token, permits.proof("GET", USERINFO, access_token=token, jti="1")).status_code == 200


def test_after_a_flush_an_old_proof_asks_for_a_new_nonce(holder: Any) -> None:
    permits = holder(**PUBLIC)
    token = permits.tokens()["access_token"]
    proof = permits.proof("GET", USERINFO, access_token=token)
    assert permits.userinfo(token, proof).status_code == 200
    permits.agency.site.flush()

    again = permits.userinfo(token, proof)

    assert again.status_code == 401
    assert 'error="use_dpop_nonce"' in again.headers["WWW-Authenticate"]
    permits.agency.site.clock.pass_by(SKEW + timedelta(seconds=30))
    permits.nonce = permits.userinfo(token, proof).headers["DPoP-Nonce"]
    assert permits.userinfo(token).status_code == 200


def test_a_nonce_ends_and_one_of_another_installation_is_none(holder: Any) -> None:
    permits = holder()
    code = permits.agency.code()
    foreign = Nonces(secrets.token_bytes(32)).issue(permits.agency.site.clock.now())

    assert permits.redeem(code, permits.proof("POST", TOKEN, nonce=foreign)).json["error"] == "use_dpop_nonce"
    permits.agency.site.clock.pass_by(LIFETIME + timedelta(seconds=1))
    assert permits.redeem(code, permits.proof("POST", TOKEN)).json["error"] == "use_dpop_nonce"


def test_a_clock_that_is_slow_does_no_harm(holder: Any) -> None:
    permits = holder()

    assert permits.redeem(permits.agency.code(), permits.proof("POST", TOKEN, iat=1)).status_code == 200


def test_who_must_bind_cannot_leave_the_proof_out(holder: Any) -> None:
    permits = holder(dpop_bound_access_tokens=True)
    code = permits.agency.code()

    refused = permits.agency.redeem(code)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_request")
    assert permits.redeem(code).json["token_type"] == "DPoP"
    alone = permits.agency.post("/token", {"grant_type": "client_credentials"})
    assert alone.json["error"] == "invalid_request"


def test_a_service_by_itself_has_bound_tokens_too(holder: Any) -> None:
    permits = holder()

    answer = permits.agency.post("/token", {"grant_type": "client_credentials"}, DPoP=permits.proof("POST", TOKEN))

    assert answer.json["token_type"] == "DPoP"
    assert claims_in(answer.json["access_token"])["cnf"] == {"jkt": permits.key.thumbprint}


def test_a_public_clients_refresh_token_needs_the_same_key_and_stays(holder: Any) -> None:
    app = holder(**PUBLIC)
    first = app.tokens("openid offline_access")

    with_another = Holder(app.agency).refresh(first["refresh_token"])
    with_none = app.agency.post("/token", {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    again = app.refresh(first["refresh_token"])

    assert [with_another.json["error"], with_none.json["error"]] == ["invalid_grant"] * 2
    assert again.status_code == 200, again.text
    assert "refresh_token" not in again.json
    assert claims_in(again.json["access_token"])["cnf"] == {"jkt": app.key.thumbprint}
    assert app.refresh(first["refresh_token"]).status_code == 200


def test_a_confidential_client_changes_its_key_but_never_goes_without(holder: Any) -> None:
    permits = holder()
    first = permits.tokens("openid offline_access")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}

    assert permits.agency.post("/token", form).json["error"] == "invalid_grant"
    another = Holder(permits.agency)
    renewed = another.refresh(first["refresh_token"]).json
    assert claims_in(renewed["access_token"])["cnf"] == {"jkt": another.key.thumbprint}
    assert another.userinfo(renewed["access_token"]).status_code == 200


def test_a_grant_keeps_its_key_on_record(holder: Any) -> None:
    app = holder(**PUBLIC)
    grant_id = claims_in(app.tokens("openid offline_access")["access_token"])["grant"]

    with app.agency.site.use.database.work() as stores:
        assert isinstance(stores.grants, SqlGrants)
        grant = stores.grants.find(grant_id, app.agency.site.clock.now())

    assert grant is not None
    assert grant.confirmation == {"jkt": app.key.thumbprint}


def test_a_code_asked_for_with_a_key_is_redeemed_by_that_key_alone(holder: Any) -> None:
    permits = holder(**PUBLIC)
    with_thumbprint = {"dpop_jkt": permits.key.thumbprint}

    codes = [permits.agency.code(**with_thumbprint) for _ in range(3)]

    assert Holder(permits.agency).redeem(codes[0]).json["error"] == "invalid_grant"
    assert permits.agency.redeem(codes[1]).json["error"] == "invalid_grant"
    assert permits.redeem(codes[2]).status_code == 200


@pytest.mark.parametrize("thumbprint", ["x", "a" * 44, "a" * 42 + "=", "\u00e9" * 43])
def test_an_unfit_thumbprint_is_refused_at_once(holder: Any, thumbprint: str) -> None:
    permits = holder()
    form = {**permits.agency.asked(), "dpop_jkt": thumbprint}

    assert permits.agency.post("/par", form).json["error"] == "invalid_request"


def test_a_request_pushed_with_a_proof_binds_its_code(holder: Any) -> None:
    permits = holder()
    address = f"{ISSUER}/par"

    answer = permits.agency.post("/par", permits.agency.asked(), DPoP=permits.proof("POST", address))

    assert answer.status_code == 201, answer.text
    assert answer.headers["DPoP-Nonce"]
    kept = permits.agency.site.use.ephemeral
    found, _ = pushed.find(kept, _reference(permits, answer), permits.agency.rp)
    assert found.get("dpop_jkt") == permits.key.thumbprint
    other_key = permits.agency.asked() | {"dpop_jkt": DpopKey().thumbprint}
    clash = permits.agency.post("/par", other_key, DPoP=permits.proof("POST", address))
    assert clash.json["error"] == "invalid_request"
    wrong = permits.agency.post("/par", permits.agency.asked(), DPoP=permits.proof("POST", TOKEN))
    assert wrong.json["error"] == "invalid_dpop_proof"


def test_scripts_of_other_sites_may_send_proofs_and_read_nonces(holder: Any) -> None:
    app = holder(**PUBLIC).agency
    asked = {"Origin": "https://app.example", "Access-Control-Request-Headers": "dpop"}

    before = app.client.options("/token", headers=asked, base_url=ISSUER)
    answer = app.client.post("/token", headers={"Origin": "https://app.example", "DPoP": "x"}, base_url=ISSUER)

    assert "DPoP" in before.headers["Access-Control-Allow-Headers"]
    assert "DPoP-Nonce" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["DPoP-Nonce"]


def _reference(permits: Holder, answer: Any) -> Parameters:
    named = {"client_id": permits.agency.rp.client_id, "request_uri": answer.json["request_uri"]}
    return Parameters.of(named.items())
