"""A service that was called for a citizen calls another of its agency, and nothing grows on the way (RFC 8693)."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from federation.errors import InvalidToken
from federation.relying_parties.rules import TOKEN_EXCHANGE
from federation.tokens import access_token
from federation.tokens.access_token import TOKEN_TYPE
from federation.tokens.introspection import introspect
from federation.tokens.revocation import revoke
from tests.support.payments import PAYMENT
from tests.support.statements import statements_heard
from tests.support.token_office import ISSUER, NOW, OPAQUE, WEB, claims_in

FRONT, MIDDLE, BACK, LAST, FAR = (f"https://{name}.example/api" for name in ("front", "middle", "back", "last", "far"))
EVERY = (FRONT, MIDDLE, BACK, LAST)
PORTAL = replace(WEB, client_id="portal", allowed_resources=EVERY)
SHY_PORTAL = replace(PORTAL, client_id="shy-portal", access_token_format="opaque")
MACHINE = replace(
    WEB,
    redirect_uris=(),
    response_types=(),
    grant_types=(TOKEN_EXCHANGE,),
    scope=("permits:read", "permits:write"),
    sector="machines.example",
    allowed_resources=EVERY,
    authorization_details_types=(),
)
A = replace(MACHINE, client_id="a", resource_uris=(FRONT,))
B = replace(MACHINE, client_id="b", resource_uris=(MIDDLE,), access_token_format="opaque")
C = replace(MACHINE, client_id="c", resource_uris=(BACK,))
D = replace(MACHINE, client_id="d", resource_uris=(LAST,))
ELSEWHERE = replace(MACHINE, client_id="elsewhere", agency="Another", resource_uris=(FAR,))
FORMS = pytest.mark.parametrize("by", [PORTAL, SHY_PORTAL], ids=["jwt", "opaque"])
WHOLE = ("openid", "email", "permits:read", "permits:write")


@pytest.fixture(autouse=True)
def registered(office):
    office.register(PORTAL, SHY_PORTAL, A, B, C, D, ELSEWHERE)


def called(office, *, by=PORTAL, api=FRONT, scope=WHOLE, **authorised):
    """Return the access token with which an agency's portal calls an API for a citizen."""
    return office.redeem(by, office.sign_in(by, *scope, resources=(api,), **authorised)).body["access_token"]


def exchange(office, token, *, by=A, to=MIDDLE, now=NOW, resources=None, **form):
    asked = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": TOKEN_TYPE, **form}
    return office.request(by, now=now, resources=[to] if resources is None else resources, **asked)


def look(office, asker, token, now=NOW):
    with office.open() as (_, desk):
        return introspect({"token": token}, asker, desk, now)


def read(office, token, now=NOW):
    return access_token.read(office.signer, office.store, token, issuer=ISSUER, now=now)


@FORMS
def test_the_next_api_is_told_the_same_citizen_and_who_acts(office, by):
    token = called(office, by=by)

    answer = exchange(office, token)

    told = claims_in(answer.body["access_token"])
    assert (told["aud"], told["client_id"], told["act"]) == (MIDDLE, "a", {"sub": "a"})
    assert told["sub"] == read(office, token).subject
    assert answer.body["issued_token_type"] == TOKEN_TYPE
    assert answer.body.keys() == {"access_token", "issued_token_type", "token_type", "expires_in", "scope"}
    assert look(office, B, answer.body["access_token"])["act"] == {"sub": "a"}


def test_of_several_each_holds_the_one_before_and_three_are_enough(office):
    token = called(office)
    for by, to in ((A, MIDDLE), (B, BACK), (C, LAST)):
        token = exchange(office, token, by=by, to=to).body["access_token"]

    assert claims_in(token)["act"] == {"sub": "c", "act": {"sub": "b", "act": {"sub": "a"}}}
    assert look(office, D, token)["act"]["act"]["act"] == {"sub": "a"}
    assert office.refusal(exchange, office, token, by=D, to=FRONT) == "invalid_request"


def test_it_is_good_no_longer_than_what_it_was_bought_with(office):
    token = called(office)
    late = NOW + timedelta(minutes=9)

    answer = exchange(office, token, now=late)

    assert answer.body["expires_in"] == 60
    assert claims_in(answer.body["access_token"])["exp"] == claims_in(token)["exp"]
    by_b = exchange(office, answer.body["access_token"], by=B, to=BACK, now=late)
    assert by_b.body["expires_in"] == 60
    over = NOW + timedelta(minutes=10)
    assert office.refusal(exchange, office, token, now=over) == "invalid_request"
    with pytest.raises(InvalidToken):
        read(office, by_b.body["access_token"], over)


