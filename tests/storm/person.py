"""A citizen of the storm in one browser: signs up, signs in, agrees and signs out; what they are told is noted."""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from idp.authentication.email_codes import ALPHABET, LENGTH
from tests.storm.asking import PATIENCE_SECONDS, Interrupted, Recorder, place
from tests.storm.history import Outcome
from tests.support.public_app import BACK
from tests.support.site import hidden_fields

PASSWORD = "correct horse battery staple 42"
LETTER_SECONDS = 6.0
MOST_STEPS = 16
_AS_A_BROWSER: Any = {"headers": {"Accept": "text/html"}, "allow_redirects": False, "timeout": PATIENCE_SECONDS}
_CODE = re.compile(rf"\b[{ALPHABET}]{{{LENGTH}}}\b")
CodeFor = Callable[[str], str | None]
"""The code in the newest letter to an address, if one came."""


@dataclass
class Person:
    """One citizen, with the browser they have now."""

    email: str
    base: str
    recorder: Recorder
    browser: requests.Session = field(default_factory=requests.Session)

    def take_another_browser(self) -> None:
        """Be signed out here, without a word to anybody."""
        self.browser = requests.Session()

    def come_back(self, address: str, client_id: str) -> str:
        """Go where a service sends, do what pages ask, and return the code that is brought back."""
        agreed = 0.0
        for _ in range(MOST_STEPS):
            answer = self._open(address)
            if answer.status_code == 200:
                agreed = time.monotonic() if "/consent/" in address else agreed
                answer = self._post(address, answer.text, self._typed(address))
            if answer.status_code != 303:
                raise Interrupted(f"{place(address)} answered {answer.status_code}")
            address = urljoin(address, answer.headers["Location"])
            if address.startswith(BACK):
                code = code_at(address)
                if agreed:
                    self.recorder.note("agree", f"{client_id} {self.email}", Outcome.OK, invoked=agreed)
                return code
        raise Interrupted("sent in circles")

    def sign_up(self, address: str, code_for: CodeFor, client_id: str) -> str:
        """Make an account where a service sends, with a password that stands alone; return the code brought back."""
        here = urljoin(address, self._open(address).headers.get("Location", "/"))
        up = here.replace("/sign-in/", "/sign-up/")
        self._send(up, {"email": self.email})
        self._send(f"{up}/code", {"code": self._letter(code_for)})
        self._send(f"{up}/name", {"given_name": "Ada", "family_name": "Storm"})
        self._send(f"{up}/password", {"password": PASSWORD})
        self._send(f"{up}/second-factor", {"skip": "1"}, act="sign up", key=self.email, done=_signed_in)
        return self.come_back(here.replace("/sign-in/", "/authorize/"), client_id)

    def sign_out(self, id_token: str, sid: str) -> None:
        """Sign out at once, as a service asks with an ID token of this very session."""
        asked: Any = {"params": {"id_token_hint": id_token}, "allow_redirects": False, "timeout": PATIENCE_SECONDS}
        self.recorder.tell(
            "sign out",
            sid,
            lambda: self.browser.get(f"{self.base}/logout", **asked),
            done=lambda answer: "/signed-out/" in answer.headers.get("Location", ""),
        )

    def _typed(self, address: str) -> dict[str, str]:
        if "/consent/" in address:
            return {"decision": "allow"}
        if "/sign-in/" in address:
            return {"email": self.email, "password": PASSWORD}
        raise Interrupted(f"nobody knows what to do on {place(address)}")

    def _letter(self, code_for: CodeFor) -> str:
        until = time.monotonic() + LETTER_SECONDS
        while time.monotonic() < until:
            code = code_for(self.email)
            if code is not None:
                return code
            time.sleep(0.1)
        raise Interrupted("no letter came")

    def _send(self, address: str, typed: dict[str, str], **noted: Any) -> None:
        page = self._open(address)
        if page.status_code != 200:
            raise Interrupted(f"{place(address)} answered {page.status_code}")
        answer = self._post(address, page.text, typed, **noted)
        if answer.status_code != 303:
            raise Interrupted(f"{place(address)} answered {answer.status_code}")

    def _open(self, address: str) -> requests.Response:
        return self.recorder.tell("", place(address), lambda: self.browser.get(address, **_AS_A_BROWSER))

    def _post(
        self, address: str, page: str, typed: dict[str, str], *, act: str = "", key: str = "", **judged: Any
    ) -> requests.Response:
        form = hidden_fields(page) | typed
        send = partial(self.browser.post, address, data=form, **_AS_A_BROWSER)
        return self.recorder.tell(act, key or place(address), send, **judged)


def _signed_in(answer: requests.Response) -> bool:
    return "session" in answer.cookies


def new_email() -> str:
    """Return an address that nobody had."""
    return f"storm-{secrets.token_hex(8)}@example.org"


def code_in(letter: str) -> str | None:
    """Return the code in a letter's text."""
    found = _CODE.search(letter)
    return found[0] if found else None


def code_at(address: str) -> str:
    """Return the code that an answer brings back; raise Interrupted if it brings an error."""
    told = parse_qs(urlsplit(address).query)
    if "code" not in told:
        raise Interrupted(f"told {told.get('error')}")
    return told["code"][0]
