"""Forms answer only to the browser that was shown them (Flask-WTF), and never to another site.

The token lives in Flask's signed session cookie, which holds nothing else. `Sec-Fetch-Site`, which
browsers send by themselves, refuses what another site posts; Referer and Origin are not relied on.
"""

from collections.abc import Collection

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import URLSafeTimedSerializer

OUR_OWN = ("same-origin", "none")


class FormCookies(SecureCookieSessionInterface):
    """Flask's signed cookie, whose signer is made once: it would be for every request, most of which bring none."""

    _signer: URLSafeTimedSerializer | None = None

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
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = FormCookies()
    protect = CSRFProtect(app)

    @app.before_request
    def check_form() -> None:
        if request.method == "POST" and request.blueprint in pages:
            if request.headers.get("Sec-Fetch-Site", "none") not in OUR_OWN:
                raise CSRFError("Another site sent this form.")
            protect.protect()
