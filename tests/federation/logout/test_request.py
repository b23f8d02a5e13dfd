"""What may be believed of a request to sign out, and that nothing else is used."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from federation.authorization.parameters import Parameters
from federation.logout.request import Hint, LogoutRequest, check, return_url
from federation.relying_parties.model import RelyingParty
from keys.errors import InvalidSignature
from keys.states import Purpose
from tests.support.site import Site

ISSUER = "https://id.example"
BACK = "https://rp.example/out?a=b"
RP = RelyingParty(client_id="rp", client_name="Parking", agency="City", post_logout_redirect_uris=(BACK,))
OTHER = RelyingParty(
    client_id="other", client_name="Library", agency="City", post_logout_redirect_uris=("https://other.example/out",)
)
TOLD = {"iss": ISSUER, "aud": "rp", "sub": "subject", "sid": "the sid", "exp": 1, "iat": 0}


Ask = Callable[..., LogoutRequest]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    made.register(RP)
    made.register(OTHER)
    return made


@pytest.fixture
def asked(site: Site) -> Ask:
    """Return `check` for the good request with some parameters changed, or left out by None, or its hint changed."""

    def read(token: str) -> Mapping[str, Any] | None:
        try:
            return site.use.signer.verify(token, Purpose.ID_TOKEN, typ="JWT")
        except InvalidSignature:
            return None

    def ask(changes: Mapping[str, str | None] | None = None, **more: Any) -> LogoutRequest:
        claims = {name: value for name, value in {**TOLD, **more.pop("claims", {})}.items() if value is not None}
        signed = site.use.signer.sign(
            more.pop("purpose", Purpose.ID_TOKEN), "ES256", claims, typ=more.pop("typ", "JWT")
        )
        good = {"id_token_hint": signed, "post_logout_redirect_uri": BACK, "state": "s 1"}
        pairs = [(name, value) for name, value in {**good, **(changes or {})}.items() if value is not None]
        with site.use.database.work() as stores:
            params = Parameters.of([*pairs, *more.pop("again", ())])
            return check(params, stores.relying_parties, read, issuer=ISSUER)

    return ask


def test_a_good_request_says_who_asks_about_which_session_and_where_to_go(asked: Ask):
    found = asked({"ui_locales": "cy en", "logout_hint": "ada@example.org"})

    assert found.relying_party is not None
    assert found.relying_party.client_id == "rp"
    assert found.hint == Hint(client_id="rp", subject="subject", sid="the sid")
    assert (found.return_uri, found.state, found.ui_locales) == (BACK, "s 1", ("cy", "en"))
    assert found.refused == ()


def test_an_empty_request_is_fine_and_leads_nowhere(asked: Ask):
    assert asked({"id_token_hint": None, "post_logout_redirect_uri": None, "state": None}) == LogoutRequest()


def test_a_client_id_alone_names_who_asks_but_no_session(asked: Ask):
    found = asked({"id_token_hint": None, "client_id": "rp"})

    assert found.relying_party is not None
    assert (found.hint, found.return_uri) == (None, BACK)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id_token_hint": "forged"}, "no ID token of ours"),
        ({"client_id": "other"}, "not the one"),
        ({"id_token_hint": None, "client_id": "nobody"}, "no active"),
        ({"id_token_hint": "x" * 8_193}, "too long"),
        ({"logout_hint": "x" * 321}, "too long"),
        ({"logout_hint": "\U0001f511" * 81}, "too long"),
        ({"client_id": "rp\n"}, "control character"),
    ],
)
def test_who_asks_must_be_beyond_doubt_or_nothing_of_it_is_used(asked: Ask, changes: dict[str, str | None], why: str):
    found = asked(changes)

    assert (found.relying_party, found.hint, found.return_uri, found.state) == (None, None, None, None)
    assert why in found.refused[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": ["rp", "other"]},
        {"aud": None},
        {"aud": "nobody"},
        {"sub": ""},
        {"sid": None},
        {"exp": None},
    ],
)
def test_only_an_id_token_as_we_issue_them_is_a_hint(asked: Ask, changes: dict[str, Any]):
    """A signed userinfo answer, for one, bears the same key and type, but no sid and no exp."""
    found = asked(claims=changes)

    assert found.hint is None
    assert found.return_uri is None


@pytest.mark.parametrize("kind", [{"purpose": Purpose.ACCESS_TOKEN}, {"typ": "logout+jwt"}, {"typ": "at+jwt"}])
def test_no_token_of_another_kind_is_a_hint(asked: Ask, kind: dict[str, Any]):
    assert asked(**kind) == LogoutRequest(refused=("id_token_hint is no ID token of ours",))


@pytest.mark.parametrize(
    "uri",
    [
        "https://rp.example/out",
        "https://rp.example/out?a=b&c=d",
        "https://rp.example/out?a=b#x",
        "https://rp.example/out?a=b/",
        "https://RP.example/out?a=b",
        "https://rp.example/x/../out?a=b",
        "https://rp.example@evil.example/out?a=b",
        "https://other.example/out",
        "//evil.example",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_registered_letter_by_letter_is_not_used(asked: Ask, uri: str):
    found = asked({"post_logout_redirect_uri": uri})

    assert (found.return_uri, found.state) == (None, None)
    assert found.refused == ("post_logout_redirect_uri is not registered",)
    assert found.hint is not None


def test_an_address_without_anybody_who_vouches_for_it_is_not_used(asked: Ask):
    found = asked({"id_token_hint": None})

    assert found == LogoutRequest(refused=("post_logout_redirect_uri came without id_token_hint or client_id",))


@pytest.mark.parametrize("state", ["x" * 2_049, "a\r\nSet-Cookie: b", "a\x7f"])
def test_a_state_that_cannot_go_along_keeps_the_citizen_here(asked: Ask, state: str):
    assert asked({"state": state}).return_uri is None


@pytest.mark.parametrize("name", ["id_token_hint", "post_logout_redirect_uri", "state", "client_id"])
def test_nothing_is_believed_of_a_request_that_repeats_itself(asked: Ask, name: str):
    found = asked(again=[(name, "again"), (name, "and again")])

    assert (found.relying_party, found.hint, found.return_uri) == (None, None, None)


def test_unusable_languages_are_left_out(asked: Ask):
    assert asked({"ui_locales": "x" * 201}).ui_locales == ()


@pytest.mark.parametrize(
    ("state", "query"),
    [
        (None, "a=b"),
        ("s 1", "a=b&state=s%201"),
        ("&iss=x#y", "a=b&state=%26iss%3Dx%23y"),
        ("ŵ/ 日本", "a=b&state=%C5%B5%2F%20%E6%97%A5%E6%9C%AC"),
    ],
)
def test_state_comes_back_as_it_was(state: str | None, query: str):
    assert return_url(RP, BACK, state) == f"https://rp.example/out?{query}"


def test_an_address_that_was_taken_back_meanwhile_is_not_used():
    assert return_url(replace(RP, post_logout_redirect_uris=()), BACK, "s") is None
