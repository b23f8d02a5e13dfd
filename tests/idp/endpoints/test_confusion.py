"""Every kind of token that passes here, offered in the place of every other (RFC 8725 sections 2.7 and 3.11).

One relying party holds one key for everything it signs, and is an authority for software statements by the same name
and key: nothing but what each kind must say stands between them.
"""

import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from federation.client_authentication.assertion import ASSERTION_TYPE
from federation.logout import logout_token
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import TOKEN_EXCHANGE
from federation.tokens.access_token import TOKEN_TYPE
from tests.architecture.source import PACKAGES, modules
from tests.support import installation
from tests.support.agency import BACK, COMMON
from tests.support.developer import Developer
from tests.support.dpop import DpopKey
from tests.support.site import ASKED, Browser, Site
from tests.support.token_office import VERIFIER, claims_in

KEY = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
ISSUER, NAME, OUT = "https://id.example", "city", "https://city.example/out"
API, NEXT = "https://city.example/api", "https://opaque.example/api"
KINDS = {
    "ID token": None,
    "access token": "at+jwt",
    "opaque access token": None,
    "bound access token": "at+jwt",
    "access token for an API": "at+jwt",
    "code": None,
    "invitation": None,
    "refresh token": None,
    "registration token": None,
    "logout token": "logout+jwt",
    "signed answer": "oauth-authz-resp+jwt",
    "signed userinfo": None,
    "signed introspection": "token-introspection+jwt",
    "signed metadata": "authorization-server-metadata+jwt",
    "request object": "oauth-authz-req+jwt",
    "untyped request object": None,
    "assertion": "client-authentication+jwt",
    "untyped assertion": None,
    "DPoP proof": "dpop+jwt",
    "software statement": None,
}
"""Kind -> its `typ`, where it has one of its own."""


