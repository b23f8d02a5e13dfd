"""Forms answer only to the browser that was shown them (Flask-WTF), and never to another site.

The token lives in Flask's signed session cookie, which holds nothing else. `Sec-Fetch-Site`, which
browsers send by themselves, refuses what another site posts; Referer and Origin are not relied on.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from itsdangerous import URLSafeTimedSerializer

OUR_OWN = ("same-origin", "none")


class FormCookie(SessionMixin):
    """What the cookie of a request holds, read when it is first looked into: most requests have no form."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read
        self.accessed = self.modified = False

    @cached_property
    def _held(self) -> dict[str, Any]:
        self.accessed = True
        return dict(self._read())

    def __getitem__(self, name: str) -> Any:
        """Return what is held by this name, or KeyError."""
        return self._held[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Hold it, and send the cookie anew."""
        self.modified = True
        self._held[name] = value

    def __delitem__(self, name: str) -> None:
        """Hold it no more, and send the cookie anew."""
        self.modified = True
        del self._held[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._held)

    def __len__(self) -> int:
        """Return how much is held."""
        return len(self._held)


class FormCookies(SecureCookieSessionInterface):
    """Flask's signed cookie, whose signer is made once."""

    _signer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> FormCookie:  # type: ignore[override]  # any session will do
        """Return the cookie of a request."""
        return FormCookie(lambda: super(FormCookies, self).open_session(app, request) or {})

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie, if this request has used it."""
        if session.accessed or session.modified:
            super().save_session(app, session, response)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and reads the cookie."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer


def install(app: Flask, *, secret: str, secure: bool, pages: Collection[str]) -> None:
    """Protect every form of the blueprints named in `pages`; `secure` gives the cookie its `__Host-` name."""
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-form" if secure else "form",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = FormCookies()

    @app.before_request
    def check_form() -> None:
        if request.method == "POST" and request.blueprint in pages:
            if request.headers.get("Sec-Fetch-Site", "none") not in OUR_OWN:
                raise CSRFError("Another site sent this form.")
            _check(request.form.get("csrf_token", ""))


def masked_token() -> str:
    """Return this request's token under a fresh mask, so that the length of a compressed page tells nothing of it.

    One mask a request: its forms carry the same text.
    """
    if "masked_csrf_token" not in g:
        token = generate_csrf().encode()
        mask = secrets.token_bytes(len(token))
        g.masked_csrf_token = urlsafe_b64encode(mask + _xor(mask, token)).decode()
    masked: str = g.masked_csrf_token
    return masked


def _check(masked: str) -> None:
    try:
        both = urlsafe_b64decode(masked)
        half = len(both) // 2
        validate_csrf(_xor(both[:half], both[half:]).decode())
    except ValueError as error:
        raise CSRFError(str(error)) from error


def _xor(mask: bytes, text: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, text, strict=True))
