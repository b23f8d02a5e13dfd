"""What is measured of machines' doing: what a service does all day, said once and done to every target alike.

Paths come from each target's own discovery document, so nothing here knows whom it calls. Every answer is
checked for what it must hold; a wrong one ends the bench.
"""

import base64
import json
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.load.driver import Answer, Operation
from tests.support.authenticator import Authenticator
from tests.support.dpop import DpopKey
from tests.support.token_office import CHALLENGE, VERIFIER

BACK = "http://localhost:7/back"
"""Where the agency is called back; nobody listens, the driver reads the address."""
SCOPE = "openid email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A citizen who is known, and what they sign in with beside the password everybody has here."""

    email: str
    passkey: Authenticator


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running service: where it answers, who we are there, and the cookies of a citizen who is signed in."""

    name: str
    port: int
    endpoints: Mapping[str, Any]
    """Its discovery document."""
    client_id: str
    client_secret: str
    cookies: Mapping[str, str]
    people: Sequence[Person] = ()
    """Those who sign in with pages; one for each connection at least."""

    @property
    def asked(self) -> dict[str, str]:
        """An authorization request that needs no page."""
        return {
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": SCOPE,
            "prompt": "none",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }

    def get(self, endpoint: str, *, query: str = "", headers: str = "") -> bytes:
        """Return a GET request to an endpoint named as in the discovery document."""
        return self.get_path(self._path(endpoint) + query, headers=headers)

    def get_path(self, path: str, *, headers: str = "") -> bytes:
        """Return a GET request."""
        return f"GET {path} HTTP/1.1\r\nHost: localhost:{self.port}\r\n{headers}\r\n".encode()

    def post(self, endpoint: str, form: Mapping[str, str], *, headers: str = "") -> bytes:
        """Return a POST request of the relying party."""
        body = urlencode(form)
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        return (
            f"POST {self._path(endpoint)} HTTP/1.1\r\nHost: localhost:{self.port}\r\nAuthorization: Basic {basic}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}"
        ).encode()

    def _path(self, endpoint: str) -> str:
        return urlsplit(str(self.endpoints[endpoint])).path


def sign_in(target: Target) -> Operation:
    """SSO: /authorize with prompt=none and a live session, then the code's tokens, then userinfo."""
    query, cookie = urlencode(target.asked), "; ".join(f"{name}={value}" for name, value in target.cookies.items())

    def operation() -> Generator[bytes, Answer, None]:
        state = secrets.token_urlsafe(12)
        sent = yield target.get(
            "authorization_endpoint",
            query=f"?{query}&state={state}&nonce={secrets.token_urlsafe(12)}",
            headers=f"Cookie: {cookie}\r\n",
        )
        told = parse_qs(urlsplit(sent.header("Location")).query)
        check(sent, 303, told.get("state") == [state] and "code" in told)
        held = yield from redeemed(target, told["code"][0])
        known = yield target.get("userinfo_endpoint", headers=f"Authorization: Bearer {held['access_token']}\r\n")
        _json(known, "email")

    return operation


