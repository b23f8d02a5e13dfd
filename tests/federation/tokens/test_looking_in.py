"""Access tokens are told to those they concern, end when revoked, and let userinfo tell what was granted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.errors import InsufficientScope, InvalidClient, InvalidGrant, InvalidRequest, InvalidToken, TokenMissing
from federation.tokens import access_token, bearer, userinfo
from federation.tokens.introspection import introspect
from federation.tokens.revocation import revoke
from federation.tokens.standing import check_standing
from keys.states import Purpose
from tests.support.payments import PAYMENT, RECORD
from tests.support.token_office import APP, ISSUER, NOW, OPAQUE, WEB, claims_in

OTHER = replace(WEB, client_id="other")
RESOURCE = replace(WEB, client_id="resource", introspection=True)
FORMS = pytest.mark.parametrize("issued_to", [WEB, OPAQUE], ids=["jwt", "opaque"])
SECOND = timedelta(seconds=1)
MACHINE = {"grant_type": "client_credentials", "scope": "permits:read"}


def look(office, asker, token, now=NOW):
    with office.open() as (_, desk):
        return introspect({"token": token}, asker, desk, now)


def take_back(office, asker, token):
    with office.open() as (_, desk):
        return revoke({"token": token}, asker, desk, NOW)


def standing(office, token, now=NOW):
    with office.open() as (_, desk):
        read = access_token.read_for_us(desk.signer, desk.store, token, issuer=ISSUER, now=now)
        return check_standing(read, grants=desk.grants, registry=desk.registry, now=now)


@FORMS
@pytest.mark.parametrize(("behind", "active"), [(60, True), (61, False), (7200, False)])
def test_a_token_from_the_future_is_none_until_clocks_may_differ_so(office, issued_to, behind, active):
    token = signed_in(office, issued_to).body["access_token"]

    assert look(office, issued_to, token, NOW - timedelta(seconds=behind))["active"] is active


def change(office, relying_party, **changes):
    with office.database.work() as stores:
        known = stores.relying_parties.find_registered(relying_party.client_id)
        assert stores.relying_parties.change(replace(known, **changes))


def signed_in(office, relying_party=WEB, *scope, **authorised):
    return office.redeem(relying_party, office.sign_in(relying_party, "openid", *scope, **authorised))


def test_a_jwt_access_token_says_what_rfc_9068_asks(office):
    answer = signed_in(office, WEB, "email")

    told = claims_in(answer.body["access_token"])

    assert (told["iss"], told["aud"], told["client_id"]) == (ISSUER, ISSUER, "web")
    assert (told["sub"], told["scope"]) == (answer.grant.subject, "openid email")
    assert told["exp"] - told["iat"] == 600
    assert (told["acr"], told["auth_time"]) == ("aal2", int(answer.grant.auth_time.timestamp()))
    assert answer.grant.citizen_id not in told.values()


@FORMS
def test_its_relying_party_sees_an_active_token(office, issued_to):
    answer = signed_in(office, issued_to)

    told = look(office, issued_to, answer.body["access_token"])

    assert told["active"] is True
    assert (told["sub"], told["client_id"]) == (answer.grant.subject, issued_to.client_id)
    assert told["exp"] == told["iat"] + 600


@FORMS
def test_another_relying_party_learns_nothing_not_even_that_it_exists(office, issued_to):
    token = signed_in(office, issued_to, "offline_access").body

    assert look(office, OTHER, token["access_token"]) == {"active": False}
    assert look(office, OTHER, token["refresh_token"]) == {"active": False}


@FORMS
def test_one_registered_for_introspection_sees_the_pairwise_subject_of_the_token(office, issued_to):
    answer = signed_in(office, issued_to, "offline_access")

    assert look(office, RESOURCE, answer.body["access_token"])["sub"] == answer.grant.subject
    assert look(office, RESOURCE, answer.body["refresh_token"]) == {"active": False}


def test_a_public_client_may_not_introspect(office):
    with pytest.raises(InvalidClient):
        look(office, APP, "x")


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "\ud800", "\x00", "e30.e30.", "a" * 200_000])
def test_what_is_no_token_is_inactive(office, token):
    assert look(office, WEB, token) == {"active": False}
    assert take_back(office, WEB, token) is None


@FORMS
def test_a_token_is_inactive_the_second_it_ends(office, issued_to):
    token = signed_in(office, issued_to, "offline_access").body["access_token"]

    assert look(office, issued_to, token, NOW + access_token.LIFETIME - timedelta(seconds=1))["active"]
    assert look(office, issued_to, token, NOW + access_token.LIFETIME) == {"active": False}


@FORMS
@pytest.mark.parametrize("given_back", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_both(office, issued_to, given_back):
    body = signed_in(office, issued_to, "offline_access").body

    take_back(office, issued_to, body[given_back])

    assert look(office, issued_to, body["access_token"]) == {"active": False}
    assert look(office, issued_to, body["refresh_token"]) == {"active": False}
    assert office.refusal(office.refresh, issued_to, body["refresh_token"]) == "invalid_grant"


@FORMS
def test_nobody_revokes_the_token_of_another(office, issued_to):
    body = signed_in(office, issued_to, "offline_access").body

    for token in (body["access_token"], body["refresh_token"]):
        with pytest.raises(InvalidGrant):
            take_back(office, OTHER, token)

    assert look(office, issued_to, body["access_token"])["active"]


@FORMS
@pytest.mark.parametrize("ended", ["session", "citizen", "relying party"])
def test_a_token_ends_with_what_it_stands_on(office, issued_to, ended):
    answer = signed_in(office, issued_to)
    with office.database.work() as stores:
        if ended == "session":
            stores.sessions.end(answer.grant.session_id, NOW)
        elif ended == "citizen":
            stores.citizens.disable(answer.grant.citizen_id, NOW)
        else:
            stores.relying_parties.disable(issued_to.client_id, NOW)

    assert look(office, issued_to, answer.body["access_token"]) == {"active": False}
    with pytest.raises(InvalidToken):
        standing(office, answer.body["access_token"])


@FORMS
def test_a_relying_party_by_itself_gets_its_registered_scopes_and_no_citizen(office, issued_to):
    body = office.request(issued_to, grant_type="client_credentials").body

    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert body["scope"] == "permits:read permits:write"
    told = look(office, issued_to, body["access_token"])
    assert (told["sub"], told["client_id"]) == (issued_to.client_id, issued_to.client_id)


@FORMS
def test_a_relying_partys_own_token_can_be_revoked(office, issued_to):
    token = office.request(issued_to, **MACHINE).body["access_token"]

    take_back(office, issued_to, token)

    assert look(office, issued_to, token) == {"active": False}


@pytest.mark.parametrize("scope", ["openid", "offline_access", "email", "permits:delete", "permits:read  x"])
def test_client_credentials_never_get_what_needs_a_citizen_or_is_not_registered(office, scope):
    assert office.refusal(office.request, WEB, grant_type="client_credentials", scope=scope) == "invalid_scope"


@FORMS
def test_userinfo_tells_what_scopes_and_claims_asked_for_and_no_more(office, issued_to):
    asked = {"userinfo": {"family_name": {"essential": True}, "locale": {"values": ["cy"]}}, "id_token": {}}
    answer = signed_in(office, issued_to, "email", claims=asked)
    found = standing(office, answer.body["access_token"])

    with office.open() as (_, desk):
        told = userinfo.tell(found, desk.claims_of)

    assert set(told) == {"sub", "email", "email_verified", "family_name"}
    assert told["sub"] == answer.grant.subject


def test_userinfo_follows_a_narrowed_token(office):
    first = signed_in(office, WEB, "email", "offline_access")
    narrowed = office.refresh(WEB, first.body["refresh_token"], scope="openid").body["access_token"]
    found = standing(office, narrowed)

    with office.open() as (_, desk):
        assert userinfo.tell(found, desk.claims_of) == {"sub": first.grant.subject}


@FORMS
def test_a_service_let_in_again_has_nothing_of_what_it_held_before(office, issued_to):
    before = office.request(issued_to, **MACHINE).body["access_token"]
    with office.database.work() as stores:
        stores.relying_parties.disable(issued_to.client_id, NOW)
    assert look(office, issued_to, before) == {"active": False}

    with office.database.work() as stores:
        stores.relying_parties.enable(issued_to.client_id, NOW + SECOND)

    assert look(office, issued_to, before) == {"active": False}
    after = office.request(issued_to, now=NOW + 2 * SECOND, **MACHINE).body["access_token"]
    assert look(office, issued_to, after, NOW + 2 * SECOND)["active"] is True


@FORMS
def test_what_an_operator_took_from_the_record_is_told_to_no_api(office, issued_to):
    code = office.sign_in(issued_to, "openid", "permits:read", authorization_details=(PAYMENT, RECORD))
    token = office.redeem(issued_to, code).body["access_token"]
    change(office, issued_to, scope=("openid",), authorization_details_types=(RECORD["type"],))

    told = look(office, issued_to, token)

    assert (told["scope"], told["authorization_details"]) == ("openid", (RECORD,))


def test_userinfo_follows_what_an_operator_took_from_the_record(office):
    asked = {"userinfo": {"email": None, "locale": None}, "id_token": {}}
    token = signed_in(office, WEB, "email", claims=asked).body["access_token"]

    change(office, WEB, scope=("openid", "profile"))
    with office.open() as (_, desk):
        assert userinfo.tell(standing(office, token), desk.claims_of).keys() == {"sub", "locale"}

    change(office, WEB, scope=("email",))
    with pytest.raises(InsufficientScope), office.open() as (_, desk):
        userinfo.tell(standing(office, token), desk.claims_of)


def test_userinfo_needs_openid_and_a_citizen(office):
    for token in (office.request(WEB, **MACHINE), office.redeem(WEB, office.sign_in(WEB, "email"))):
        found = standing(office, token.body["access_token"])

        with pytest.raises(InsufficientScope), office.open() as (_, desk):
            userinfo.tell(found, desk.claims_of)


def test_an_id_token_or_signed_userinfo_is_no_access_token(office, signer):
    answer = signed_in(office)
    signing = replace(WEB, userinfo_signed_response_alg="ES256")
    signed = userinfo.secure({"sub": "x"}, signing, signer=signer, keys=office.keys, issuer=ISSUER)
    dressed = signer.sign(Purpose.ID_TOKEN, "ES256", claims_in(answer.body["access_token"]), typ="at+jwt")

    for token in (answer.body["id_token"], signed, dressed):
        with pytest.raises(InvalidToken):
            standing(office, token)


def test_a_token_of_another_issuer_is_refused(office, signer):
    token = access_token.issue(
        signer,
        office.store,
        WEB,
        issuer="https://evil.example",
        audience="https://evil.example",
        scope=("openid",),
        details=(),
        grant=None,
        confirmation={},
        now=NOW,
    )

    with pytest.raises(InvalidToken):
        standing(office, token)


@pytest.mark.parametrize(
    ("header", "form", "found"),
    [
        ("Bearer abc", {}, ("abc", "bearer")),
        ("bearer abc", {}, ("abc", "bearer")),
        ("DPoP abc", {}, ("abc", "dpop")),
        (None, {"access_token": "abc"}, ("abc", "bearer")),
        ("DPoP abc", {"access_token": "abc"}, InvalidRequest),
        ("DPoP", {"access_token": "abc"}, TokenMissing),
        ("Bearer abc", {"access_token": "abc"}, InvalidRequest),
        (None, {}, TokenMissing),
        ("Bearer", {}, TokenMissing),
        ("Basic abc", {}, TokenMissing),
        ("Basic abc", {"access_token": "abc"}, TokenMissing),
        ("Bearer a b", {}, InvalidToken),
        ("Bearer \u00e9", {}, InvalidToken),
    ],
)
def test_a_token_comes_in_the_header_or_the_form_and_only_once(header, form, found):
    if isinstance(found, tuple):
        assert bearer.presented(header, form) == found
    else:
        with pytest.raises(found):
            bearer.presented(header, form)
