"""Who goes first by where they go and what they hold: every path there is has a rank that somebody thought of."""

from pathlib import Path

import pytest
from flask import Flask

from idp.signin.interactions import looks_like_id
from idp.web.gate import Rank
from idp.web.marked_ids import is_marked, marked
from idp.web.ranks import MACHINES, Ranks
from tests.support.pair import on_files

SECRET = "of cookies"
OURS = marked(SECRET.encode(), "x" * 32)


@pytest.mark.parametrize(
    ("path", "cookies", "rank"),
    [
        ("/jwks", "", None),
        ("/.well-known/openid-configuration", "", None),
        ("/token", "", Rank.TOKENS),
        ("/par", f"session={OURS}", Rank.NEW),
        ("/authorize", "", Rank.NEW),
        ("/authorize", f"session={OURS}", Rank.UNDER_WAY),
        ("/authorize", f"a=b; session={OURS}; c=d", Rank.UNDER_WAY),
        ("/account", f"session={OURS}", Rank.UNDER_WAY),
        ("/account", "", Rank.NEW),
        (f"/authorize/{OURS}", "", Rank.UNDER_WAY),
        (f"/sign-in/{OURS}", "", Rank.UNDER_WAY),
        (f"/sign-in/{OURS}/passkey", "", Rank.UNDER_WAY),
        (f"/sign-up/{OURS}", f"session={OURS}", Rank.LAST),
        ("/", "", Rank.LAST),
        (f"/nothing/{OURS}", "", Rank.LAST),
        ("//token", "", Rank.LAST),
        ("*", "", Rank.LAST),
        ("", "", Rank.LAST),
    ],
)
def test_the_rank_is_told_by_path_and_cookie(path: str, cookies: str, rank: Rank | None) -> None:
    assert Ranks(SECRET, secure=False).of(path, cookies) is rank


@pytest.mark.parametrize(
    "held",
    ["", "1", "x" * 43, OURS[:-1], OURS + "x", OURS[::-1], "é" * 43, marked(b"of another", "x" * 32)],
)
def test_who_makes_an_id_up_is_of_those_who_just_came(held: str) -> None:
    ranks = Ranks(SECRET, secure=False)

    assert ranks.of("/authorize", f"session={held}") is Rank.NEW
    assert ranks.of(f"/sign-in/{held}", "") is Rank.NEW


@pytest.mark.parametrize("name", ["xsession", "session2", "__Host-session", "other=session"])
def test_the_cookie_of_another_name_is_no_session(name: str) -> None:
    assert Ranks(SECRET, secure=False).of("/authorize", f"{name}={OURS}") is Rank.NEW


def test_over_https_only_the_cookie_that_no_other_host_can_set_is_a_session() -> None:
    ranks = Ranks(SECRET, secure=True)

    assert ranks.of("/authorize", f"__Host-session={OURS}") is Rank.UNDER_WAY
    assert ranks.of("/authorize", f"session={OURS}") is Rank.NEW


def test_what_carries_our_mark_is_an_id_to_every_release() -> None:
    assert looks_like_id(OURS)
    assert is_marked(SECRET.encode(), OURS)


def ranks_of(app: Flask) -> Ranks:
    return Ranks(app.extensions["countersign"].cookie_secret, secure=False)


def test_what_only_services_call_is_what_only_services_are_told_as_json(tmp_path: Path) -> None:
    app = on_files(tmp_path, registration="guarded").app
    paths = {rule.rule: app.view_functions[rule.endpoint].__module__ for rule in app.url_map.iter_rules()}
    for_machines = {rule for rule, module in paths.items() if module.startswith("idp.endpoints.")}

    called = {rule.split("/")[1] for rule in for_machines if ranks_of(app).of(rule, "") is not None}

    assert called - {"authorize", "logout"} == MACHINES


def test_every_page_but_those_of_new_accounts_and_the_front_is_sooner_for_who_is_signed_in(tmp_path: Path) -> None:
    app = on_files(tmp_path).app
    ranks = ranks_of(app)
    session = f"session={marked(app.extensions['countersign'].cookie_secret.encode(), 'x' * 32)}"
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].__module__.startswith("idp.pages.")
    ]

    last = {page for page in pages if ranks.of(page, session) is Rank.LAST}

    assert {page.split("/")[1] for page in last} == {"", "sign-up"}
    assert {ranks.of(page, session) for page in pages} == {Rank.LAST, Rank.UNDER_WAY}
    assert {ranks.of(page, "") for page in pages} == {Rank.LAST, Rank.NEW}
