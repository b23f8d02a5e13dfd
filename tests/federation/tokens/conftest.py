"""The rules of tokens are tried on one pair of stores; what the stores must hold is tried on all in tests/storage."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from federation.relying_parties.registry import RecentRelyingParties
from idp.storage import ephemeral as short_lived
from idp.storage.ephemeral.records import EPOCH
from idp.storage.sql.database import SqlDatabase
from idp.storage.sql.engine import connect
from keys.signer import Signer
from tests.support.token_office import APP, OPAQUE, WEB, TokenOffice, signer

__all__ = ["signer"]


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    made = connect(sqlite_url)
    yield made
    made.dispose()


@pytest.fixture
def office(engine: Engine, tmp_path: Path, signer: Signer) -> Iterator[TokenOffice]:
    store: Any = short_lived.open(f"sqlite:///{tmp_path / 'ephemeral.db'}")
    store.begin(EPOCH)
    made = TokenOffice(SqlDatabase(engine, RecentRelyingParties()), store, signer)
    made.register(WEB, APP, OPAQUE)
    yield made
    store.close()
