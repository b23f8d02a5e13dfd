"""The letters that would have been sent, on a page of their own: `python -m idp.sandbox.outbox PORT`.

Only the sandbox starts it. It also shows the codes that the personas' apps would show now.
"""

import signal
import sys
import threading
from dataclasses import dataclass
from datetime import datetime

import pyotp
from flask import Flask, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.serving import make_server

from idp.app import build
from idp.notices import letters
from idp.notices.outbox import read
from idp.notices.rendering import render
from idp.sandbox.personas import PERSONAS
from idp.settings import load
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


def create_page(use: Services) -> Flask:
    """Return the application: one page and its stylesheet."""
    app = Flask(__name__, static_folder="outbox_static", static_url_path="/static")
    page = Environment(loader=PackageLoader("idp.sandbox", ""), autoescape=True, undefined=StrictUndefined)

    @app.get("/")
    def outbox() -> Response:
        codes = [(persona, pyotp.TOTP(persona.totp_secret).now()) for persona in PERSONAS if persona.totp_secret]
        shown = page.get_template("outbox.html").render(letters=sent(use), codes=codes, refresh=REFRESH_SECONDS)
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


def main(port: int) -> None:
    """Serve the page on localhost until SIGTERM."""
    server = make_server("127.0.0.1", port, create_page(build(load())), threaded=True)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
