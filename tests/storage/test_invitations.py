"""Invitations keep the same promises on every database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from federation.dynamic_registration.invitations import Invitation
from idp.storage.sql.invitations import SqlInvitations
from idp.storage.sql.work import Work

if TYPE_CHECKING:
    from idp.storage.sql.database import SqlDatabase

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
ONE = Invitation(
    invitation_id="one",
    agency="City of Łódź",
    scope=("openid", "email"),
    profile="standard",
    uses=3,
    created_at=NOW,
    ends_at=NOW + timedelta(days=1),
)


def test_what_is_added_is_found_by_its_token_alone(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.invitations.add(ONE, "hash")

    with durable.work() as stores:
        assert stores.invitations.find("hash") == ONE
        assert [stores.invitations.find(other) for other in ("one", "Hash", "", "hash ")] == [None] * 4
        assert stores.invitations.list() == (ONE,)


def test_uses_end_with_the_last_with_time_and_with_withdrawal(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        for number in range(3):
            stores.invitations.add(replace(ONE, invitation_id=str(number), uses=1), str(number))
        assert stores.invitations.use("0", NOW)
        assert not stores.invitations.use("0", NOW)
        assert not stores.invitations.use("1", ONE.ends_at)
        assert stores.invitations.withdraw("2", NOW)
        assert not stores.invitations.withdraw("2", NOW)
        assert not stores.invitations.use("2", NOW)
        assert not stores.invitations.use("nobody", NOW)

    with durable.work() as stores:
        states = {found.invitation_id: found.state(NOW) for found in stores.invitations.list()}
        assert states == {"0": "used up", "1": "open", "2": "withdrawn"}
        assert ONE.state(ONE.ends_at) == "ended"


def test_racing_users_of_one_invitation_get_no_more_than_it_says(durable: "SqlDatabase", engine: Engine) -> None:
    with durable.work() as stores:
        stores.invitations.add(ONE, "hash")

    def use(_: int) -> bool:
        work = Work(engine)
        used = SqlInvitations(work).use("one", NOW)
        work.commit()
        return used

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(24))) == ONE.uses
