"""The whole application in this process, on SQLite, with a clock that tests set: for what browsers are told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.app import create_app
from idp.citizens.model import Citizen
from idp.sessions.model import Session
from idp.settings import Settings, load
from idp.signin.interactions import draw_id, hashed
from idp.storage import ephemeral
from idp.storage.ephemeral.records import EPOCH
from idp.web.services import Services
from tests.support import installation

REDIRECT_URI = "https://rp.example/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636 appendix B."""
ASKED = {
    "client_id": "rp",
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid email",
    "state": "the state",
    "nonce": "n1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class SettableClock:
    """The time that a test says it is."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the time."""
        return self.time

    def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.time += span


@dataclass(frozen=True, slots=True)
class Site:
    """An application, its collaborators and its clock."""

    app: Flask
    use: Services
    clock: SettableClock
    folder: Path

    @classmethod
    def at(cls, folder: Path, issuer: str = "https://id.example") -> "Site":
        """Return a new installation in a folder."""
        return cls.on(installation.copy_to(folder), f"sqlite:///{folder / 'ephemeral.db'}", folder, issuer=issuer)

    @classmethod
    def on(
        cls, database_url: str, ephemeral_url: str, folder: Path, *, issuer: str = "https://id.example", **settings: str
    ) -> "Site":
        """Return a new installation on stores that `idp.assembly.prepare` has prepared with the same key."""
        given = {"issuer": issuer, "database_url": database_url, "ephemeral_url": ephemeral_url, **settings}
        loaded = load(**given, key_encryption_key=installation.KEY_ENCRYPTION_KEY)
        ephemeral.open(loaded.ephemeral_url).begin(EPOCH)
        return cls._running(loaded, SettableClock(), folder)

    def restarted(self) -> "Site":
        """Return a second process on the same stores, at the same time of day."""
        return self._running(self.use.settings, self.clock, self.folder)

    @classmethod
    def _running(cls, settings: Settings, clock: SettableClock, folder: Path) -> "Site":
        app = create_app(settings, clock)
        return cls(app, app.extensions["countersign"], clock, folder)

    def browser(self) -> "Browser":
        """Return a browser that was never here."""
        return Browser(self)

    def register(self, relying_party: RelyingParty) -> RelyingParty:
        """Register a relying party."""
        with self.use.database.work() as stores:
            stores.relying_parties.add(replace(relying_party, created_at=self.clock.now()))
        return relying_party

    def add_citizen(self, email: str) -> Citizen:
        """Make a citizen, without any means to sign in."""
        now = self.clock.now()
        citizen = Citizen(
            citizen_id=draw_id(), email=email, email_verified_at=now, given_name="Ada", created_at=now, updated_at=now
        )
        with self.use.database.work() as stores:
            stores.citizens.add(citizen)
        return citizen

    def flush(self) -> None:
        """Lose everything short-lived, as a restarted cache would."""
        (self.folder / "ephemeral.db").unlink(missing_ok=True)


class Browser:
    """One browser: its cookies, and what a citizen does with it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.client: FlaskClient = site.app.test_client()

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> TestResponse:
        """Open a page."""
        headers = {"Accept": "text/html"}
        return self.client.get(path, query_string=parameters, base_url=self.base_url, headers=headers)

    def post(self, path: str, form: Mapping[str, str], *, site: str = "same-origin") -> TestResponse:
        """Send a form; `site` is what browsers put into Sec-Fetch-Site. From elsewhere no Lax cookie comes along."""
        client = self.client if site == "same-origin" else self.site.app.test_client()
        headers = {"Accept": "text/html", "Sec-Fetch-Site": site}
        answer = client.post(path, data=form, base_url=self.base_url, headers=headers)
        if client is not self.client:
            for cookie in answer.headers.getlist("Set-Cookie"):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.client.set_cookie(name, value, domain=self.site.use.host, secure=True)
        return answer

    def authorize(self, changes: Mapping[str, str | None] | None = None) -> TestResponse:
        """Come from the agency with its request, changed a little."""
        return self.get("/authorize", {k: v for k, v in {**ASKED, **(changes or {})}.items() if v is not None})

    def begin(self, changes: Mapping[str, str | None] | None = None) -> str:
        """Come from the agency and return the id of the interaction that began."""
        answer = self.authorize(changes)
        assert answer.status_code == 303, answer.text
        return answer.location.rsplit("/", 1)[1]

    def sign_in(self, citizen: Citizen, *, acr: str = "aal1") -> None:
        """Have the key of a session, as a sign-in page would give it."""
        now, key = self.site.clock.now(), draw_id()
        session = Session(
            session_id=draw_id(),
            citizen_id=citizen.citizen_id,
            created_at=now,
            authenticated_at=now,
            acr=acr,
            amr=("pwd",),
            last_seen_at=now,
        )
        with self.site.use.database.work() as stores:
            stores.sessions.add(session, hashed(key))
        name = "__Host-session" if self.site.use.secure else "session"
        self.client.set_cookie(name, key, domain=self.site.use.host.partition(":")[0], secure=self.site.use.secure)

    def cookies(self) -> dict[str, str]:
        """Return what the browser keeps for the site."""
        return {cookie.key: cookie.value for cookie in (self.client._cookies or {}).values()}

    def press(self, path: str, decision: str) -> TestResponse:
        """Open a page with a form and press one of its buttons."""
        page = self.get(path)
        assert page.status_code == 200, page.text
        return self.post(path, {**hidden_fields(page.text), "decision": decision})

    @property
    def base_url(self) -> str:
        """Return where the site answers."""
        return self.site.use.settings.issuer


def hidden_fields(page: str) -> dict[str, str]:
    """Return what a page's forms carry unseen."""
    found = {}
    for tag in page.split("<input ")[1:]:
        attributes = dict(part.split("=", 1) for part in tag.partition(">")[0].split('" ') if "=" in part)
        if attributes.get("type", "").strip('"') == "hidden":
            found[attributes["name"].strip('"')] = attributes["value"].strip('"')
    return found


def told(answer: TestResponse) -> dict[str, str]:
    """Return the parameters of an answer that goes to the agency by its registered address."""
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith(REDIRECT_URI + "?"), answer.location
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}