@pytest.mark.parametrize(
    ("held", "asked", "given"),
    [
        (WHOLE, "", "permits:read permits:write"),
        (WHOLE, "permits:read", "permits:read"),
        (("openid", "permits:read"), "", "permits:read"),
        (("openid", "permits:read"), "permits:write", None),
        (WHOLE, "openid", None),
        (WHOLE, "permits:read email", None),
        (WHOLE, "unheard:of", None),
    ],
)
def test_a_scope_is_never_wider(office, held, asked, given):
    token = called(office, scope=held)

    if given is None:
        assert office.refusal(exchange, office, token, scope=asked) == "invalid_scope"
    else:
        assert exchange(office, token, scope=asked).body["scope"] == given


def test_a_scope_the_asker_lost_is_not_issued(office):
    narrowed = replace(A, scope=("permits:write",))

    assert exchange(office, called(office), by=narrowed).body["scope"] == "permits:write"


def test_details_go_along_where_the_asker_may_have_them_and_cannot_be_asked_for(office):
    allowed = (PAYMENT,)
    token = called(office, authorization_details=allowed)
    trusted = replace(A, authorization_details_types=("payment_initiation",))

    assert "authorization_details" not in claims_in(exchange(office, token).body["access_token"])
    assert exchange(office, token, by=trusted).body["authorization_details"] == allowed
    asked = {"authorization_details": json.dumps([PAYMENT])}
    assert office.refusal(exchange, office, token, by=trusted, **asked) == "invalid_authorization_details"
    office.detail_types = {}
    assert "authorization_details" not in exchange(office, token, by=trusted).body


@pytest.mark.parametrize(
    "broken", ["another's", "ours", "no token", "an ID token", "a refresh token", "a code", "long"]
)
def test_no_other_token_is_taken(office, broken):
    code = office.sign_in(PORTAL, *WHOLE, "offline_access", resources=(FRONT,))
    body = office.redeem(PORTAL, code).body
    token = {
        "another's": called(office, api=MIDDLE),
        "ours": office.redeem(PORTAL, office.sign_in(PORTAL)).body["access_token"],
        "no token": "a.b.c",
        "an ID token": body["id_token"],
        "a refresh token": body["refresh_token"],
        "a code": code,
        "long": "a" * 60_000,
    }[broken]

    assert office.refusal(exchange, office, token) == "invalid_request"


@pytest.mark.parametrize(
    "form",
    [
        {"subject_token": ""},
        {"subject_token_type": ""},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"actor_token": "a.b.c"},
        {"actor_token_type": TOKEN_TYPE},
    ],
)
def test_nothing_else_can_be_exchanged_or_got(office, form):
    assert office.refusal(exchange, office, called(office), **form) == "invalid_request"


@pytest.mark.parametrize(
    "target",
    [[], [MIDDLE, BACK], [FAR], [f"{ISSUER}/userinfo"], [f"{ISSUER}/userinfo", MIDDLE], [MIDDLE + "/"], ["/api"]],
)
def test_one_api_of_the_same_agency_is_named(office, target):
    far = replace(A, allowed_resources=(*EVERY, FAR))

    assert office.refusal(exchange, office, called(office), by=far, resources=target) == "invalid_target"


def test_an_api_is_for_whom_an_operator_allowed_it_and_named_one_way(office):
    token, alone = called(office), replace(A, allowed_resources=())

    assert office.refusal(exchange, office, token, by=alone) == "invalid_target"
    assert office.refusal(exchange, office, token, audience="b") == "invalid_target"


@pytest.mark.parametrize(
    ("owner", "refused"),
    [
        ({"sector": "another.example"}, True),
        ({"subject_type": "public", "sector": "service.example"}, True),
        ({"sector": "service.example"}, False),
    ],
)
def test_a_subject_never_crosses_into_another_sector(office, owner, refused):
    office.register(replace(WEB, client_id="signs-in", resource_uris=("https://signs.example",), **owner))
    asker = replace(A, allowed_resources=("https://signs.example",))
    token = called(office)

    if refused:
        assert office.refusal(exchange, office, token, by=asker, to="https://signs.example") == "invalid_target"
    else:
        assert exchange(office, token, by=asker, to="https://signs.example").body["access_token"]


def test_a_subject_of_another_sector_stays_there_when_its_service_moves(office):
    moved = replace(PORTAL, subject_type="public")
    owner = replace(WEB, client_id="signs-in", resource_uris=("https://signs.example",), subject_type="public")
    asker = replace(A, allowed_resources=("https://signs.example",))
    token = called(office)

    with office.open() as (stores, _):
        assert stores.relying_parties.change(moved)
    office.register(owner)

    assert office.refusal(exchange, office, token, by=asker, to="https://signs.example") == "invalid_target"


