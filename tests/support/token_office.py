"""The token endpoint's rules on real stores, without the web: citizens sign in, relying parties redeem."""

import hashlib
import os
import secrets
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from typing import Any

import pytest

from federation.authorization import codes, detail_types
from federation.authorization.codes import AuthorizationCode
from federation.authorization.names import subject_for
from federation.authorization.parameters import Parameters
from federation.client_authentication import RelyingPartyKeys
from federation.errors import ProtocolError
from federation.hashing import base64url
from federation.outbound import Fetcher
from federation.relying_parties.model import RelyingParty
from federation.tokens.decision import decide
from federation.tokens.desk import Answer, Desk, Misuse
from idp.citizens.attributes import claims_of
from idp.citizens.model import Citizen
from idp.sessions.model import Session
from idp.storage.sql.database import SqlDatabase
from idp.storage.sql.engine import connect
from idp.storage.sql.installation import make_missing
from idp.storage.sql.migrate import upgrade
from idp.storage.sql.signing_keys import SqlKeys
from idp.storage.sql.work import Work
from idp.web.stores import Stores
from keys.following import KeyFollower
from keys.providers.embedded import EmbeddedProvider
from keys.rotation import Rules
from keys.signer import Signer
from keys.wrapping import Wrapping
from tests.support.payments import TYPES