class Party:
    """The relying party, its citizen, and one of each kind, made as they are made for everybody."""

    def __init__(self, site: Site) -> None:
        self.site, self.client = site, site.app.test_client(use_cookies=False)
        self.browser: Browser = site.browser()
        self.citizen = site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")
        self.developer = Developer(site)
        self.rp = self._registered(NAME, "jwt")
        self.opaque_rp = self._registered("opaque", "opaque")
        self.newcomer = self.developer.registered()
        self.made = self._make()

    def _registered(self, client_id: str, form: str) -> RelyingParty:
        changes: dict[str, Any] = {
            "client_id": client_id,
            "token_endpoint_auth_method": "private_key_jwt",
            "client_secret_hash": None,
            "jwks": {"keys": [KEY.as_dict(private=False)]},
            "userinfo_signed_response_alg": "ES256",
            "introspection_signed_response_alg": "ES256",
            "introspection": True,
            "access_token_format": form,
            "post_logout_redirect_uris": (OUT,),
            "grant_types": (*COMMON["grant_types"], TOKEN_EXCHANGE),
            "resource_uris": (f"https://{client_id}.example/api",),
            "allowed_resources": (API, NEXT),
        }
        return self.site.register(RelyingParty(**COMMON | changes))

    def sign(self, typ: str | None, **claims: Any) -> str:
        """Sign as the relying party, or the authority: that is the same key."""
        now = int(self.site.clock.now().timestamp())
        usual = {"iss": self.rp.client_id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": secrets.token_hex(8)}
        header = {"alg": "ES256", "kid": "k1"} | ({} if typ is None else {"typ": typ})
        return jwt.encode(header, usual | claims, KEY)

    def post(self, path: str, form: dict[str, str], rp: RelyingParty | None = None, **headers: str) -> Any:
        by = (rp or self.rp).client_id
        proof = {
            "client_assertion": self.sign(None, iss=by, sub=by),
            "client_assertion_type": ASSERTION_TYPE,
        }
        return self.client.post(path, data=proof | form, headers=headers, base_url=ISSUER)

    def authorize(self, rp: RelyingParty, **more: str) -> dict[str, str]:
        """Come back from /authorize, having agreed if that was asked."""
        asked = {**ASKED, "client_id": rp.client_id, "redirect_uri": BACK, "scope": "openid email offline_access"}
        answer = self.browser.authorize(asked | {"prompt": "consent"} | more)
        if answer.location.startswith("/"):
            interaction_id = answer.location.rsplit("/", 1)[1]
            self.browser.press(f"/consent/{interaction_id}", "allow")
            answer = self.browser.get(f"/authorize/{interaction_id}")
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}

    def redeem(self, rp: RelyingParty, *, resource: str = "", **headers: str) -> Any:
        code = self.authorize(rp, resource=resource)["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.post("/token", form, rp, **headers).json

    def _make(self) -> dict[str, str]:
        self.browser.sign_in(self.citizen, acr="aal2")
        tokens, now = self.redeem(self.rp), self.site.clock.now()
        told = claims_in(tokens["id_token"])
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        discovery = self.client.get("/.well-known/openid-configuration", base_url=ISSUER).json
        assert discovery is not None
        asked = {**ASKED, "client_id": self.rp.client_id, "redirect_uri": BACK}
        return {
            "ID token": tokens["id_token"],
            "access token": tokens["access_token"],
            "opaque access token": self.redeem(self.opaque_rp)["access_token"],
            "bound access token": self.redeem(self.rp, DPoP=self.proof("POST", "/token"))["access_token"],
            "access token for an API": self.redeem(self.rp, resource=API)["access_token"],
            "code": self.authorize(self.rp)["code"],
            "invitation": self.developer.invited(),
            "refresh token": tokens["refresh_token"],
            "registration token": self.newcomer["registration_access_token"],
            "logout token": logout_token.issue(
                self.site.use.signer, self.rp, subject=told["sub"], sid=told["sid"], issuer=ISSUER, now=now
            ),
            "signed answer": self.authorize(self.rp, response_mode="query.jwt")["response"],
            "signed userinfo": self.client.get("/userinfo", headers=bearer, base_url=ISSUER).text,
            "signed introspection": self.post("/introspect", {"token": tokens["access_token"]}).text,
            "signed metadata": discovery["signed_metadata"],
            "request object": self.sign("oauth-authz-req+jwt", **asked),
            "untyped request object": self.sign(None, **asked),
            "assertion": self.sign("client-authentication+jwt", sub=self.rp.client_id),
            "untyped assertion": self.sign(None, sub=self.rp.client_id, **asked),
            "DPoP proof": self.proof("POST", "/token"),
            "software statement": self.sign(None, agency="City", redirect_uris=["https://stated.example/cb"], **asked),
        }

    def proof(self, method: str, path: str, access_token: str | None = None) -> str:
        nonce, now = self.site.use.nonces.issue(self.site.clock.now()), int(self.site.clock.now().timestamp())
        usual: dict[str, Any] = {
            "iss": self.rp.client_id,
            "sub": self.rp.client_id,
            "aud": ISSUER,
            "exp": now + 60,
            "iat": now,
        }
        return DpopKey(KEY).proof(
            method, ISSUER + path, nonce=nonce, access_token=access_token, header={"kid": "k1"}, **usual
        )


@pytest.fixture(scope="module")
def party(tmp_path_factory: pytest.TempPathFactory) -> Party:
    folder: Path = tmp_path_factory.mktemp("confusion")
    site = Site.on(
        installation.copy_to(folder),
        f"sqlite:///{folder}/ephemeral.db",
        folder,
        registration="guarded",
        software_authorities=_authorities(folder),
    )
    return Party(site)


def _authorities(folder: Path) -> str:
    path = folder / "authorities.json"
    path.write_text(json.dumps([{"issuer": NAME, "jwks": {"keys": [KEY.as_dict(private=False)]}}]))
    return str(path)


def as_bearer(party: Party, token: str) -> str:
    answer = party.client.get("/userinfo", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)
    return _said(answer)


def as_bound(party: Party, token: str) -> str:
    headers = {"Authorization": f"DPoP {token}", "DPoP": party.proof("GET", "/userinfo", token)}
    return _said(party.client.get("/userinfo", headers=headers, base_url=ISSUER))


def as_token_of_a_grant(party: Party, token: str) -> str:
    answer = party.client.get("/grants/x", headers={"Authorization": f"Bearer {token}"}, base_url=ISSUER)
    return _said(answer)


def as_registration_token(party: Party, token: str) -> str:
    return _said(party.developer.call("GET", f"/register/{party.newcomer['client_id']}", token=token))


def as_invitation(party: Party, token: str) -> str:
    return _said(party.developer.register({"redirect_uris": ["https://new.example/cb"]}, token))


def as_statement(party: Party, token: str) -> str:
    return _said(party.developer.register({"redirect_uris": ["https://a.example/cb"], "software_statement": token}))


def as_assertion(party: Party, token: str) -> str:
    form = {"grant_type": "client_credentials", "client_assertion": token, "client_assertion_type": ASSERTION_TYPE}
    return _said(party.client.post("/token", data=form, base_url=ISSUER))


def as_proof(party: Party, token: str) -> str:
    return _said(party.post("/token", {"grant_type": "client_credentials"}, DPoP=token))


def as_pushed_request(party: Party, token: str) -> str:
    return _said(party.post("/par", {"request": token}))


def as_request(party: Party, token: str) -> str:
    return party.authorize(party.rp, request=token).get("error", "accepted")


def as_hint(party: Party, token: str) -> str:
    return party.authorize(party.rp, prompt="none", id_token_hint=token).get("error", "accepted")


def as_logout_hint(party: Party, token: str) -> str:
    asked = {"id_token_hint": token, "post_logout_redirect_uri": OUT}
    answer = party.client.get("/logout", query_string=asked, base_url=ISSUER)
    assert answer.status_code < 400, answer.text
    return "accepted" if answer.location == OUT else "led nowhere"


def as_code(party: Party, token: str) -> str:
    form = {"grant_type": "authorization_code", "code": token, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return _said(party.post("/token", form))


def as_refresh_token(party: Party, token: str) -> str:
    return _said(party.post("/token", {"grant_type": "refresh_token", "refresh_token": token}))


def as_device_code(party: Party, token: str) -> str:
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": token}
    return _said(party.post("/token", form))


def as_what_is_exchanged(party: Party, token: str) -> str:
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": TOKEN_TYPE, "resource": NEXT}
    return _said(party.post("/token", form))


def as_what_is_looked_into(party: Party, token: str) -> str:
    told = claims_in(party.post("/introspect", {"token": token}).text)["token_introspection"]
    return "accepted" if told["active"] else "inactive"


def _said(answer: Any) -> str:
    return "accepted" if answer.status_code < 300 else str(answer.json["error"])


LOOKED_INTO = {"access token", "opaque access token", "bound access token", "access token for an API", "refresh token"}
REQUESTS = {"request object", "untyped request object"}
PLACES: dict[Callable[[Party, str], str], tuple[set[str], set[str]]] = {
    as_bearer: ({"access token", "opaque access token"}, {"invalid_token"}),
    as_bound: ({"bound access token"}, {"invalid_token"}),
    as_token_of_a_grant: (set(), {"invalid_token", "insufficient_scope"}),
    as_registration_token: ({"registration token"}, {"invalid_token"}),
    as_invitation: ({"invitation"}, {"invalid_token"}),
    as_statement: ({"software statement"}, {"invalid_software_statement", "unapproved_software_statement"}),
    as_assertion: ({"assertion", "untyped assertion"}, {"invalid_client"}),
    as_proof: ({"DPoP proof"}, {"invalid_dpop_proof"}),
    as_pushed_request: (REQUESTS, {"invalid_request_object"}),
    as_request: (REQUESTS, {"invalid_request_object"}),
    as_hint: ({"ID token"}, {"invalid_request"}),
    as_logout_hint: ({"ID token"}, {"led nowhere"}),
    as_code: ({"code"}, {"invalid_grant"}),
    as_refresh_token: ({"refresh token"}, {"invalid_grant"}),
    as_device_code: (set(), {"unauthorized_client", "invalid_grant"}),
    as_what_is_exchanged: ({"access token for an API"}, {"invalid_request"}),
    as_what_is_looked_into: (LOOKED_INTO, {"inactive"}),
}
"""Where a token is taken -> the kinds that are right there, and what all others are told."""


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_a_token_passes_only_for_what_it_is(party: Party, kind: str, place: Callable[[Party, str], str]) -> None:
    right, refusals = PLACES[place]

    said = place(party, party.made[kind])

    assert said == "accepted" if kind in right else said in refusals, said


def test_there_is_one_of_each_kind_here(party: Party) -> None:
    assert party.made.keys() == KINDS.keys()
    for kind, typ in KINDS.items():
        if typ is not None:
            header = party.made[kind].partition(".")[0]
            assert json.loads(urlsafe_b64decode(header + "==="))["typ"] == typ


def test_no_type_of_token_is_made_or_taken_that_is_not_tried_here() -> None:
    named = {typ for path in modules(*PACKAGES) for typ in re.findall(r'"([a-z0-9-]+\+jwt)"', path.read_text("utf-8"))}

    assert named == {typ for typ in KINDS.values() if typ is not None}
