"""A code buys tokens once, for the relying party, address and verifier it was minted for."""

import pytest

from federation.authorization import codes
from federation.errors import InvalidGrant
from federation.tokens.desk import Misuse
from federation.tokens.grants.authorization_code import SPENT_FOR, check_verifier
from idp.storage.ephemeral.in_sqlite import InSqlite
from idp.storage.ephemeral.records import EPOCH
from tests.support.token_office import APP, CHALLENGE, ISSUER, NOW, OPAQUE, VERIFIER, WEB, claims_in


def test_a_code_buys_what_was_authorised(office):
    code = office.sign_in(WEB, "openid", "profile", "offline_access")
    authorised = office.authorised(code)

    answer = office.redeem(WEB, code)

    body = answer.body
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "id_token", "refresh_token", "grant_id"}
    assert body["grant_id"] == authorised.grant_id
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    assert body["scope"] == "openid profile offline_access"
    told = claims_in(body["id_token"])
    assert (told["iss"], told["aud"], told["sub"]) == (ISSUER, "web", authorised.subject)
    assert (told["acr"], told["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert (told["nonce"], told["sid"]) == (authorised.nonce, authorised.sid)
    assert told["auth_time"] == int(authorised.auth_time.timestamp())
    assert told["exp"] - told["iat"] == 300


def test_no_refresh_token_without_offline_access(office):
    assert "refresh_token" not in office.redeem(WEB, office.sign_in(WEB, "openid")).body


def test_no_id_token_without_openid(office):
    assert "id_token" not in office.redeem(WEB, office.sign_in(WEB, "profile")).body


def test_a_code_buys_tokens_only_once_and_its_second_use_ends_what_it_bought(office):
    code = office.sign_in(WEB, "openid", "offline_access")
    first = office.redeem(WEB, code)

    assert office.refusal(office.redeem, WEB, code) == "invalid_grant"

    assert office.stopped == [(Misuse.CODE_REPLAYED, first.grant.grant_id)]
    assert office.refusal(office.refresh, WEB, first.body["refresh_token"]) == "invalid_grant"


def test_a_second_use_ends_a_grant_whose_first_use_is_still_in_flight(office):
    code = office.sign_in(WEB)
    grant_id = office.authorised(code).grant_id
    with office.database.work() as other:
        other.grants.end(grant_id, NOW)

    first = office.redeem(WEB, code)

    with office.database.work() as stores:
        assert stores.grants.find(first.grant.grant_id, NOW) is None
    assert office.refusal(office.refresh, WEB, first.body.get("refresh_token", "none")) == "invalid_grant"


@pytest.mark.parametrize("forgotten_by", ["time", "a flush"])
def test_a_code_used_long_ago_still_ends_what_it_bought(office, forgotten_by):
    code = office.sign_in(WEB, "openid", "offline_access")
    first = office.redeem(WEB, code)

    office.store.take(codes.KIND, codes.key_of(code))

    assert office.refusal(office.redeem, WEB, code, now=NOW + 2 * SPENT_FOR) == "invalid_grant"
    assert office.stopped == [(Misuse.CODE_REPLAYED, first.grant.grant_id)]


@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (62, False)])
def test_a_code_is_good_for_a_minute(office, tmp_path, seconds, good):
    clock = [1_800_000_000.0]
    office.store = InSqlite(tmp_path / "minute.db", elapsed=lambda: clock[0])
    office.store.begin(EPOCH)
    code = office.sign_in(WEB)

    clock[0] += seconds

    if good:
        assert office.redeem(WEB, code).body["access_token"]
    else:
        assert office.refusal(office.redeem, WEB, code) == "invalid_grant"
    office.store.close()


def test_an_unknown_secret_does_not_end_a_known_grant(office):
    first = office.redeem(WEB, office.sign_in(WEB, "openid", "offline_access"))

    assert office.refusal(office.redeem, WEB, f"{first.grant.grant_id}.guess") == "invalid_grant"

    assert office.stopped == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://service.example/back/"},
        {"redirect_uri": ""},
        {"code_verifier": ""},
        {"code_verifier": VERIFIER[:-1] + "l"},
        {"code_verifier": CHALLENGE},
        {"code_verifier": "short"},
        {"code_verifier": VERIFIER + "\n"},
    ],
)
def test_a_wrong_redemption_is_refused_and_spends_the_code(office, wrong):
    code = office.sign_in(WEB)

    assert office.refusal(office.redeem, WEB, code, **wrong) == "invalid_grant"
    assert office.refusal(office.redeem, WEB, code) == "invalid_grant"


def test_another_relying_party_cannot_redeem_a_code(office):
    code = office.sign_in(WEB)

    assert office.refusal(office.redeem, APP, code) == "invalid_grant"
    assert office.refusal(office.redeem, WEB, code) == "invalid_grant"


def test_a_verifier_without_a_challenge_is_refused(office):
    code = office.sign_in(WEB, code_challenge=None)

    assert office.refusal(office.redeem, WEB, code) == "invalid_grant"


def test_the_verifier_of_rfc_7636_appendix_b_matches_its_challenge():
    check_verifier(VERIFIER, CHALLENGE)

    with pytest.raises(InvalidGrant):
        check_verifier(VERIFIER.lower(), CHALLENGE)


def test_the_plain_method_does_not_exist():
    with pytest.raises(InvalidGrant):
        check_verifier(VERIFIER, VERIFIER)


@pytest.mark.parametrize("ended", ["session", "citizen"])
def test_a_code_is_worth_nothing_once_its_citizen_has_gone(office, ended):
    code = office.sign_in(WEB, "openid", "offline_access")
    authorised = office.authorised(code)
    with office.database.work() as stores:
        if ended == "session":
            stores.sessions.end(authorised.session_id, NOW)
        else:
            stores.citizens.disable(authorised.citizen_id, NOW)

    assert office.refusal(office.redeem, WEB, code) == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "\ud800.x"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(office, form, error):
    assert office.refusal(office.request, WEB, **form) == error


def test_a_grant_type_that_is_not_registered_is_refused(office):
    assert office.refusal(office.request, APP, grant_type="client_credentials") == "unauthorized_client"


def test_claims_of_the_citizen_are_in_the_id_token_only_when_asked_for_there(office):
    asked = {"id_token": {"given_name": None, "family_name": {"value": "Other"}}, "userinfo": {}}

    told = claims_in(office.redeem(WEB, office.sign_in(WEB, "openid", "profile", claims=asked)).body["id_token"])

    assert told["given_name"] == "Zo\u00eb"
    assert not {"family_name", "email", "name"} & set(told)


def test_an_opaque_access_token_says_nothing(office):
    token = office.redeem(OPAQUE, office.sign_in(OPAQUE)).body["access_token"]

    assert len(token) == 43
    assert "." not in token