ISSUER = "https://id.example"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""RFC 7636 appendix B."""
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
RETURN_TO = "https://service.example/back"

WEB = RelyingParty(
    client_id="web",
    client_name="Permits",
    agency="City of Example",
    redirect_uris=(RETURN_TO,),
    grant_types=("authorization_code", "refresh_token", "client_credentials"),
    scope=("openid", "profile", "email", "offline_access", "permits:read", "permits:write"),
    token_endpoint_auth_method="client_secret_basic",
    sector="service.example",
    authorization_details_types=("payment_initiation", "https://land.example/record"),
)
APP = replace(
    WEB,
    client_id="app",
    token_endpoint_auth_method="none",
    grant_types=("authorization_code", "refresh_token"),
)
OPAQUE = replace(WEB, client_id="opaque", access_token_format="opaque")


def claims_in(jwt: str) -> dict[str, Any]:
    """Return the payload of a JWT, unverified."""
    payload = jwt.split(".")[1]
    claims: dict[str, Any] = loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


class TokenOffice:
    """Runs token requests as the endpoint does: each in one transaction, misuse stopped in another."""

    def __init__(self, database: SqlDatabase, store: Any, signer: Signer) -> None:
        self.database = database
        self.store = store
        self.signer = signer
        self.keys = RelyingPartyKeys(Fetcher(deadline=1))
        self.token_secret = b"s" * 32
        self.confirmation: dict[str, str] = {}
        self.detail_types = detail_types.read(TYPES)
        self.stopped: list[tuple[Misuse, str]] = []
        self._lock = threading.Lock()

    def register(self, *relying_parties: RelyingParty) -> None:
        with self.database.work() as stores:
            for relying_party in relying_parties:
                stores.relying_parties.add(replace(relying_party, created_at=NOW))

    def sign_in(self, relying_party: RelyingParty, *scope: str, **authorised: Any) -> str:
        """A citizen made for this sign-in is signed in and agrees; return the code their browser carries back."""
        citizen_id, session_id = secrets.token_urlsafe(8), secrets.token_urlsafe(8)
        with self.database.work() as stores:
            self._welcome(stores, citizen_id, session_id)
        granted = AuthorizationCode(
            grant_id=codes.draw_grant_id(),
            client_id=relying_party.client_id,
            redirect_uri=RETURN_TO,
            scope=scope or ("openid",),
            citizen_id=citizen_id,
            subject=subject_of(relying_party, authorised.get("citizen_id", citizen_id)),
            session_id=session_id,
            sid=f"sid-{session_id}",
            auth_time=NOW - timedelta(minutes=1),
            acr="aal2",
            amr=("pwd", "otp", "mfa"),
            nonce="n-0S6_WzA2Mj",
            code_challenge=CHALLENGE,
            claims={},
            access_epoch=0,
        )
        return codes.mint(self.store, replace(granted, **authorised))

    def authorised(self, code: str) -> AuthorizationCode:
        """What a code stands for, before it is redeemed."""
        return codes.from_record(self.store.get(codes.KIND, codes.key_of(code)))

    def redeem(self, relying_party: RelyingParty, code: str, *, now: datetime = NOW, **form: Any) -> Answer:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN_TO, "code_verifier": VERIFIER}
        return self.request(relying_party, now=now, **(sent | form))

    def refresh(self, relying_party: RelyingParty, token: str, *, now: datetime = NOW, **form: Any) -> Answer:
        return self.request(relying_party, now=now, grant_type="refresh_token", refresh_token=token, **form)

    def request(
        self, relying_party: RelyingParty, *, now: datetime = NOW, resources: Sequence[str] = (), **form: str
    ) -> Answer:
        """Send one token request; an empty value stands for a parameter left out."""
        pairs = [*form.items(), *(("resource", each) for each in resources)]
        unit = self.database.open()
        try:
            answer = decide(Parameters.of(pairs), relying_party, self.desk(unit.stores, unit), now)
            unit.commit()
        finally:
            unit.close()
        return answer

    def refusal(self, *request: Any, **form: Any) -> str:
        """The error that `request` (a bound method and its arguments) is answered with."""
        call, *arguments = request
        with pytest.raises(ProtocolError) as refused:
            call(*arguments, **form)
        return refused.value.code

    def desk(self, stores: Stores, unit: Any = None) -> Desk:
        def claims(citizen_id: str) -> dict[str, Any]:
            citizen = stores.citizens.find(citizen_id)
            return {} if citizen is None else claims_of(citizen)

        def stop(misuse: Misuse, grant_id: str) -> None:
            if unit is not None:
                unit.close()
            with self.database.work() as own:
                own.grants.end(grant_id, NOW)
            with self._lock:
                self.stopped.append((misuse, grant_id))

        return Desk(
            issuer=ISSUER,
            signer=self.signer,
            store=self.store,
            registry=stores.relying_parties,
            grants=stores.grants,
            keys=self.keys,
            token_secret=self.token_secret,
            confirmation=self.confirmation,
            claims_of=claims,
            detail_types=self.detail_types,
            subject_of=subject_of,
            stop=stop,
        )

    @contextmanager
    def open(self) -> Iterator[tuple[Stores, Desk]]:
        """Open a transaction and its desk."""
        with self.database.work() as stores:
            yield stores, self.desk(stores)

    def _welcome(self, stores: Stores, citizen_id: str, session_id: str) -> None:
        stores.citizens.add(
            Citizen(
                citizen_id=citizen_id,
                email=f"{citizen_id.lower()}@citizen.example".lstrip("-_"),
                email_verified_at=NOW,
                given_name="Zo\u00eb",
                family_name="Quispe",
                created_at=NOW,
                updated_at=NOW,
            )
        )
        session = Session(
            session_id=session_id,
            citizen_id=citizen_id,
            created_at=NOW,
            authenticated_at=NOW,
            acr="aal2",
            amr=("pwd", "otp", "mfa"),
            last_seen_at=NOW,
        )
        stores.sessions.add(session, base64url(hashlib.sha256(session_id.encode()).digest()))


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """A signer with one key for each purpose and algorithm, kept in a database of its own."""
    folder: Path = tmp_path_factory.mktemp("keys")
    engine = connect(f"sqlite:///{folder}/keys.db")
    upgrade(engine)
    wrapping = Wrapping((os.urandom(32),))
    provider = EmbeddedProvider(wrapping)
    make_missing(engine, sealer=wrapping, provider=provider, rules=Rules(prepublish=timedelta(hours=48)), now=NOW)

    @contextmanager
    def reading() -> Iterator[Any]:
        work = Work(engine)
        yield SqlKeys(work)
        work.close()

    return Signer(KeyFollower(reading), provider, lambda: NOW)


@pytest.fixture
def office(durable: SqlDatabase, ephemeral: Any, signer: Signer) -> TokenOffice:
    """The rules on every combination of stores."""
    made = TokenOffice(durable, ephemeral, signer)
    made.register(WEB, APP, OPAQUE)
    return made


def subject_of(relying_party: RelyingParty, citizen_id: str) -> str:
    """By which `sub` it knows a citizen here."""
    return subject_for(relying_party, citizen_id, b"p" * 32)
