"""A citizen on the way through the pages, in a real window: what they open, type and press, and what they see."""

import re
import sqlite3
import time
from dataclasses import dataclass, field

import pyotp
from playwright.sync_api import Page, expect

from idp.authentication.email_codes import ALPHABET, LENGTH
from tests.support.browser import check_accessible, keep_pictures
from tests.support.sandbox import Sandbox

PASSWORD = "copper lantern drifts 42"
PARKING, FISHING, OUTBOX = 1, 2, 3
_LETTERS_CODE = re.compile(rf"\b[{ALPHABET}]{{{LENGTH}}}\b")

_looked_at: set[str] = set()


@dataclass
class Person:
    """A citizen and all it takes to be them."""

    email: str
    password: str = PASSWORD
    totp_secret: str | None = None
    codes_used: int = field(default=0)

    def code(self) -> str:
        """Return a code of their app that was not used yet: the one it shows now, then the one it shows next."""
        assert self.totp_secret is not None
        assert self.codes_used < 2, "a person has two codes within one test"
        shown = pyotp.TOTP(self.totp_secret).at(int(time.time()), counter_offset=self.codes_used)
        self.codes_used += 1
        return shown


@dataclass(frozen=True)
class Journey:
    """One window and where it may go."""

    page: Page
    sandbox: Sandbox

    def open(self, where: int, path: str = "/") -> None:
        """Open the provider (0), an agency (1, 2) or the outbox (3)."""
        self.page.goto(self.sandbox.url(where) + path)

    def start_at(self, agency: int, **asked: str) -> None:
        """Choose to sign in at an agency."""
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        self.open(agency, f"/sign-in?{query}")

    def press(self, button: str) -> None:
        """Press a button or follow a link, by id, and wait for the page it leads to."""
        self.page.click(f"#{button}")
        self.page.wait_for_load_state()

    def type(self, **typed: str) -> None:
        """Fill in fields by id."""
        for name, text in typed.items():
            self.page.fill(f"#{name}", text)

    def give_password(self, person: Person) -> None:
        """Fill in and send the first page."""
        self.type(email=person.email, password=person.password)
        self.press("continue")

    def give_code(self, code: str) -> None:
        """Fill in and send a page that asks for a code."""
        self.type(code=code)
        self.press("continue")

    def sign_in(self, agency: int, person: Person) -> None:
        """Sign in at an agency for the first time, agreeing to what it wants to know."""
        self.start_at(agency)
        self.give_password(person)
        if person.totp_secret:
            self.give_code(person.code())
        self.press("allow")
        self.sees_signed_in(agency)

    def sees(self, title: str) -> None:
        """Expect a page by the beginning of its title."""
        expect(self.page).to_have_title(re.compile("^" + re.escape(title)))

    def sees_signed_in(self, agency: int, name: str = "") -> None:
        """Expect to be back at the agency, and known there."""
        expect(self.page).to_have_url(self.sandbox.url(agency) + "/")
        expect(self.page.locator("#name")).to_contain_text(name)

    def sees_signed_out(self, agency: int) -> None:
        """Expect that the agency knows nobody here."""
        self.open(agency)
        expect(self.page.locator("#sign-in")).to_be_visible()

    def look(self, name: str) -> None:
        """Keep pictures of the page, at both widths, and let axe look at it; once for each name."""
        if name in _looked_at:
            return
        _looked_at.add(name)
        check_accessible(self.page)
        keep_pictures(self.page, name)

    def newest_code_for(self, email: str) -> str:
        """Return the code in the newest email to an address."""
        outbox = self.page.context.new_page()
        outbox.goto(self.sandbox.url(OUTBOX))
        found = _LETTERS_CODE.search(outbox.inner_text("body").split(email, 1)[1])
        outbox.close()
        assert found is not None
        return found[0]

    def lose_what_is_short_lived(self) -> None:
        """Make every interaction expire at once, as 90 minutes or a restarted store would."""
        with sqlite3.connect(self.sandbox.folder / "ephemeral.db") as store:
            store.execute("DELETE FROM record")
