"""A client as the OpenID Foundation's conformance suite is one: what it registers and asks, and what it looks at.

It knows OpenID Connect and nothing of ours: it proves itself by a secret, leaves PKCE out, and registers itself.
"""

import json
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from joserfc import jws, jwt
from joserfc.jwk import KeyParameters, KeySet, RSAKey

from federation.hashing import base64url
from federation.tokens.id_token import at_hash
from tests.support.service import Service
from tests.support.site import hidden_fields
from tests.support.visitor import Citizen

PLACE = "http://localhost:9/test/a/countersign"
BACK = f"{PLACE}/callback"
OUT = f"{PLACE}/post_logout_redirect"
ODD_STATE = "".join(chr(code) for code in range(0x21, 0x7F))
"""Every visible ASCII character, as `state` may hold them (RFC 6749 appendix A.5)."""
LONG_STATE = (string.ascii_letters + string.digits)[:43] * 3
LIFE = 300


def new_key(kid: str | None = None) -> RSAKey:
    """Return an RSA key for RS256; most of those that the suite makes have no `kid`."""
    named: KeyParameters = {} if kid is None else {"kid": kid}
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", **named}, auto_kid=False)


@cache
def usual_key() -> RSAKey:
    """Return the key of every client that needs none of its own: to make one takes longer than to sign in."""
    return new_key()


def public(key: RSAKey) -> dict[str, Any]:
    """Return the JWKS that holds the public half alone."""
    return {"keys": [key.as_dict(private=False)]}


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a JWT with the algorithm `none`."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join([*(base64url(part) for part in parts), ""])


def metadata(key: RSAKey, **changes: Any) -> dict[str, Any]:
    """Return what the suite says of a client; None takes a field out."""
    said = {
        "client_name": "countersign test",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "client_secret_basic",
        "contacts": ["certification@oidf.org"],
        "jwks": public(key),
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


@dataclass
class Client:
    """One client and the citizen who signs in for it."""

    service: Service
    citizen: Citizen
    mode: str = "query"
    key: RSAKey = field(default_factory=usual_key)
    registered: dict[str, Any] = field(default_factory=dict)

    def register(self, **changes: Any) -> requests.Response:
        """Register at the open door, and remember what was told."""
        said = metadata(self.key, **changes)
        answer = requests.post(f"{self.service.base_url}/register", json=said, timeout=20)
        self.registered = answer.json()
        return answer

    def asked(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of an authorization request; None takes one out."""
        said = {
            "client_id": self.registered["client_id"],
            "redirect_uri": self.registered["redirect_uris"][0],
            "scope": "openid",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": "code",
            "response_mode": None if self.mode == "query" else self.mode,
            **changes,
        }
        return {name: value for name, value in said.items() if value is not None}

    def ask(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Send the citizen, who does what pages ask, and return the parameters that come back."""
        return self.answered(f"{self.service.base_url}/authorize?{urlencode(asked)}")

    def post(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Do the same by a form."""
        there = f"{self.service.base_url}/authorize"
        answer = self.citizen.browser.post(there, data=asked, allow_redirects=False, timeout=20)
        return self.answered(urljoin(there, answer.headers["Location"]))

    def answered(self, address: str) -> dict[str, str]:
        """Follow an address until the answer, by redirect or by a form to be posted, is there."""
        back = self.registered["redirect_uris"][0]
        if self.mode == "query":
            return in_query(self.citizen.come_back(address, to=back))
        page = self.citizen.visit(address)
        assert f'action="{back}"' in unescape(page.text), page.text
        assert "no-store" in page.headers["Cache-Control"]
        return {name: unescape(value) for name, value in hidden_fields(page.text).items()}

    def redeem(self, code: str) -> requests.Response:
        """Exchange a code as the client registered to prove itself."""
        return self.token(grant_type="authorization_code", code=code, redirect_uri=self.registered["redirect_uris"][0])

    def token(self, **form: str) -> requests.Response:
        """Send a request to the token endpoint."""
        client_id, method = self.registered["client_id"], self.registered["token_endpoint_auth_method"]
        basic = None
        if method == "client_secret_basic":
            basic = (client_id, self.registered["client_secret"])
        elif method == "client_secret_post":
            form |= {"client_id": client_id, "client_secret": self.registered["client_secret"]}
        else:
            form = {"client_assertion": self.assertion()} | form
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return requests.post(f"{self.service.base_url}/token", data=form, auth=basic, timeout=20)

    def assertion(self, audience: str | None = None) -> str:
        """Return a proof of who it is, for the token endpoint's address where nothing else is said."""
        client_id, now = self.registered["client_id"], int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": audience or f"{self.service.base_url}/token"}
        claims |= {"jti": secrets.token_hex(10), "nbf": now, "iat": now, "exp": now + 60}
        header = {"alg": "RS256", **({"kid": self.key.kid} if self.key.kid else {})}
        return jwt.encode(header, claims, self.key)

    def sign_in(self, **changes: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Go the whole way, check all that is checked of every ID token, and return tokens and its claims."""
        asked = self.asked(**changes)
        told = self.ask(asked)
        assert told.get("error") is None, told
        assert (told["state"], told["iss"]) == (asked["state"], self.service.base_url)
        answer = self.redeem(told["code"])
        assert answer.status_code == 200, answer.text
        return answer.json(), self.check_id_token(answer.json(), asked.get("nonce"))

    def check_id_token(self, tokens: Mapping[str, Any], nonce: str | None) -> dict[str, Any]:
        """Check who issued it, for whom, when, in answer to what, and by which published key; return its claims."""
        published = requests.get(f"{self.service.base_url}/jwks", timeout=20).json()
        alg, kid = self.registered["id_token_signed_response_alg"], self.header(tokens)["kid"]
        named = [key for key in published["keys"] if key["kid"] == kid]
        [key] = named
        claims = dict(jwt.decode(tokens["id_token"], KeySet.import_key_set({"keys": [key]}), algorithms=[alg]).claims)
        now = int(time.time())
        assert (claims["iss"], claims["aud"]) == (self.service.base_url, self.registered["client_id"])
        assert now - LIFE <= claims["iat"] <= now < claims["exp"]
        assert claims.get("nonce") == nonce
        assert claims["at_hash"] == at_hash(tokens["access_token"], alg)
        assert claims["sub"]
        return claims

    @staticmethod
    def header(tokens: Mapping[str, Any]) -> dict[str, Any]:
        """Return the header of the ID token."""
        return dict(jws.extract_compact(tokens["id_token"].encode()).headers())

    def userinfo(self, tokens: Mapping[str, Any], method: str = "GET") -> requests.Response:
        """Ask who the citizen is."""
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        return requests.request(method, f"{self.service.base_url}/userinfo", headers=bearer, timeout=20)


def in_query(address: str) -> dict[str, str]:
    """Return the parameters of an address, each of which stands there once."""
    found = parse_qs(urlsplit(address).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values()), address
    return {name: values[0] for name, values in found.items()}
