"""Which citizens have signed in in this browser before: a cookie of keyed marks, so that a new device is noticed.

It decides whether a letter is sent, and which count of wrong passwords a browser shares. Nobody can forge a
mark; who takes the whole cookie has taken the browser's other cookies too.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import timedelta

from idp.web import cookies
from idp.web.services import services

COOKIE = "known"
KEPT = timedelta(days=400)
"""As long as browsers keep any cookie."""
MOST = 8
"""Citizens of one browser, the latest first."""
_MARK = 16


def is_known(citizen_id: str) -> bool:
    """Whether this citizen has signed in in this browser."""
    return _mark(citizen_id) in _marks()


def remember(citizen_id: str) -> None:
    """Let the browser keep that this citizen has signed in in it, once the request's work is stored."""
    mine = _mark(citizen_id)
    others = [mark for mark in _marks() if mark != mine]
    cookies.keep(COOKIE, ".".join([mine, *others][:MOST]), KEPT)


def _marks() -> list[str]:
    kept = (cookies.read(COOKIE) or "").split(".")
    return [mark for mark in kept if len(mark) == _MARK and mark.isascii()]


def _mark(citizen_id: str) -> str:
    digest = hmac.digest(services().cookie_secret.encode(), f"known browser\0{citizen_id}".encode(), "sha256")
    return urlsafe_b64encode(digest).decode()[:_MARK]
