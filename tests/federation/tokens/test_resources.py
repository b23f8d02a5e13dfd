"""An access token is for one API, which somebody granted and the registration still allows (RFC 8707 section 2.2)."""

from dataclasses import replace

import pytest

from federation.authorization.resources import userinfo
from federation.errors import InvalidToken
from federation.tokens import access_token
from federation.tokens.introspection import introspect
from federation.tokens.revocation import revoke
from tests.support.token_office import ISSUER, NOW, WEB, claims_in

TAX, LAND = "https://tax.example/api", "https://land.example/api?v=2"
ASKER = replace(WEB, client_id="asker", allowed_resources=(TAX, LAND))
OPAQUE = replace(ASKER, client_id="opaque-asker", access_token_format="opaque")
OWNER = replace(WEB, client_id="tax", resource_uris=(TAX,))
STRANGER = replace(WEB, client_id="stranger", resource_uris=(LAND,))
FORMS = pytest.mark.parametrize("by", [ASKER, OPAQUE], ids=["jwt", "opaque"])
NOT_GRANTED = {
    "another that is allowed": (LAND,),
    "unknown": ("https://elsewhere.example/api",),
    "with a slash more": (TAX + "/",),
    "in capitals": (TAX.upper(),),
    "with a fragment": (TAX + "#x",),
    "relative": ("/api",),
    "no address": ("\0",),
    "the issuer": (ISSUER,),
    "two": (TAX, LAND),
    "userinfo beside it": (TAX, userinfo(ISSUER)),
}


@pytest.fixture(autouse=True)
def registered(office):
    office.register(ASKER, OPAQUE, OWNER, STRANGER)


def sign_in(office, *resources, by=ASKER, scope=("openid", "email", "offline_access", "permits:read")):
    return office.sign_in(by, *scope, resources=resources)


def read(office, token):
    return access_token.read(office.signer, office.store, token, issuer=ISSUER, now=NOW)


def look(office, asker, token):
    with office.open() as (_, desk):
        return introspect({"token": token}, asker, desk, NOW)


@FORMS
def test_the_one_granted_is_the_audience_of_every_access_token(office, by):
    first = office.redeem(by, sign_in(office, TAX, by=by))
    renewed = office.refresh(by, first.body["refresh_token"])

    assert [read(office, answer.body["access_token"]).audience for answer in (first, renewed)] == [TAX, TAX]
    assert first.grant.resources == (TAX,)


def test_of_several_one_is_named_and_the_refresh_token_keeps_them_all(office):
    first = office.redeem(ASKER, sign_in(office, TAX, LAND), resources=[LAND])
    other = office.refresh(ASKER, first.body["refresh_token"], resources=[TAX])

    assert claims_in(first.body["access_token"])["aud"] == LAND
    assert claims_in(other.body["access_token"])["aud"] == TAX
    assert office.refusal(office.refresh, ASKER, first.body["refresh_token"]) == "invalid_target"


@pytest.mark.parametrize("named", NOT_GRANTED.values(), ids=NOT_GRANTED)
def test_nothing_but_what_was_granted_is_issued(office, named):
    first = office.redeem(ASKER, sign_in(office, TAX))

    assert office.refusal(office.refresh, ASKER, first.body["refresh_token"], resources=named) == "invalid_target"
    assert office.refusal(office.redeem, ASKER, sign_in(office, TAX), resources=named) == "invalid_target"
    assert office.refusal(office.redeem, ASKER, sign_in(office), resources=named) == "invalid_target"


def test_what_an_operator_no_longer_allows_is_not_issued_though_it_was_granted(office):
    token = office.redeem(ASKER, sign_in(office, TAX)).body["refresh_token"]
    narrowed = replace(ASKER, allowed_resources=(LAND,))

    assert office.refusal(office.refresh, narrowed, token) == "invalid_target"
    assert office.refusal(office.refresh, narrowed, token, resources=[TAX]) == "invalid_target"


def test_userinfo_need_not_be_granted_by_name(office):
    token = office.redeem(ASKER, sign_in(office, TAX)).body["refresh_token"]

    answer = office.refresh(ASKER, token, resources=[userinfo(ISSUER)])

    assert claims_in(answer.body["access_token"])["aud"] == ISSUER
    assert answer.body["scope"] == "openid email offline_access permits:read"


def test_another_api_is_not_shown_what_only_we_understand(office):
    answer = office.redeem(ASKER, sign_in(office, TAX))

    assert claims_in(answer.body["access_token"])["scope"] == "permits:read"
    assert answer.body["scope"] == "permits:read"
    assert claims_in(answer.body["id_token"])["sub"] == answer.grant.subject


@FORMS
def test_a_token_for_another_api_is_refused_by_ours(office, by):
    token = office.redeem(by, sign_in(office, TAX, by=by)).body["access_token"]

    with pytest.raises(InvalidToken):
        access_token.read_for_us(office.signer, office.store, token, issuer=ISSUER, now=NOW)


@FORMS
def test_the_owner_of_the_api_looks_in_and_no_other(office, by):
    token = office.redeem(by, sign_in(office, TAX, by=by)).body["access_token"]

    assert look(office, OWNER, token)["aud"] == TAX
    assert look(office, by, token)["active"] is True
    assert look(office, STRANGER, token) == {"active": False}


def test_an_owner_learns_nothing_of_tokens_for_userinfo(office):
    token = office.redeem(ASKER, sign_in(office)).body["access_token"]

    assert look(office, OWNER, token) == {"active": False}


def test_a_token_for_another_api_can_be_revoked(office):
    token = office.redeem(ASKER, sign_in(office, TAX)).body["access_token"]

    with office.open() as (_, desk):
        assert revoke({"token": token}, ASKER, desk, NOW)

    assert look(office, OWNER, token) == {"active": False}


def test_a_service_by_itself_gets_a_token_for_what_it_may_use(office):
    machine = {"grant_type": "client_credentials", "scope": "permits:read"}

    answer = office.request(ASKER, resources=[TAX], **machine)

    assert claims_in(answer.body["access_token"])["aud"] == TAX
    assert claims_in(office.request(ASKER, **machine).body["access_token"])["aud"] == ISSUER
    assert office.refusal(office.request, WEB, resources=[TAX], **machine) == "invalid_target"
    assert office.refusal(office.request, ASKER, resources=[TAX, LAND], **machine) == "invalid_target"
