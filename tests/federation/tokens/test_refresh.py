"""Refresh tokens: never more than was granted, one head a family, an old copy ends it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.tokens import refresh_token
from federation.tokens.desk import Misuse
from federation.tokens.grants.model import ABSOLUTE
from federation.tokens.grants.refresh_token import GRACE
from tests.support.token_office import APP, NOW, WEB, claims_in

SECOND = timedelta(seconds=1)


def granted(office, relying_party, *scope):
    return office.redeem(relying_party, office.sign_in(relying_party, "openid", "offline_access", *scope))


def test_a_refreshed_id_token_says_what_was_authorised_and_has_no_nonce(office):
    first = granted(office, WEB)

    later = office.refresh(WEB, first.body["refresh_token"], now=NOW + timedelta(minutes=9))

    before, after = claims_in(first.body["id_token"]), claims_in(later.body["id_token"])
    same = ("iss", "sub", "aud", "auth_time", "acr", "amr", "sid")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert after["iat"] == before["iat"] + 540
    assert "nonce" not in after
    assert after["at_hash"] != before["at_hash"]


def test_a_confidential_client_keeps_its_refresh_token(office):
    token = granted(office, WEB).body["refresh_token"]

    for minute in range(3):
        assert "refresh_token" not in office.refresh(WEB, token, now=NOW + minute * GRACE * 6).body


def test_a_public_client_gets_a_new_refresh_token_each_time(office):
    first = granted(office, APP).body["refresh_token"]

    second = office.refresh(APP, first).body["refresh_token"]
    third = office.refresh(APP, second, now=NOW + 2 * GRACE).body["refresh_token"]

    assert len({first, second, third}) == 3


def test_within_the_grace_an_old_token_fetches_the_same_successor(office):
    first = granted(office, APP).body["refresh_token"]

    successors = {office.refresh(APP, first, now=NOW + after).body["refresh_token"] for after in (0 * GRACE, GRACE)}

    assert len(successors) == 1
    assert office.stopped == []


def test_after_the_grace_an_old_token_ends_the_family(office):
    answer = granted(office, APP)
    first = answer.body["refresh_token"]
    second = office.refresh(APP, first).body["refresh_token"]

    assert office.refusal(office.refresh, APP, first, now=NOW + GRACE + SECOND) == "invalid_grant"

    assert office.stopped == [(Misuse.REFRESH_REUSED, answer.grant.grant_id)]
    assert office.refusal(office.refresh, APP, second, now=NOW + GRACE + SECOND) == "invalid_grant"


def test_a_token_two_generations_old_ends_the_family_even_within_the_grace(office):
    first = granted(office, APP).body["refresh_token"]
    third = office.refresh(APP, office.refresh(APP, first).body["refresh_token"]).body["refresh_token"]

    assert office.refusal(office.refresh, APP, first) == "invalid_grant"
    assert office.refusal(office.refresh, APP, third) == "invalid_grant"


def test_a_forged_token_of_a_known_grant_is_refused_and_ends_nothing(office):
    answer = granted(office, APP)
    genuine = answer.body["refresh_token"]
    grant_id, secret, tag = genuine.split(".")

    for forged in (
        f"{grant_id}.guess.{tag}",
        f"{grant_id}.{secret}.",
        f"{grant_id}.{secret}",
        grant_id,
        "..",
        "\ud800",
    ):
        assert office.refusal(office.refresh, APP, forged) == "invalid_grant"

    assert office.stopped == []
    assert office.refresh(APP, genuine).body["refresh_token"]


def test_whoever_reads_the_database_cannot_make_a_refresh_token(office):
    answer = granted(office, APP)

    forged = refresh_token.first(b"another secret", answer.grant.grant_id)

    assert office.refusal(office.refresh, APP, forged) == "invalid_grant"
    assert office.stopped == []


def test_another_relying_party_cannot_use_a_refresh_token(office):
    token = granted(office, WEB).body["refresh_token"]

    assert office.refusal(office.refresh, APP, token) == "invalid_grant"
    assert office.refresh(WEB, token)


def test_scope_may_narrow(office):
    first = granted(office, WEB, "profile", "email")

    later = office.refresh(WEB, first.body["refresh_token"], scope="email offline_access")

    assert later.body["scope"] == "offline_access email"
    assert claims_in(later.body["access_token"])["scope"] == "offline_access email"
    assert "id_token" not in later.body
    assert "profile" in office.refresh(WEB, first.body["refresh_token"]).body["scope"]


def test_scope_never_widens_and_asking_for_it_does_not_rotate(office):
    token = granted(office, APP).body["refresh_token"]

    for wider in ("openid profile", "openid  offline_access", "OPENID"):
        assert office.refusal(office.refresh, APP, token, scope=wider) == "invalid_scope"

    assert office.refresh(APP, token, now=NOW + 2 * GRACE)


def test_no_refresh_moves_the_absolute_end(office):
    token = granted(office, APP).body["refresh_token"]
    token = office.refresh(APP, token, now=NOW + ABSOLUTE - SECOND).body["refresh_token"]

    assert office.refusal(office.refresh, APP, token, now=NOW + ABSOLUTE) == "invalid_grant"


def test_signing_out_leaves_what_was_granted_offline(office):
    answer = granted(office, WEB)
    with office.database.work() as stores:
        stores.sessions.end(answer.grant.session_id, NOW)
        stores.grants.end_for_session(answer.grant.session_id, NOW)

    assert office.refresh(WEB, answer.body["refresh_token"])


@pytest.mark.parametrize("ended", ["disable", "end_for_citizen", "end_for_consent"])
def test_what_was_granted_offline_ends_with_the_citizen_or_their_consent(office, ended):
    answer = granted(office, WEB)
    with office.database.work() as stores:
        if ended == "disable":
            stores.citizens.disable(answer.grant.citizen_id, NOW)
        elif ended == "end_for_citizen":
            stores.grants.end_for_citizen(answer.grant.citizen_id, NOW)
        else:
            stores.grants.end_for_consent(answer.grant.citizen_id, "web", NOW)

    assert office.refusal(office.refresh, WEB, answer.body["refresh_token"]) == "invalid_grant"


@pytest.mark.parametrize("by", [WEB, APP], ids=["confidential", "public"])
def test_what_an_operator_took_from_the_record_is_in_no_further_token(office, by):
    first = office.redeem(by, office.sign_in(by, "openid", "email", "offline_access", "permits:write"))
    less = replace(by, scope=("openid", "email", "offline_access"))

    renewed = office.refresh(less, first.body["refresh_token"])

    assert "permits:write" in first.body["scope"]
    assert renewed.body["scope"] == claims_in(renewed.body["access_token"])["scope"] == "openid email offline_access"


@pytest.mark.parametrize("by", [WEB, APP], ids=["confidential", "public"])
def test_a_claim_that_an_operator_took_from_the_record_is_told_no_more(office, by):
    asked = {place: {"email": None, "locale": None, "given_name": None} for place in ("id_token", "userinfo")}
    first = office.redeem(by, office.sign_in(by, "openid", "offline_access", claims=asked))
    less = replace(by, scope=("openid", "profile", "offline_access"))

    renewed = office.refresh(less, first.body["refresh_token"])

    assert "email" in claims_in(first.body["id_token"])
    assert claims_in(renewed.body["id_token"]).keys() >= {"given_name", "locale"}
    assert "email" not in claims_in(renewed.body["id_token"])


@pytest.mark.parametrize("by", [WEB, APP], ids=["confidential", "public"])
def test_who_may_not_come_back_without_the_citizen_any_more_renews_nothing(office, by):
    code, token = office.sign_in(by, "openid", "offline_access"), granted(office, by).body["refresh_token"]
    less = replace(by, scope=("openid",))

    assert office.refusal(office.refresh, less, token) == "invalid_grant"
    assert "refresh_token" not in office.redeem(less, code).body
    assert office.refresh(by, token), "nothing ended: an operator may give it back"


@pytest.mark.parametrize("by", [WEB, APP], ids=["confidential", "public"])
def test_who_knows_citizens_by_other_names_now_is_told_the_old_one_no_more(office, by):
    code, token = office.sign_in(by, "openid", "offline_access"), granted(office, by).body["refresh_token"]
    moved = replace(by, subject_type="public")

    assert office.refusal(office.redeem, moved, code) == "invalid_grant"
    assert office.refusal(office.refresh, moved, token) == "invalid_grant"
    assert office.refresh(by, token)
