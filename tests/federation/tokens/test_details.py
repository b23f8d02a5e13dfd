"""What a citizen allowed goes into the tokens, whole or in part, and to who may look in (RFC 9396 sections 6 to 9)."""

import json
from dataclasses import replace

import pytest

from federation.authorization import detail_types
from federation.tokens.introspection import introspect
from tests.support.payments import PAYMENT, RECORD, TYPES
from tests.support.token_office import APP, NOW, WEB, claims_in

OPAQUE = replace(WEB, client_id="opaque-payer", access_token_format="opaque")
KINDS = pytest.mark.parametrize("by", [WEB, APP, OPAQUE], ids=["jwt", "public", "opaque"])
BOTH = (PAYMENT, RECORD)


@pytest.fixture(autouse=True)
def registered(office):
    office.register(OPAQUE)


def sign_in(office, by=WEB):
    return office.sign_in(by, "openid", "offline_access", authorization_details=BOTH)


def look(office, token):
    asker = replace(WEB, client_id="tax", introspection=True)
    with office.open() as (_, desk):
        return introspect({"token": token}, asker, desk, NOW)


@KINDS
def test_they_are_in_the_answer_the_token_and_what_an_api_is_told(office, by):
    answer = office.redeem(by, sign_in(office, by))
    renewed = office.refresh(by, answer.body["refresh_token"])

    for body in (answer.body, renewed.body):
        assert tuple(body["authorization_details"]) == BOTH
        assert tuple(look(office, body["access_token"])["authorization_details"]) == BOTH
    assert answer.grant.authorization_details == BOTH


@KINDS
def test_a_token_may_have_fewer_and_the_next_all_of_them_again(office, by):
    first = office.redeem(by, sign_in(office, by), authorization_details=json.dumps([RECORD]))
    second = office.refresh(by, first.body["refresh_token"])
    newest = second.body.get("refresh_token", first.body["refresh_token"])
    third = office.refresh(by, newest, authorization_details=json.dumps([PAYMENT]))

    assert first.body["authorization_details"] == (RECORD,)
    assert second.body["authorization_details"] == BOTH
    assert third.body["authorization_details"] == (PAYMENT,)


@pytest.mark.parametrize("more", [[PAYMENT | {"creditorName": "Mallory"}], [PAYMENT, {"type": "x"}], {}, [7]])
def test_none_has_more(office, more):
    first = office.redeem(WEB, sign_in(office))
    asked = json.dumps(more)

    refused = office.refusal(office.refresh, WEB, first.body["refresh_token"], authorization_details=asked)

    assert refused == "invalid_authorization_details"
    assert office.refusal(office.redeem, WEB, sign_in(office), authorization_details=asked) == refused


def test_a_token_without_them_says_nothing_of_them(office):
    answer = office.redeem(WEB, office.sign_in(WEB))

    assert "authorization_details" not in answer.body
    assert "authorization_details" not in claims_in(answer.body["access_token"])


def test_a_service_by_itself_gets_none(office):
    form = {"grant_type": "client_credentials", "authorization_details": json.dumps([RECORD])}

    assert office.refusal(office.request, WEB, **form) == "invalid_authorization_details"


@KINDS
def test_a_type_that_an_operator_took_from_the_record_is_in_no_further_token(office, by):
    first = office.redeem(by, sign_in(office, by))
    less = replace(by, authorization_details_types=(RECORD["type"],))

    renewed = office.refresh(less, first.body["refresh_token"])

    assert renewed.body["authorization_details"] == (RECORD,)
    assert tuple(look(office, renewed.body["access_token"])["authorization_details"]) == (RECORD,)


def _without_payments(types):
    return types[1:]


def _without_a_choice(types):
    changed = json.loads(json.dumps(types))
    del changed[0]["fields"][2]["choices"]["initiate"]
    return changed


@KINDS
@pytest.mark.parametrize("change", [_without_payments, _without_a_choice])
def test_what_no_type_knows_any_more_is_in_no_further_token(office, by, change):
    code, first = sign_in(office, by), office.redeem(by, sign_in(office, by))
    office.detail_types = detail_types.read(change(TYPES))

    for answer in (office.redeem(by, code), office.refresh(by, first.body["refresh_token"])):
        assert answer.body["authorization_details"] == (RECORD,)
        assert tuple(look(office, answer.body["access_token"])["authorization_details"]) == (RECORD,)
