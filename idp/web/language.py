"""Which language a page speaks: the toggle, then what was chosen before, then what the agency and the browser say.

A page that knows its interaction calls `prefer(interaction.ui_locales)` before it renders.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, request
from flask_babel import Babel, get_locale
from flask_babel import refresh as forget_choice

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

COOKIE_SECONDS = 365 * 24 * 60 * 60
NAMES = {"en": "English", "cy": "Cymraeg"}
DEFAULT = "en"
_DIRECTIONS = {"en": "ltr", "cy": "ltr"}


@dataclass(frozen=True, slots=True)
class Language:
    """A language as the layout needs it: its code (BCP 47), its own name, its direction, this page in it."""

    code: str
    name: str
    direction: str
    url: str


def install(app: Flask, *, secure: bool) -> None:
    """Choose a language for every request of `app`, and remember the toggle in a cookie (`__Host-` if `secure`)."""
    app.config["LANGUAGE_COOKIE"] = "__Host-language" if secure else "language"
    Babel(
        app,
        configure_jinja=False,
        default_locale=DEFAULT,
        default_translation_directories=str(files("templates").joinpath("locales")),
        locale_selector=choose,
    )
    app.after_request(_remember)


def prefer(ui_locales: Iterable[str]) -> None:
    """Let what the agency asked for (OIDC `ui_locales`, best first) count after the citizen's own choice."""
    g.ui_locales = tuple(ui_locales)
    forget_choice()


def choose() -> str:
    """Return the code of the language of this request."""
    for code in (request.args.get("lang", ""), request.cookies.get(_cookie(), ""), *g.get("ui_locales", ())):
        known = code.replace("_", "-").partition("-")[0].lower()
        if known in NAMES:
            return str(known)
    return str(request.accept_languages.best_match(NAMES, DEFAULT))


def guessed(environ: "WSGIEnvironment") -> str:
    """Return the code of the language of a request that the framework has not read, as well as can be told."""
    cookies = environ.get("HTTP_COOKIE", "")
    wished = (code for code in NAMES if f"language={code}" in cookies)
    return next(wished, None) or next(filter(environ.get("HTTP_ACCEPT_LANGUAGE", "").startswith, NAMES), DEFAULT)


def picked() -> str | None:
    """Return the code of the language that this very request picks by the toggle, or None."""
    code = request.args.get("lang") if request.query_string else None
    return code if code in NAMES else None


def language() -> Language:
    """Return the language this page speaks."""
    return _language(str(get_locale() or DEFAULT))


def languages() -> list[Language]:
    """Return every language a page can speak, each with the path of this page in it."""
    return [_language(code) for code in NAMES]


def _language(code: str) -> Language:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    url = f"{quote(request.path)}?{urlencode([*kept, ('lang', code)])}"
    return Language(code=code, name=NAMES[code], direction=_DIRECTIONS[code], url=url)


def _cookie() -> str:
    return str(current_app.config["LANGUAGE_COOKIE"])


def _remember(response: Response) -> Response:
    code = picked()
    if code is not None:
        secure = _cookie().startswith("__Host-")
        response.set_cookie(_cookie(), code, max_age=COOKIE_SECONDS, httponly=True, secure=secure, samesite="Lax")
    return response
