"""Debian's Chromium, driven as a citizen would: windows of their own, pictures of every page, axe.

`page` is a window in a fresh profile; `open_window(...)` opens more, each in a profile of its own, with the options
of Playwright's `new_context` (`java_script_enabled=False`, `color_scheme="dark"`, `locale="cy"`, ...).
Pictures are kept under tests/output/screenshots, those of failures under tests/output/failures.
"""

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect, sync_playwright

from tests.support.server import find_program

OUTPUT = Path(__file__).parents[1] / "output"
WIDE, NARROW = 1280, 320
HEIGHT = 900
PATIENCE = 20_000
"""Milliseconds to wait for anything; a calm machine needs a hundredth."""

OpenWindow = Callable[..., Page]
_open_pages: list[Page] = []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole session; nothing is shared between the windows that tests open in it."""
    program = find_program("chromium", package="chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_window(chromium: Browser) -> Iterator[OpenWindow]:
    """Open windows, each in a fresh profile, and close them when the test ends."""
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> Page:
        context = chromium.new_context(
            **{"viewport": {"width": WIDE, "height": HEIGHT}, "locale": "en-GB", "timezone_id": "Europe/London"}
            | options
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        _open_pages.append(page)
        return page

    yield open_one
    _open_pages.clear()
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_window: OpenWindow) -> Page:
    """One window in a fresh profile."""
    return open_window()


def virtual_authenticator(page: Page, **options: Any) -> tuple[CDPSession, str]:
    """Give a window a device that holds passkeys and verifies its owner at once; return its session and id."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable", {"enableUI": False})
    chosen = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": chosen | options})
    return session, str(made["authenticatorId"])


def check_accessible(page: Page) -> None:
    """Fail unless axe finds nothing against WCAG 2.2 AA and its own best practices on what is shown now."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def check_reflows(page: Page) -> None:
    """Fail if the page must be scrolled sideways at 320 px, which is also 1280 px at 400% (WCAG 1.4.10)."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], f"{page.url} is {wide} px wide"  # type: ignore[index]  # we set one


def keep_pictures(page: Page, name: str) -> None:
    """Keep the whole page as a picture at both widths."""
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        check_reflows(page)
    if before is not None:
        page.set_viewport_size(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep a picture of every window that a failing test had open."""
    report = yield
    if report.when == "call" and report.failed:
        folder = OUTPUT / "failures"
        folder.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(_open_pages):
            name = re.sub(r"\W+", "-", item.name)
            page.screenshot(path=folder / f"{name}-{number}.png", full_page=True)
            report.sections.append((f"window {number}", f"{page.url}\n{page.inner_text('body')[:2000]}"))
    return report
