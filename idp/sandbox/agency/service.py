"""One public service that lets Countersign tell it who is there: Authlib's Flask client and discovery, no more.

Started by path with its settings in the environment, as any agency's service would be; imports nothing of ours.
"""

import os
import secrets
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import joserfc.jwt
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ALGORITHMS = ["ES256", "RS256", "EdDSA"]
STRONGER = "aal2"
LOOKS: dict[str, dict[str, Any]] = {
    "parking": {
        "agency": "Rivermouth Council",
        "service": "Parking permits",
        "task": "Apply for a parking permit",
        "intro": "Park in your own street for a year. It takes about five minutes.",
        "needs": ("the registration number of your car", "your address in Rivermouth", "a debit or credit card"),
        "cost": "A permit costs 62.00 a year, a second one 95.00.",
        "stronger": "Add a second car",
    },
    "fishing": {
        "agency": "National Angling Office",
        "service": "Fishing licences",
        "task": "Get a rod licence",
        "intro": "You need a licence to fish with a rod in rivers and lakes from the age of 13.",
        "needs": ("your date of birth", "the day your licence should start", "a debit or credit card"),
        "cost": "A licence costs 7.10 for a day, 14.20 for eight days and 35.80 for a year.",
        "stronger": "Change who holds the licence",
    },
}


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in here, and what the service was told."""

    told: dict[str, Any]
    id_token: str


look_name = os.environ["AGENCY_LOOK"]
look = LOOKS[look_name]
issuer = os.environ["AGENCY_ISSUER"]
client_id = os.environ["AGENCY_CLIENT_ID"]
visitors: dict[str, Visitor] = {}
used_logout_tokens: set[str] = set()

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["AGENCY_COOKIE_SECRET"],
    SESSION_COOKIE_NAME=f"{look_name}-visit",
    SESSION_COOKIE_SAMESITE="Lax",
)
app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": True, "ensure_ascii": False}
countersign = OAuth(app).register(  # type: ignore[no-untyped-call]  # Authlib leaves it untyped
    "countersign",
    server_metadata_url=f"{issuer}/.well-known/openid-configuration",
    client_id=client_id,
    client_secret=os.environ["AGENCY_CLIENT_SECRET"],
    client_kwargs={
        "scope": "openid profile email",
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": os.environ["AGENCY_AUTHENTICATION"],
    },
)


@app.get("/")
def home() -> ResponseReturnValue:
    """Show the service, and to a visitor all that it was told about them."""
    return render_template("home.html", **page(), visitor=visitors.get(session.get("visit", "")))


@app.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Send the visitor to the provider; `?level=aal2` asks for more proof, `?again=1` for fresh proof."""
    asked: dict[str, Any] = {}
    if request.args.get("level") == STRONGER:
        asked["acr_values"] = STRONGER
    if request.args.get("again"):
        asked["prompt"] = "login"
    if request.args.get("lang") in ("en", "cy"):
        asked["ui_locales"] = request.args["lang"]
    answer: Response = countersign.authorize_redirect(url_for("signed_in", _external=True), **asked)
    return answer


@app.get("/signed-in")
def signed_in() -> ResponseReturnValue:
    """Take the provider's answer: redeem the code, check the ID token, ask for the rest."""
    try:
        token = countersign.authorize_access_token()
        told = {**countersign.userinfo(token=token), **token["userinfo"]}
    except OAuthError as error:
        return render_template("not_signed_in.html", **page(), error=error.error, why=error.description), 400
    visitors.pop(session.pop("visit", ""), None)
    session["visit"] = secrets.token_urlsafe(32)
    visitors[session["visit"]] = Visitor(told=told, id_token=token["id_token"])
    return redirect(url_for("home"))


@app.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Forget the visitor here, then ask the provider, if it offers that, to sign them out everywhere."""
    visitor = visitors.pop(session.pop("visit", ""), None)
    if visitor is None or "end_session_endpoint" not in countersign.load_server_metadata():
        return redirect(url_for("signed_out"))
    answer: Response = countersign.logout_redirect(
        post_logout_redirect_uri=url_for("signed_out", _external=True), id_token_hint=visitor.id_token
    )
    return answer


@app.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Say that the visitor is signed out."""
    return render_template("signed_out.html", **page())


@app.post("/back-channel-logout")
def back_channel_logout() -> ResponseReturnValue:
    """Forget the visitors the provider says have signed out elsewhere (OpenID Connect Back-Channel Logout 1.0)."""
    try:
        ended = logout_claims(request.form.get("logout_token", ""))
    except (JoseError, ValueError) as error:
        abort(400, str(error))
    for visit, visitor in list(visitors.items()):
        same_session = "sid" in ended and visitor.told.get("sid") == ended["sid"]
        if same_session or ("sid" not in ended and visitor.told["sub"] == ended["sub"]):
            visitors.pop(visit, None)
    return "", 200, {"Cache-Control": "no-store"}


def logout_claims(token: str) -> dict[str, Any]:
    """Return the claims of a logout token, checked as section 2.6 of its specification says."""
    metadata = countersign.load_server_metadata()
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=5).json())
    claims: dict[str, Any] = joserfc.jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    audience = claims.get("aud")
    expected = (
        claims.get("iss") == issuer
        and client_id in (audience if isinstance(audience, list) else [audience])
        and claims.get("exp", 0) > time.time()
        and LOGOUT_EVENT in claims.get("events", {})
        and ("sid" in claims or "sub" in claims)
        and "nonce" not in claims
        and claims.get("jti") not in used_logout_tokens
    )
    if not expected:
        raise ValueError("this is no logout token for us")
    used_logout_tokens.add(claims["jti"])
    return claims


def page() -> dict[str, Any]:
    """Return what every page of this service shows."""
    return {"look": look_name, **look, "help_url": f"{issuer}/help"}


@app.template_filter()
def day(iso: str) -> str:
    """Write 1975-11-02 as people do: 2 November 1975."""
    read = date.fromisoformat(iso)
    return f"{read.day} {read:%B %Y}"


if __name__ == "__main__":
    port = int(os.environ["AGENCY_PORT"])
    server = make_server("127.0.0.1", port, app, threaded=True)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.serve_forever()
    sys.exit(0)
