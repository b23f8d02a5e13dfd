"""The headers of every answer, errors included (security.md, Web)."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from flask import Response, after_this_request, g

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_CSP = "Content-Security-Policy"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_ALWAYS = {
    _CSP: _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_HSTS = "max-age=63072000; includeSubDomains"


def always(*, secure: bool) -> dict[str, str]:
    """Return what every answer says; `secure` adds HSTS."""
    return _ALWAYS | ({"Strict-Transport-Security": _HSTS} if secure else {})


class Saying:
    """The application, whose every answer says `always`, and that nobody keeps it, unless it says otherwise itself."""

    def __init__(self, behind: "WSGIApplication", *, secure: bool) -> None:
        self._behind = behind
        self._said = [*always(secure=secure).items(), ("Cache-Control", "no-store")]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, in one piece: the server hands a list on without asking what follows."""

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            own = {name for name, _ in headers}
            return start_response(status, [*headers, *(said for said in self._said if said[0] not in own)], *failed)

        answered = self._behind(environ, start)
        try:
            return [b"".join(answered)]
        finally:
            if hasattr(answered, "close"):
                answered.close()


def allow_form_to(origin: str) -> None:
    """Let a form on this page end at `origin` too: Chromium applies form-action to the redirect after a post."""
    g.form_action = origin
    after_this_request(_set_policy)


def allow_frames_of(origins: Collection[str]) -> None:
    """Let this page open frames of these origins."""
    g.frames = origins
    after_this_request(_set_policy)


def _set_policy(response: Response) -> Response:
    """Allow what this page alone needs; `form-action` is the last part of the policy."""
    forms = f"{_POLICY} {g.form_action}" if "form_action" in g else _POLICY
    response.headers[_CSP] = f"{forms}; frame-src {' '.join(g.frames)}" if "frames" in g else forms
    return response
