"""Who goes first by where they go: every path there is has a rank that somebody thought of."""

from pathlib import Path

import pytest

from idp.web.admission import MACHINES, rank_of
from idp.web.gate import Rank
from tests.support.pair import on_files


@pytest.mark.parametrize(
    ("path", "cookies", "rank"),
    [
        ("/jwks", "", None),
        ("/.well-known/openid-configuration", "", None),
        ("/token", "", Rank.TOKENS),
        ("/authorize", "", Rank.NEW),
        ("/authorize", "xsession=1; other=session=1", Rank.NEW),
        ("/authorize", "a=b; session=1", Rank.UNDER_WAY),
        ("/authorize", "__Host-session=1", Rank.UNDER_WAY),
        ("/authorize/x", "", Rank.UNDER_WAY),
        ("/sign-in/x", "", Rank.UNDER_WAY),
        ("/sign-up/x", "", Rank.LAST),
        ("/", "", Rank.LAST),
        ("/nothing/here", "", Rank.LAST),
        ("//token", "", Rank.LAST),
        ("*", "", Rank.LAST),
        ("", "", Rank.LAST),
    ],
)
def test_the_rank_is_told_by_path_and_cookie(path: str, cookies: str, rank: Rank | None) -> None:
    assert rank_of(path, cookies) is rank


def test_what_only_services_call_is_what_only_services_are_told_as_json(tmp_path: Path) -> None:
    app = on_files(tmp_path, registration="guarded").app
    paths = {rule.rule: app.view_functions[rule.endpoint].__module__ for rule in app.url_map.iter_rules()}
    for_machines = {rule for rule, module in paths.items() if module.startswith("idp.endpoints.")}

    called = {rule.split("/")[1] for rule in for_machines if rank_of(rule, "") is not None}

    assert called - {"authorize", "logout"} == MACHINES


def test_every_page_but_those_of_new_accounts_and_the_front_is_of_somebody_under_way(tmp_path: Path) -> None:
    app = on_files(tmp_path).app
    pages = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].__module__.startswith("idp.pages.")
    ]

    last = {page for page in pages if rank_of(page, "") is Rank.LAST}

    assert {page.split("/")[1] for page in last} == {"", "sign-up"}
    assert {rank_of(page, "") for page in pages} == {Rank.LAST, Rank.UNDER_WAY}
