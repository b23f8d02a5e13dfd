"""Every authorization request is checked whole, and no error goes where nobody registered."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.authorization.checking import BOUNDS, check, find_relying_party
from federation.authorization.errors import AuthorizationRefused, NoReturn, RedirectUriMismatch, UnknownRelyingParty
from federation.authorization.parameters import Parameters
from federation.relying_parties.model import RelyingParty
from tests.federation.authorization.conftest import CHALLENGE, GOOD, ISSUER, REDIRECT_URI, Check, signed_by_us


class Registry:
    """The registered services of these tests."""

    def __init__(self, *known: RelyingParty) -> None:
        self._known = {one.client_id: one for one in known}

    def find(self, client_id: str) -> RelyingParty | None:
        return self._known.get(client_id)


def test_a_good_request_says_what_was_asked(check_with: Check) -> None:
    asked = check_with({"prompt": "login consent", "max_age": "60", "acr_values": "aal2", "login_hint": "a@b.example"})

    assert (asked.client_id, asked.redirect_uri, asked.response_mode) == ("rp", REDIRECT_URI, "query")
    assert (asked.scope, asked.state, asked.nonce) == (("openid", "email"), "s1", "n1")
    assert (asked.prompt, asked.max_age, asked.acr_values) == (("login", "consent"), 60, ("aal2",))
    assert (asked.code_challenge, asked.login_hint) == (CHALLENGE, "a@b.example")


@pytest.mark.parametrize("client_id", [None, "", "nobody", "rp\0", "x" * 300])
def test_an_unknown_client_is_told_to_the_citizen_alone(relying_party: RelyingParty, client_id: str | None) -> None:
    params = Parameters.of([] if client_id is None else [("client_id", client_id)])

    with pytest.raises(UnknownRelyingParty):
        find_relying_party(params, Registry(relying_party))  # type: ignore[arg-type]  # only `find` is asked here


def test_a_repeated_client_id_is_no_client(relying_party: RelyingParty) -> None:
    params = Parameters.of([("client_id", "rp"), ("client_id", "rp")])

    with pytest.raises(UnknownRelyingParty):
        find_relying_party(params, Registry(relying_party))  # type: ignore[arg-type]  # only `find` is asked here


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "https://rp.example/cb/",
        "https://rp.example/cb?x=1",
        "https://rp.example/CB",
        "https://rp.example:443/cb",
        "https://rp.example/cb#f",
        "https://rp.example/a/../cb",
        "https://rp.example@evil.example/cb",
        "http://rp.example/cb",
        "//rp.example/cb",
        " https://rp.example/cb",
        "https://rp.example/cb\0",
        "javascript:alert(1)",
    ],
)
def test_what_is_not_registered_is_never_redirected_to(check_with: Check, uri: str | None) -> None:
    with pytest.raises(RedirectUriMismatch):
        check_with({"redirect_uri": uri, "response_type": "token", "request": "x"})


def test_a_repeated_redirect_uri_is_none_even_if_both_are_registered(check_with: Check) -> None:
    with pytest.raises(RedirectUriMismatch):
        check_with(again=[("redirect_uri", REDIRECT_URI)])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "fragment.jwt"}, "invalid_request"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "\n"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e3"}, "invalid_request"),
        ({"max_age": "\u0661"}, "invalid_request"),
        ({"max_age": "9" * 30}, "invalid_request"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"nonce": "a\0b"}, "invalid_request"),
        ({"login_hint": "a\r\nb"}, "invalid_request"),
        ({"claims": "["}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"userinfo": {"email": 1}}'}, "invalid_request"),
        ({"id_token_hint": "forged"}, "invalid_request"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
    ],
)
def test_a_bad_request_is_told_to_the_registered_address(
    check_with: Check, changes: dict[str, str | None], error: str
) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_with(changes)

    assert refused.value.code == error
    assert (refused.value.to.redirect_uri, refused.value.to.state) == (REDIRECT_URI, "s1")


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"client_id", "redirect_uri"}))
def test_a_repeated_parameter_is_refused_whichever_it_is(check_with: Check, name: str) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_with(again=[(name, GOOD[name])])

    assert refused.value.code == "invalid_request"


@pytest.mark.parametrize("name", ["state", "nonce", "login_hint", "ui_locales", "acr_values"])
def test_a_parameter_is_bounded_by_the_bytes_it_takes_to_keep(check_with: Check, name: str) -> None:
    with pytest.raises(AuthorizationRefused):
        check_with({name: "\U0001f511" * (BOUNDS[name] // 4 + 1)})


@pytest.mark.parametrize(
    "state", ["s\0", "s\r\nSet-Cookie: a=b", "s" * (BOUNDS["state"] + 1), "\U0001f511" * (BOUNDS["state"] // 4 + 1)]
)
def test_a_state_that_may_not_be_used_is_not_sent_back(check_with: Check, state: str) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_with({"state": state})

    assert refused.value.to.state is None


def test_a_repeated_state_is_not_sent_back(check_with: Check) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_with(again=[("state", "s2")])

    assert refused.value.to.state is None


def test_the_relying_partys_defaults_count_where_the_request_is_silent(
    check_with: Check, relying_party: RelyingParty
) -> None:
    by = replace(relying_party, default_max_age=300, default_acr_values=("aal2",))

    silent, spoken = check_with(by=by), check_with({"max_age": "9", "acr_values": "aal1"}, by=by)

    assert (silent.max_age, silent.acr_values) == (300, ("aal2",))
    assert (spoken.max_age, spoken.acr_values) == (9, ("aal1",))


def test_scopes_nobody_registered_are_left_out(check_with: Check) -> None:
    assert check_with({"scope": "openid phone email nonsense openid"}).scope == ("openid", "email")


def test_offline_access_stays_with_those_who_may_refresh(check_with: Check, relying_party: RelyingParty) -> None:
    without = replace(relying_party, grant_types=("authorization_code",))

    assert "offline_access" in check_with({"scope": "openid offline_access"}).scope
    assert "offline_access" not in check_with({"scope": "openid offline_access"}, by=without).scope


def test_a_service_without_the_code_grant_gets_no_code(check_with: Check, relying_party: RelyingParty) -> None:
    with pytest.raises(AuthorizationRefused) as refused:
        check_with(by=replace(relying_party, grant_types=("client_credentials",)))

    assert refused.value.code == "unauthorized_client"


def test_pkce_may_be_lifted_for_confidential_services_alone(check_with: Check, relying_party: RelyingParty) -> None:
    without = {"code_challenge": None, "code_challenge_method": None}
    public = replace(relying_party, token_endpoint_auth_method="none")

    assert check_with(without, pkce="optional-for-confidential").code_challenge is None
    with pytest.raises(AuthorizationRefused):
        check_with(without, pkce="optional-for-confidential", by=public)
    with pytest.raises(AuthorizationRefused):
        check_with({"code_challenge_method": "plain"}, pkce="optional-for-confidential")
    with pytest.raises(AuthorizationRefused):
        check_with(without, pkce="optional-for-confidential", by=replace(relying_party, profile="fapi2"))


@pytest.mark.parametrize("asked", [None, "query", "form_post", "query.jwt"])
def test_a_service_asks_for_the_answers_it_registered_alone(
    check_with: Check, relying_party: RelyingParty, asked: str | None
) -> None:
    signed = replace(relying_party, response_modes=("jwt", "form_post.jwt"))

    with pytest.raises(AuthorizationRefused) as refused:
        check_with({"response_mode": asked}, by=signed)

    assert (refused.value.code, refused.value.to.response_mode) == ("invalid_request", "jwt")
    assert check_with({"response_mode": "form_post.jwt"}, by=signed).response_mode == "form_post.jwt"


def test_hints_name_one_subject_or_the_request_is_refused(check_with: Check) -> None:
    same = '{"id_token": {"sub": {"value": "subject-1"}}}'
    other = '{"id_token": {"sub": {"value": "subject-2"}}}'

    assert check_with({"id_token_hint": "ours"}).hinted_subject == "subject-1"
    assert check_with({"claims": other}).hinted_subject == "subject-2"
    assert check_with({"id_token_hint": "ours", "claims": same}).hinted_subject == "subject-1"
    with pytest.raises(AuthorizationRefused):
        check_with({"id_token_hint": "ours", "claims": other})


def test_a_hint_issued_to_another_service_is_refused(check_with: Check, relying_party: RelyingParty) -> None:
    with pytest.raises(AuthorizationRefused):
        check_with({"id_token_hint": "ours"}, by=replace(relying_party, client_id="other"))


_OTHERS = (
    *("prompt", "max_age", "claims", "request", "response_mode", "id_token_hint", "display"),
    *("resource", "authorization_details"),
)
_NAMES = st.sampled_from([*GOOD, *_OTHERS])


@given(st.lists(st.tuples(_NAMES, st.one_of(st.text(max_size=60), st.sampled_from(list(GOOD.values()))))))
def test_whatever_is_asked_is_answered_at_a_registered_address_or_nowhere(pairs: list[tuple[str, str]]) -> None:
    by = RelyingParty(client_id="rp", client_name="P", agency="C", redirect_uris=(REDIRECT_URI,), sector="rp.example")
    try:
        params = Parameters.of(pairs)
        told: Any = check(params, by, signed_by_us, issuer=ISSUER, pkce="required", detail_types={}).return_address
    except NoReturn:
        return
    except AuthorizationRefused as refused:
        told = refused.to

    assert told.redirect_uri == REDIRECT_URI
    assert told.client_id == "rp"


@pytest.mark.parametrize(("asked", "kept"), [("100000", 300), ("10", 10), ("0", 0), (None, 300)])
def test_a_changed_request_makes_no_older_proof_do_than_the_record_allows(
    check_with: Check, relying_party: RelyingParty, asked: str | None, kept: int
) -> None:
    by = replace(relying_party, default_max_age=300)

    assert check_with({"max_age": asked}, by=by).max_age == kept


@pytest.mark.parametrize("place", ["id_token", "userinfo"])
def test_a_subject_wished_for_in_a_list_is_the_only_one_answered_about(check_with: Check, place: str) -> None:
    one, two = ({place: {"sub": {"values": names}}} for names in (["subject-1"], ["subject-1", "subject-2"]))

    assert check_with({"claims": json.dumps(one)}).hinted_subject == "subject-1"
    with pytest.raises(AuthorizationRefused):
        check_with({"claims": json.dumps(two)})
