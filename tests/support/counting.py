"""Count what one SSO sign-in costs the stores: rows kept, statements sent, waits for the short-lived store."""

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from federation.ephemeral import EphemeralStore
from federation.relying_parties.client_secrets import hash_client_secret
from idp.app import create_app
from idp.assembly import prepare
from idp.citizens.model import Citizen
from idp.consent.items import items_of
from idp.sessions.model import Session
from idp.settings import load
from idp.signin.interactions import draw_id, hashed
from idp.storage.sql.engine import connect
from idp.storage.sql.tables import metadata
from idp.web.services import Services
from tests.support.statements import statements_heard
from tests.support.token_office import CHALLENGE, RETURN_TO, VERIFIER, WEB

ISSUER = "http://localhost:8000"
SECRET = "s" * 43
CONTROL = ("BEGIN", "COMMIT", "ROLLBACK")


@dataclass
class Counted:
    """What was sent."""

    statements: list[str] = field(default_factory=list)
    """In full, BEGIN and COMMIT included."""
    trips: list[str] = field(default_factory=list)
    """Calls of the short-lived store, by name and kind."""

    @property
    def queries(self) -> list[str]:
        """The statements that read or change rows."""
        return [statement for statement in self.statements if not statement.startswith(CONTROL)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one sign-in took."""

    rows: int
    queries: int
    statements: int
    trips: int


class _CountingStore:
    """The real short-lived store, each of whose calls is one round trip."""

    def __init__(self, store: EphemeralStore, counted: Counted) -> None:
        self._store = store
        self._counted = counted

    def __getattr__(self, name: str) -> Any:
        call: Callable[..., Any] = getattr(self._store, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            self._counted.trips.append(f"{name} {arguments[0]}")
            return call(*arguments, **named)

        return counting


def cost_of_sign_in(database_url: str, ephemeral_url: str) -> tuple[Cost, Counted]:
    """Install on these stores, sign a citizen in once to warm up, and count a second sign-in."""
    settings = load(
        issuer=ISSUER,
        database_url=database_url,
        ephemeral_url=ephemeral_url,
        key_encryption_key=base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    )
    prepare(settings)
    app, counted = create_app(settings), Counted()
    use: Services = app.extensions["countersign"]
    app.extensions["countersign"] = replace(use, ephemeral=_CountingStore(use.ephemeral, counted))
    browser = _signed_in(app, use)
    engine = connect(database_url)
    _sign_in(browser)
    before = _rows(engine)
    counted.trips.clear()
    with statements_heard() as heard:
        _sign_in(browser)
    counted.statements += heard.statements
    rows = _rows(engine) - before
    engine.dispose()
    return Cost(
        rows=rows, queries=len(counted.queries), statements=len(counted.statements), trips=len(counted.trips)
    ), counted


def _signed_in(app: Flask, use: Services) -> FlaskClient:
    """Return the browser of a citizen who has a session and agreed to everything."""
    now, key = use.clock.now(), draw_id()
    citizen = Citizen(
        citizen_id=draw_id(), email="ada@citizen.example", email_verified_at=now, created_at=now, updated_at=now
    )
    session = Session(
        session_id=draw_id(),
        citizen_id=citizen.citizen_id,
        created_at=now,
        authenticated_at=now,
        acr="aal1",
        amr=("pwd",),
        last_seen_at=now,
    )
    with use.database.work() as stores:
        stores.relying_parties.add(replace(WEB, client_secret_hash=hash_client_secret(SECRET), created_at=now))
        stores.citizens.add(citizen)
        stores.sessions.add(session, hashed(key))
        stores.consents.agree(citizen.citizen_id, WEB.client_id, items_of(("openid", "email"), {}), now)
    browser = app.test_client()
    browser.set_cookie("session", key, domain="localhost")
    return browser


def _sign_in(browser: FlaskClient) -> None:
    """Be answered at once at /authorize, redeem the code, ask for userinfo."""
    asked = {
        "client_id": WEB.client_id,
        "redirect_uri": RETURN_TO,
        "response_type": "code",
        "scope": "openid email",
        "prompt": "none",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    sent = browser.get("/authorize", query_string=asked, base_url=ISSUER)
    code = parse_qs(urlsplit(sent.location).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN_TO, "code_verifier": VERIFIER}
    tokens = browser.post("/token", data=form, base_url=ISSUER, auth=(WEB.client_id, SECRET))
    bearer = {"Authorization": f"Bearer {json.loads(tokens.text)['access_token']}"}
    known = browser.get("/userinfo", headers=bearer, base_url=ISSUER)
    assert json.loads(known.text)["email"] == "ada@citizen.example", known.text


def _rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.tables.values()
        )
