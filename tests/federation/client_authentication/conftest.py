"""One endpoint that only relying parties may call, on real stores."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from federation.client_authentication import Presented, RelyingPartyKeys, authenticate
from federation.client_authentication.assertion import ASSERTION_TYPE
from federation.ephemeral import EphemeralStore
from federation.outbound import Fetcher
from federation.relying_parties.model import RelyingParty
from idp.storage.ephemeral.in_sqlite import InSqlite
from idp.storage.sql.engine import connect
from idp.storage.sql.relying_parties import SqlRelyingParties, relying_parties, sectors
from idp.storage.sql.tables import metadata
from idp.storage.sql.work import Work

ISSUER = "https://id.example"
TOKEN_ENDPOINT = "https://id.example/token"


class Desk:
    """Where relying parties prove themselves; a minute has passed since its store was made."""

    def __init__(self, registry: SqlRelyingParties, store: EphemeralStore, fetcher: Fetcher) -> None:
        self.now = datetime.now(UTC) + timedelta(minutes=1)
        self.seconds = 0.0
        """That have passed since then, whatever `now` is."""
        self.keys = RelyingPartyKeys(fetcher, monotonic=lambda: self.seconds)
        self._registry = registry
        self._store = store

    def know(self, relying_party: RelyingParty) -> RelyingParty:
        known = replace(relying_party, created_at=self.now)
        assert self._registry.add(known)
        return known

    def disable(self, client_id: str) -> None:
        assert self._registry.disable(client_id, self.now)

    def ask(self, authorization: str | None = None, **form: str) -> RelyingParty:
        return authenticate(
            Presented(authorization, form),
            registry=self._registry,
            store=self._store,
            keys=self.keys,
            authorities=None,
            issuer=ISSUER,
            token_endpoint=TOKEN_ENDPOINT,
            now=self.now,
        )

    def ask_by_assertion(self, assertion: str, **form: str) -> RelyingParty:
        return self.ask(client_assertion=assertion, client_assertion_type=ASSERTION_TYPE, **form)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims of the service `tax`, changed; None takes one away."""
        now = int(self.now.timestamp())
        good = {"iss": "tax", "sub": "tax", "aud": ISSUER, "jti": str(changes), "iat": now, "exp": now + 60}
        return {name: value for name, value in (good | changes).items() if value is not None}


@pytest.fixture
def desk(tmp_path: Path, fetcher: Fetcher) -> Iterator[Desk]:
    engine = connect(f"sqlite:///{tmp_path / 'durable.db'}")
    metadata.create_all(engine, [relying_parties, sectors])
    work = Work(engine)
    made = Desk(SqlRelyingParties(work), InSqlite(tmp_path / "ephemeral.db", elapsed=lambda: made.seconds), fetcher)
    yield made
    work.close()
    engine.dispose()


def service(method: str, **more: Any) -> RelyingParty:
    return RelyingParty(
        client_id="tax", client_name="Tax", agency="Treasury", token_endpoint_auth_method=method, **more
    )


def signed(claims: dict[str, Any], key: Any, *, alg: str = "ES256", **header: Any) -> str:
    return jwt.encode({"alg": alg, **header}, claims, key, algorithms=[alg])


def public(*keys: ECKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}
