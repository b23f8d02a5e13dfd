"""Consents, on every database."""

from datetime import UTC, datetime, timedelta

from idp.storage.sql.database import SqlDatabase

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def test_what_was_agreed_is_remembered_for_that_citizen_and_service_alone(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid", "scope:email"}, NOW)

    with durable.work() as stores:
        found = stores.consents.find("c1", "rp")
        assert found is not None
        assert (found.items, found.agreed_at) == (frozenset({"scope:openid", "scope:email"}), NOW)
        assert found.covers({"scope:email"})
        assert not found.covers({"scope:email", "scope:phone"})
        assert stores.consents.find("c1", "other") is None
        assert stores.consents.find("c2", "rp") is None


def test_agreeing_to_more_keeps_what_was_agreed(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid"}, NOW)
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid", "claim:birthdate"}, LATER)

    with durable.work() as stores:
        found = stores.consents.find("c1", "rp")
        assert found is not None
        assert (found.items, found.agreed_at) == (frozenset({"scope:openid", "claim:birthdate"}), LATER)


def test_withdrawing_takes_single_items_or_all(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid", "scope:email", "scope:phone"}, NOW)
    with durable.work() as stores:
        assert stores.consents.withdraw("c1", "rp", LATER, items={"scope:email"})
        assert not stores.consents.withdraw("c1", "rp", LATER, items={"scope:email"})

    with durable.work() as stores:
        found = stores.consents.find("c1", "rp")
        assert found is not None
        assert found.items == {"scope:openid", "scope:phone"}
        assert stores.consents.withdraw("c1", "rp", LATER)
        assert stores.consents.find("c1", "rp") is None
        assert not stores.consents.withdraw("c1", "rp", LATER)


def test_withdrawn_consent_does_not_come_back_with_another(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid", "scope:email"}, NOW)
    with durable.work() as stores:
        stores.consents.withdraw("c1", "rp", NOW)
    with durable.work() as stores:
        stores.consents.agree("c1", "rp", {"scope:openid"}, LATER)

    with durable.work() as stores:
        found = stores.consents.find("c1", "rp")
        assert found is not None
        assert found.items == {"scope:openid"}


def test_a_citizens_consents_are_listed_latest_first(durable: SqlDatabase) -> None:
    with durable.work() as stores:
        stores.consents.agree("c1", "a", {"scope:openid"}, NOW)
        stores.consents.agree("c1", "b", {"scope:openid", "scope:email"}, LATER)
        stores.consents.agree("c2", "c", {"scope:openid"}, LATER)

    with durable.work() as stores:
        assert [consent.client_id for consent in stores.consents.list_for_citizen("c1")] == ["b", "a"]
