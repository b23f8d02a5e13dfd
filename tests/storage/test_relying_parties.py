"""The registry keeps the same promises on every database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RecentRelyingParties, RememberingRegistry
from idp.storage.sql.relying_parties import SqlRelyingParties
from idp.storage.sql.work import Work

if TYPE_CHECKING:
    from idp.storage.sql.database import SqlDatabase

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
FULL = RelyingParty(
    client_id="parking",
    client_name="Parking permits: Łódź",
    agency="City of Łódź",
    redirect_uris=("https://parking.example/a", "https://parking.example/b"),
    grant_types=("authorization_code", "refresh_token"),
    scope=("openid", "offline_access"),
    jwks={"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}]},
    default_max_age=0,
    default_acr_values=("aal2",),
    response_modes=("jwt",),
    contacts=("team@parking.example",),
    sector="parking.example",
    created_at=NOW,
)


def test_what_is_added_is_found_exactly(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        assert stores.relying_parties.add(FULL)

    with durable.work() as stores:
        assert stores.relying_parties.find("parking") == FULL
        assert stores.relying_parties.find_registered("parking") == FULL


def test_nobody_is_found_by_a_name_that_is_not_exactly_theirs(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL)
        for name in ("Parking", "parking ", "park%", "", "parking\x00", "x" * 10_000):
            assert stores.relying_parties.find(name) is None
            assert stores.relying_parties.find_registered(name) is None


def test_an_id_is_never_given_twice_not_even_after_its_service_is_disabled(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL)
        stores.relying_parties.disable("parking", NOW)
        assert not stores.relying_parties.add(replace(FULL, agency="Another"))

    with durable.work() as stores:
        kept = stores.relying_parties.find_registered("parking")
        assert kept is not None
        assert (kept.agency, kept.active) == (FULL.agency, False)


def test_racing_adders_of_one_id_get_one_winner(engine: Engine) -> None:
    def add(number: int) -> bool:
        work = Work(engine)
        added = SqlRelyingParties(work).add(replace(FULL, agency=str(number)))
        work.commit()
        return added

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(16))) == 1


def test_a_disabled_service_is_found_no_more_and_stays_disabled(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL)
    with durable.work() as stores:
        assert stores.relying_parties.disable("parking", NOW)

    with durable.work() as stores:
        assert stores.relying_parties.find("parking") is None
        assert not stores.relying_parties.disable("parking", NOW)
        assert not stores.relying_parties.disable("nobody", NOW)
        assert [found.active for found in stores.relying_parties.list()] == [False]


def test_the_list_is_in_order_of_age_and_can_be_of_one_agency(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        for number, agency in enumerate(["Lund", "Malmö", "Lund"]):
            added_at = NOW - timedelta(days=number)
            stores.relying_parties.add(replace(FULL, client_id=str(number), agency=agency, created_at=added_at))

    with durable.work() as stores:
        assert [found.client_id for found in stores.relying_parties.list()] == ["2", "1", "0"]
        assert [found.client_id for found in stores.relying_parties.list(agency="Lund")] == ["2", "0"]
        assert stores.relying_parties.list(agency="lund") == ()


def test_an_api_has_the_owner_that_is_active(durable: "SqlDatabase") -> None:
    uri = "https://parking.example/api"
    with durable.work() as stores:
        stores.relying_parties.add(replace(FULL, allowed_resources=(uri,)))
        assert stores.relying_parties.owner_of(uri) is None
        stores.relying_parties.add(replace(FULL, client_id="owner", resource_uris=(uri,)))

    with durable.work() as stores:
        owner = stores.relying_parties.owner_of(uri)
        assert owner is not None
        assert owner.client_id == "owner"
        assert stores.relying_parties.owner_of(uri + "/") is None
        stores.relying_parties.disable("owner", NOW)
        assert stores.relying_parties.owner_of(uri) is None


@pytest.mark.parametrize("uri", ["https://a.example/100%25_!", "https://a.example/?a=%5C&b='!_%25"])
def test_the_owner_of_an_odd_address_is_found_and_nobody_else(durable: "SqlDatabase", uri: str) -> None:
    with durable.work() as stores:
        for number, taken in enumerate((uri, uri.replace("_", "x"), uri.upper(), uri + "/more")):
            stores.relying_parties.add(replace(FULL, client_id=str(number), resource_uris=(taken,)))

    with durable.work() as stores:
        owner = stores.relying_parties.owner_of(uri)
        assert owner is not None
        assert owner.client_id == "0"
        assert stores.relying_parties.owner_of(uri.replace("a", "%")) is None
        assert stores.relying_parties.owner_of("\x00") is None
        assert stores.relying_parties.owner_of("é" * 10) is None
        assert stores.relying_parties.owner_of("%" * 60_000) is None


def test_a_change_is_written_over_what_was_read_or_not_at_all(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL, token_hash="first")
        assert stores.relying_parties.find_by_token("parking", "first") == FULL
        assert stores.relying_parties.change(replace(FULL, agency="Lund", scope=("openid",)), token_hash="second")
        assert not stores.relying_parties.change(replace(FULL, agency="Mallory"), token_hash="third")

    with durable.work() as stores:
        changed = stores.relying_parties.find_by_token("parking", "second")
        assert changed == replace(FULL, agency="Lund", scope=("openid",), revision=1)
        assert [stores.relying_parties.find_by_token("parking", token) for token in ("first", "third", "")] == [
            None
        ] * 3
        assert stores.relying_parties.find_by_token("other", "second") is None
        assert stores.relying_parties.change(changed)

    with durable.work() as stores:
        assert stores.relying_parties.find_by_token("parking", "second") == replace(changed, revision=2)


def test_racing_changers_of_one_revision_get_one_winner(engine: Engine) -> None:
    added(engine, "parking")

    def change(number: int) -> bool:
        work = Work(engine)
        changed = SqlRelyingParties(work).change(replace(FULL, agency=str(number)), token_hash=str(number))
        work.commit()
        return changed

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(change, range(16))) == 1


def test_a_disabled_service_has_no_token_and_is_changed_by_nobody(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL, token_hash="first")
        stores.relying_parties.disable("parking", NOW)
        assert stores.relying_parties.find_by_token("parking", "first") is None
        assert not stores.relying_parties.change(FULL)
        assert stores.relying_parties.enable("parking", NOW)
        assert not stores.relying_parties.enable("parking", NOW)
        assert not stores.relying_parties.enable("nobody", NOW)

    with durable.work() as stores:
        assert stores.relying_parties.find("parking") == replace(FULL, enabled_at=NOW)
        assert stores.relying_parties.find_by_token("parking", "first") is None


def test_a_sector_is_the_agencys_that_had_it_first(engine: Engine) -> None:
    def add(number: int) -> None:
        work = Work(engine)
        SqlRelyingParties(work).add(replace(FULL, client_id=f"s{number}", agency=str(number)))
        work.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))

    work = Work(engine)
    owner = SqlRelyingParties(work).sector_owner(FULL.sector)
    for number in range(8):
        SqlRelyingParties(work).disable(f"s{number}", NOW)
    assert owner in {str(number) for number in range(8)}
    assert SqlRelyingParties(work).sector_owner(FULL.sector) == owner
    assert SqlRelyingParties(work).sector_owner("nobody.example") is None
    work.close()


def test_a_sector_goes_with_the_name_of_its_agency(durable: "SqlDatabase") -> None:
    with durable.work() as stores:
        stores.relying_parties.add(FULL)
        stores.relying_parties.add(replace(FULL, client_id="guest", agency="Guest"))

    with durable.work() as stores:
        assert stores.relying_parties.change(replace(FULL, client_id="guest", agency="Renamed guest"))
        assert stores.relying_parties.sector_owner(FULL.sector) == FULL.agency
        assert stores.relying_parties.change(replace(FULL, agency="City of Lodz"))
        assert stores.relying_parties.sector_owner(FULL.sector) == "City of Lodz"


class Process:
    """What one worker remembers, with a clock that the test turns."""

    def __init__(self, engine: Engine, *, size: int = 10) -> None:
        self.time = 0.0
        self._engine = engine
        self._recent = RecentRelyingParties(seconds=5, size=size, monotonic=lambda: self.time)

    def open(self) -> tuple[RememberingRegistry, Work]:
        work = Work(self._engine)
        return RememberingRegistry(SqlRelyingParties(work), self._recent), work

    def find(self, client_id: str) -> RelyingParty | None:
        registry, work = self.open()
        try:
            return registry.find(client_id)
        finally:
            work.close()

    def disable(self, client_id: str) -> None:
        registry, work = self.open()
        registry.disable(client_id, NOW)
        work.commit()


def added(engine: Engine, *client_ids: str) -> None:
    work = Work(engine)
    for client_id in client_ids:
        SqlRelyingParties(work).add(replace(FULL, client_id=client_id))
    work.commit()


def test_a_worker_learns_of_a_change_elsewhere_within_five_seconds(engine: Engine) -> None:
    added(engine, "parking")
    here, elsewhere = Process(engine), Process(engine)
    assert here.find("parking") == FULL
    elsewhere.disable("parking")

    here.time = 4.9
    assert here.find("parking") == FULL
    here.time = 5.0
    assert here.find("parking") is None


def test_a_worker_knows_its_own_change_at_once(engine: Engine) -> None:
    added(engine, "parking")
    here = Process(engine)
    assert here.find("parking") == FULL

    here.disable("parking")

    assert here.find("parking") is None


def test_a_new_service_is_found_at_once_even_if_it_was_looked_for_before(engine: Engine) -> None:
    here = Process(engine)
    assert here.find("parking") is None

    added(engine, "parking")

    assert here.find("parking") == FULL


def test_what_is_not_committed_is_never_remembered(engine: Engine) -> None:
    here = Process(engine)
    registry, work = here.open()
    registry.add(FULL)
    assert registry.find("parking") == FULL
    work.close()

    assert here.find("parking") is None


def test_a_worker_remembers_a_bounded_number(engine: Engine) -> None:
    added(engine, "a", "b", "c")
    here = Process(engine, size=2)
    for client_id in ("a", "b", "c"):
        here.find(client_id)
    Process(engine).disable("a")
    Process(engine).disable("c")

    assert here.find("a") is None
    assert here.find("c") is not None
