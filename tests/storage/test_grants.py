"""Grants on both databases: who may add, what still stands, one head a family, and every race has one outcome."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from federation.errors import InvalidGrant
from federation.tokens import access_token
from federation.tokens.grants.model import ABSOLUTE
from federation.tokens.grants.refresh_token import GRACE
from tests.support.statements import statements_heard
from tests.support.token_office import APP, NOW, OPAQUE, WEB, TokenOffice, signer

__all__ = ["signer"]

RACERS = 50
THREADS = 8


@pytest.fixture
def office(durable, ephemeral, signer):
    made = TokenOffice(durable, ephemeral, signer)
    made.register(WEB, APP, OPAQUE)
    return made


def find(office, grant_id, now=NOW):
    with office.database.work() as stores:
        return stores.grants.find(grant_id, now)


def redeemed(office, relying_party=WEB, *scope):
    return office.redeem(relying_party, office.sign_in(relying_party, *(scope or ("openid", "offline_access"))))


def race(act, times=RACERS):
    """Run `act` from many threads at once; return what each got, an InvalidGrant as itself."""
    together = threading.Barrier(THREADS)
    first = threading.local()

    def attempt(_):
        if not getattr(first, "done", False):
            first.done = True
            together.wait(timeout=30)
        try:
            return act()
        except InvalidGrant as refused:
            return refused

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, range(times)))


@pytest.mark.parametrize("resources", [(), ("https://tax.example/api", "https://land.example/?v=2")])
def test_a_grant_comes_back_as_it_was_kept(office, resources):
    by = replace(WEB, client_id="asker", allowed_resources=resources)
    office.register(by)
    code = office.sign_in(by, "openid", "offline_access", resources=resources)

    answer = office.redeem(by, code, resources=resources[:1])

    assert find(office, answer.grant.grant_id) == answer.grant
    assert answer.grant.resources == resources


def test_a_grant_that_was_never_made_is_not_found(office):
    assert find(office, "nobody") is None


def test_a_grant_is_added_once(office):
    grant = redeemed(office).grant

    with office.database.work() as stores:
        assert not stores.grants.add(replace(grant, scope=("openid", "email")), access_epoch=0)

    assert find(office, grant.grant_id).scope == grant.scope


def test_a_grant_ended_before_it_came_is_refused(office):
    grant = office.redeem(WEB, office.sign_in(WEB)).grant
    later = replace(grant, grant_id="later")

    with office.database.work() as stores:
        stores.grants.end("later", NOW)
        assert not stores.grants.add(later, access_epoch=0)
        assert stores.grants.is_ended("later")

    assert find(office, "later") is None


def test_a_grant_ends_by_time(office):
    online = redeemed(office, WEB, "openid").grant
    offline = redeemed(office).grant

    assert find(office, online.grant_id, NOW + access_token.LIFETIME) is None
    assert find(office, offline.grant_id, NOW + ABSOLUTE - timedelta(microseconds=1)) is not None
    assert find(office, offline.grant_id, NOW + ABSOLUTE) is None


def test_ending_a_session_ends_its_online_grants_at_once_and_no_others(office):
    online, offline, other = redeemed(office, WEB, "openid").grant, redeemed(office).grant, redeemed(office).grant
    with office.database.work() as stores:
        stores.sessions.end(online.session_id, NOW)
        stores.sessions.end(offline.session_id, NOW)

    assert find(office, online.grant_id) is None
    assert find(office, offline.grant_id) is not None
    assert find(office, other.grant_id) is not None


def test_the_agencies_of_a_session_are_known_after_its_grants_ended(office):
    online = redeemed(office, WEB, "openid").grant
    with office.database.work() as stores:
        assert stores.grants.end_for_session(online.session_id, NOW) == 1
        assert stores.grants.end_for_session(online.session_id, NOW) == 0

    with office.database.work() as stores:
        assert [grant.grant_id for grant in stores.grants.list_for_session(online.session_id)] == [online.grant_id]


def test_grants_leave_in_batches_after_their_end(office):
    kept = redeemed(office).grant
    for _ in range(3):
        redeemed(office, WEB, "openid")
    before = NOW + access_token.LIFETIME + timedelta(seconds=1)

    with office.database.work() as stores:
        assert [stores.grants.purge(before, 2) for _ in range(3)] == [2, 1, 0]

    assert find(office, kept.grant_id) == kept


@pytest.mark.parametrize("relying_party", [WEB, OPAQUE], ids=["jwt", "opaque"])
def test_racing_redemptions_of_one_code_get_one_success_which_then_is_ended(office, relying_party):
    code = office.sign_in(relying_party, "openid", "offline_access")
    grant_id = office.authorised(code).grant_id

    results = race(lambda: office.redeem(relying_party, code))

    assert sum(not isinstance(result, InvalidGrant) for result in results) == 1
    assert find(office, grant_id) is None
    assert len(office.stopped) == RACERS - 1


def test_a_raced_refresh_token_has_one_successor_and_the_family_one_head(office):
    first = redeemed(office, APP).body["refresh_token"]

    answers = race(lambda: office.refresh(APP, first))

    assert Counter(answer.body["refresh_token"] for answer in answers).most_common(1)[0][1] == RACERS
    assert office.stopped == []
    successor = answers[0].body["refresh_token"]
    assert office.refresh(APP, successor, now=NOW + 2 * GRACE)
    assert office.refusal(office.refresh, APP, first, now=NOW + 2 * GRACE) == "invalid_grant"


def test_a_session_that_ends_while_codes_are_redeemed_leaves_no_grant_standing(office):
    codes_of = {}
    first = office.sign_in(WEB, "openid")
    authorised = office.authorised(first)
    shared = {"session_id": authorised.session_id, "citizen_id": authorised.citizen_id}
    for number in range(20):
        codes_of[number] = office.sign_in(WEB, "openid", "offline_access", **shared)
    numbers = iter(codes_of)
    turn = threading.Lock()

    def act():
        with turn:
            number = next(numbers, None)
        if number == 7:
            with office.database.work() as stores:
                stores.credentials.hold(authorised.citizen_id)
                stores.sessions.end(authorised.session_id, NOW)
                stores.grants.end_for_citizen(authorised.citizen_id, NOW)
        elif number is not None:
            office.redeem(WEB, codes_of[number])

    race(act, times=20)

    with office.database.work() as stores:
        added = stores.grants.list_for_session(authorised.session_id)
        assert [grant for grant in added if stores.grants.find(grant.grant_id, NOW)] == []


def test_redeeming_a_code_costs_one_statement_and_refreshing_at_most_two(office):
    code = office.sign_in(WEB, "openid", "offline_access")
    public = office.sign_in(APP, "openid", "offline_access")

    with statements_heard() as heard:
        token = office.redeem(WEB, code).body["refresh_token"]
        assert [heard.of("INSERT INTO grants"), heard.of("SELECT"), heard.of("UPDATE")] == [1, 0, 0]

        heard.clear()
        office.refresh(WEB, token)
        assert len(heard.statements) == heard.of("SELECT") == 1

        rotating = office.redeem(APP, public).body["refresh_token"]
        heard.clear()
        office.refresh(APP, rotating)
        assert [heard.of("SELECT"), heard.of("UPDATE"), heard.of("INSERT")] == [1, 1, 0]


@pytest.mark.parametrize("ended", ["consent", "everything"])
def test_a_code_in_flight_does_not_outlive_what_ends_its_citizens_grants(office, ended):
    session = office.authorised(office.sign_in(WEB))
    shared = {"session_id": session.session_id, "citizen_id": session.citizen_id}
    before = office.sign_in(WEB, "openid", "offline_access", **shared)
    with office.database.work() as stores:
        if ended == "consent":
            stores.grants.end_for_consent(session.citizen_id, WEB.client_id, NOW - timedelta(seconds=1))
        else:
            stores.grants.end_for_citizen(session.citizen_id, NOW - timedelta(seconds=1))
    after = office.sign_in(WEB, "openid", "offline_access", **shared, access_epoch=1)

    assert office.refusal(office.redeem, WEB, before) == "invalid_grant"
    assert office.redeem(WEB, after).body["refresh_token"]


def test_codes_redeemed_while_their_citizens_grants_are_ended_leave_none_standing(office):
    session = office.authorised(office.sign_in(WEB))
    shared = {"session_id": session.session_id, "citizen_id": session.citizen_id}
    in_flight = [office.sign_in(WEB, "openid", "offline_access", **shared) for _ in range(16)]
    acts = iter([*in_flight[:8], None, *in_flight[8:]])
    turn = threading.Lock()

    def act():
        with turn:
            code = next(acts, None)
        if code is not None:
            office.redeem(WEB, code)
            return
        with office.database.work() as stores:
            stores.grants.end_for_consent(session.citizen_id, WEB.client_id, NOW + timedelta(seconds=1))

    race(act, times=17)

    with office.database.work() as stores:
        added = stores.grants.list_for_session(session.session_id)
        assert [grant for grant in added if stores.grants.find(grant.grant_id, NOW)] == []
