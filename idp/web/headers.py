"""The headers of every answer, errors included (security.md, Web)."""

from collections.abc import Collection

from flask import Flask, Response, g

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


def allow_form_to(origin: str) -> None:
    """Let a form on this page end at `origin` too: Chromium applies form-action to the redirect after a post."""
    g.form_action = origin


def allow_frames_of(origins: Collection[str]) -> None:
    """Let this page open frames of these origins."""
    g.frames = origins


def install(app: Flask, *, secure: bool) -> None:
    """Set the headers on every answer of `app`; `secure` adds HSTS."""
    everywhere = always(secure=secure)

    @app.after_request
    def set_headers(response: Response) -> Response:
        headers = response.headers
        headers.extend(everywhere | {_CSP: _policy()} if "form_action" in g or "frames" in g else everywhere)
        if "Cache-Control" not in headers:
            headers.add("Cache-Control", "no-store")
        return response


def _policy() -> str:
    """Return the policy with what this page alone needs; `form-action` is its last part."""
    forms = f"{_POLICY} {g.form_action}" if "form_action" in g else _POLICY
    return f"{forms}; frame-src {' '.join(g.frames)}" if "frames" in g else forms