def test_a_service_by_itself_has_no_citizen_to_speak_for(office):
    machine = office.request(PORTAL, grant_type="client_credentials", scope="permits:read", resources=[FRONT]).body[
        "access_token"
    ]

    assert office.refusal(exchange, office, machine) == "invalid_request"


def test_only_who_is_registered_for_it_and_proves_itself(office):
    token = called(office)

    assert office.refusal(exchange, office, token, by=replace(A, grant_types=())) == "unauthorized_client"
    public = replace(A, token_endpoint_auth_method="none")
    assert office.refusal(exchange, office, token, by=public) == "unauthorized_client"


def test_a_bound_token_buys_no_bearer_token(office):
    office.confirmation = {"jkt": "portal's"}
    token = called(office)
    office.confirmation = {}
    assert office.refusal(exchange, office, token) == "invalid_request"

    office.confirmation = {"jkt": "a's"}
    answer = exchange(office, token)

    assert answer.body["token_type"] == "DPoP"
    assert claims_in(answer.body["access_token"])["cnf"] == {"jkt": "a's"}


@pytest.mark.parametrize("gone", ["portal", "a", "b"])
def test_it_stands_while_every_service_on_the_way_does(office, gone):
    by_a = exchange(office, called(office)).body["access_token"]
    by_b = exchange(office, by_a, by=B, to=BACK).body["access_token"]
    assert look(office, C, by_b)["active"] is True

    with office.database.work() as stores:
        stores.relying_parties.disable(gone, NOW)

    assert look(office, C, by_b) == {"active": False}
    assert office.refusal(exchange, office, by_b, by=C, to=LAST) == "invalid_request"

    with office.database.work() as stores:
        stores.relying_parties.enable(gone, NOW)
    assert look(office, C, by_b) == {"active": False}, "what it held before stays dead"


def test_it_ends_alone_and_with_what_the_citizen_takes_back(office):
    token = called(office)
    first, second = (exchange(office, token).body["access_token"] for _ in range(2))

    with office.open() as (_, desk):
        revoke({"token": first}, A, desk, NOW)
    assert look(office, B, first) == {"active": False}
    assert office.refusal(exchange, office, first, by=B, to=BACK) == "invalid_request"
    assert look(office, B, second)["active"] is look(office, A, token)["active"] is True

    with office.database.work() as stores:
        stores.grants.end(read(office, token).grant_id, NOW)
    assert look(office, B, second) == {"active": False}
    assert office.refusal(exchange, office, token) == "invalid_request"


def test_what_was_bought_with_a_revoked_token_ends_with_it(office):
    by_a = exchange(office, called(office)).body["access_token"]
    by_b = exchange(office, by_a, by=B, to=BACK).body["access_token"]
    by_c = exchange(office, by_b, by=C, to=LAST).body["access_token"]

    with office.open() as (_, desk):
        revoke({"token": by_b}, B, desk, NOW)
    assert look(office, D, by_c) == look(office, C, by_b) == {"active": False}
    assert office.refusal(exchange, office, by_b, by=C, to=LAST) == "invalid_request"
    assert look(office, B, by_a)["active"] is True

    again = exchange(office, by_a, by=B, to=BACK).body["access_token"]
    with office.open() as (_, desk):
        revoke({"token": by_a}, A, desk, NOW)
    assert look(office, C, again) == {"active": False}


def test_it_is_none_of_our_userinfo(office):
    token = exchange(office, called(office)).body["access_token"]

    with pytest.raises(InvalidToken):
        access_token.read_for_us(office.signer, office.store, token, issuer=ISSUER, now=NOW)


def test_an_opaque_one_tells_the_same(office):
    token = exchange(office, exchange(office, called(office)).body["access_token"], by=B, to=BACK).body["access_token"]

    assert "." not in token
    assert look(office, C, token)["act"] == {"sub": "b", "act": {"sub": "a"}}
    assert OPAQUE.access_token_format == B.access_token_format


def test_the_owner_of_an_api_is_looked_for_once_and_not_believed_for_long(office):
    token = called(office)
    exchange(office, token)

    with statements_heard() as heard:
        exchange(office, token)
    assert not [each for each in heard.statements if "FROM relying_parties" in each and "client_id = ?" not in each]

    with office.database.work() as stores:
        moved = stores.relying_parties.find_registered("b")
        stores.relying_parties.change(replace(moved, resource_uris=()))
        stores.relying_parties.add(replace(moved, client_id="heir", agency="Another", created_at=NOW))
    assert office.refusal(exchange, office, token) == "invalid_target"
