"""Forms answer only to the browser that was shown them (Flask-WTF), and never to another site.

The token lives in Flask's signed session cookie, which holds nothing else. `Sec-Fetch-Site`, which
browsers send by themselves, refuses what another site posts; Referer and Origin are not relied on.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from itsdangerous import URLSafeTimedSerializer

OUR_OWN = ("same-origin", "none")


class FormCookies(SecureCookieSessionInterface):
    """Flask's signed cookie, whose signer is made once, and which is looked at only where there is something to see."""

    _signer: URLSafeTimedSerializer | None = None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie of a request holds."""
        return super().open_session(app, request) if "HTTP_COOKIE" in request.environ else self.session_class()

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
