"""The letters that would have been sent, on a page of their own, served from the sandbox's own process.

It also shows the codes that the personas' apps would show now.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import pyotp
from flask import Flask, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.serving import WSGIRequestHandler, make_server

from idp.notices import letters
from idp.notices.outbox import read
from idp.notices.rendering import render
from idp.sandbox.personas import PERSONAS
from idp.settings import PREFIX, load
from idp.web.services import Services

SHOWN = 50
REFRESH_SECONDS = 4
CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A letter as the page shows it."""

    to: str
    subject: str
    text: str
    at: datetime


class QuietHandler(WSGIRequestHandler):
    """Leaves the terminal to the banner."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing of a request that was answered."""


@contextmanager
def serving(port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Serve the page on localhost while the block runs; `environment` holds the settings of the installation."""
    server = make_server("127.0.0.1", port, create_page(environment), threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name="outbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def create_page(environment: Mapping[str, str]) -> Flask:
    """Return the application: one page and its stylesheet."""
    app = Flask(__name__, static_folder="outbox_static", static_url_path="/static")
    page = Environment(loader=PackageLoader("idp.sandbox", ""), autoescape=True, undefined=StrictUndefined)

    @cache
    def services() -> Services:
        from idp.assembly import build  # noqa: PLC0415 - takes a second that a start without letters need not wait for

        return build(load(**{name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}))

    @app.get("/")
    def outbox() -> Response:
        codes = [(persona, pyotp.TOTP(persona.totp_secret).now()) for persona in PERSONAS if persona.totp_secret]
        shown = page.get_template("outbox.html").render(letters=sent(services()), codes=codes, refresh=REFRESH_SECONDS)
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"}
        return Response(shown, headers=headers, mimetype="text/html")

    return app


def sent(use: Services) -> list[ShownLetter]:
    """Return the latest letters, newest first; those whose words were erased are left out."""
    with use.database.work() as stores:
        messages = stores.outbox.latest(letters.KIND, SHOWN)
    found = []
    for message in messages:
        payload = read(message, use.sealer)
        if payload is not None:
            letter = letters.from_payload(payload)
            rendered = render(letter, service=use.settings.issuer)
            found.append(ShownLetter(letter.to, rendered.subject, rendered.text, message.created_at))
    return found