def bound_sign_in(target: Target) -> Operation:
    """The same as FAPI 2.0 has it: the request pushed, the tokens bound to a key and used with it (DPoP)."""
    cookie, key = "; ".join(f"{name}={value}" for name, value in target.cookies.items()), DpopKey()
    at_token, at_userinfo = (str(target.endpoints[name]) for name in ("token_endpoint", "userinfo_endpoint"))
    nonces: list[str] = []

    def prove(method: str, address: str, token: str | None = None) -> str:
        return f"DPoP: {key.proof(method, address, nonce=nonces[-1] if nonces else None, access_token=token)}\r\n"

    def keep_nonce(answer: Answer) -> None:
        with suppress(KeyError):
            nonces[:] = [answer.header("DPoP-Nonce")]

    def operation() -> Generator[bytes, Answer, None]:
        if not nonces:
            keep_nonce((yield target.post("token_endpoint", {}, headers=prove("POST", at_token))))
        form = target.asked | {"state": secrets.token_urlsafe(12), "nonce": secrets.token_urlsafe(12)}
        pushed = yield target.post("pushed_authorization_request_endpoint", form)
        check(pushed, 201, b"request_uri" in pushed.body)
        query = urlencode({"client_id": target.client_id, "request_uri": json.loads(pushed.body)["request_uri"]})
        sent = yield target.get("authorization_endpoint", query=f"?{query}", headers=f"Cookie: {cookie}\r\n")
        told = parse_qs(urlsplit(sent.header("Location")).query)
        check(sent, 303, told.get("state") == [form["state"]] and "code" in told)
        form = {"grant_type": "authorization_code", "code": told["code"][0], "redirect_uri": BACK}
        proof = prove("POST", at_token)
        tokens = yield target.post("token_endpoint", form | {"code_verifier": VERIFIER}, headers=proof)
        keep_nonce(tokens)
        held = _json(tokens, "id_token")
        check(tokens, 200, held["token_type"] == "DPoP")
        proof = prove("GET", at_userinfo, held["access_token"])
        known = yield target.get("userinfo_endpoint", headers=f"Authorization: DPoP {held['access_token']}\r\n{proof}")
        keep_nonce(known)
        _json(known, "email")

    return operation


def redeemed(target: Target, code: str) -> Generator[bytes, Answer, dict[str, Any]]:
    """Redeem a code; the value is what the token endpoint told."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return _json((yield target.post("token_endpoint", form)), "id_token", "access_token")


def client_credentials(target: Target) -> Operation:
    """An access token for the agency itself."""
    request = target.post("token_endpoint", {"grant_type": "client_credentials"})

    def operation() -> Generator[bytes, Answer, None]:
        _json((yield request), "access_token")

    return operation


def introspection(target: Target) -> Operation:
    """A look into the access token of one sign-in, over and over, by the agency it was issued to."""
    held: list[bytes] = []

    def operation() -> Generator[bytes, Answer, None]:
        if not held:
            held.append(target.post("introspection_endpoint", {"token": (yield from _token(target))}))
        answer = yield held[0]
        check(answer, 200, _json(answer, "active")["active"] is True)

    return operation


def userinfo(target: Target) -> Operation:
    """What is known of the citizen, by the access token of one sign-in, over and over."""
    held: list[bytes] = []

    def operation() -> Generator[bytes, Answer, None]:
        if not held:
            bearer = f"Authorization: Bearer {(yield from _token(target))}\r\n"
            held.append(target.get("userinfo_endpoint", headers=bearer))
        _json((yield held[0]), "email")

    return operation


def jwks(target: Target) -> Operation:
    """The published keys, whole."""
    return _read(target.get("jwks_uri"), "keys")


def discovery(target: Target) -> Operation:
    """The metadata, whole."""
    return _read(target.get_path("/.well-known/openid-configuration"), "issuer")


def _read(request: bytes, member: str) -> Operation:
    def operation() -> Generator[bytes, Answer, None]:
        answer = yield request
        check(answer, 200, f'"{member}"'.encode() in answer.body)

    return operation


def _token(target: Target) -> Generator[bytes, Answer, str]:
    steps, token = sign_in(target)(), ""
    request = next(steps)
    while True:
        answer = yield request
        if b'"access_token"' in answer.body:
            token = json.loads(answer.body)["access_token"]
        try:
            request = steps.send(answer)
        except StopIteration:
            return token


def _json(answer: Answer, *members: str) -> dict[str, Any]:
    check(answer, 200, True)
    told: dict[str, Any] = json.loads(answer.body)
    check(answer, 200, all(member in told for member in members))
    return told


def check(answer: Answer, status: int, right: bool) -> None:
    """End the bench with an answer that is not what was asked for."""
    if answer.status != status or not right:
        raise AssertionError(f"{answer.head.decode()}\n\n{answer.body[:500].decode()}")
