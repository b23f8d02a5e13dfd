"""The headers of every answer, errors included (security.md, Web)."""

from flask import Flask, Response, g

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_HSTS = "max-age=63072000; includeSubDomains"


def allow_form_to(origin: str) -> None:
    """Let a form on this page end at `origin` too: Chromium applies form-action to the redirect after a post."""
    g.form_action = origin


def install(app: Flask, *, secure: bool) -> None:
    """Set the headers on every answer of `app`; `secure` adds HSTS."""
    always = _ALWAYS | ({"Strict-Transport-Security": _HSTS} if secure else {})

    @app.after_request
    def set_headers(response: Response) -> Response:
        headers = response.headers
        headers.extend(always)
        if "Content-Security-Policy" not in headers:
            beside = g.get("form_action")
            headers["Content-Security-Policy"] = _POLICY if beside is None else f"{_POLICY} {beside}"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response
