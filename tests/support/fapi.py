"""A client of FAPI 2.0 as the OpenID Foundation's conformance suite is one, behind a real proxy.

It proves itself by a signed assertion or by its certificate, binds its tokens by DPoP or by that certificate, pushes
every request, signs it where it is told to, and keeps the nonces it was given, as the suite does.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, KeySet, OKPKey, RSAKey

from tests.support.certificates import Held, issue
from tests.support.certification import in_query
from tests.support.dpop import GONE, DpopKey, sign
from tests.support.service import Service
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import Citizen

PLACE = "https://localhost:9/test/a/countersign"
BACK = f"{PLACE}/callback"
SECOND_BACK = f"{BACK}?dummy1=lorem&dummy2=ipsum"
"""The second client of the suite returns to an address with a query."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REQUEST_TYPE = "oauth-authz-req+jwt"
FAPI_ALGORITHMS = ["PS256", "ES256", "EdDSA"]


@dataclass(frozen=True)
class Installation:
    """The service and the proxy before it: where people and services come, where certificates are shown."""

    service: Service
    folder: Path
    authority_file: str
    """The authority of the proxy's own certificate."""
    issuer: str
    mtls_url: str
    clients: Held
    """The authority of clients' certificates."""

    def metadata(self, kind: str = "openid-configuration") -> dict[str, Any]:
        """Return what discovery says."""
        answer = requests.get(f"{self.issuer}/.well-known/{kind}", verify=self.authority_file, timeout=20)
        assert answer.headers["Content-Type"] == "application/json"
        return dict(answer.json())


@dataclass
class FapiClient:
    """One client and the citizen who signs in for it."""

    installation: Installation
    citizen: Citizen
    auth: str = "private_key_jwt"
    sender: str = "dpop"
    signed: bool = False
    """Whether its requests are signed (JAR) and its answers too (JARM)."""
    back: str = BACK
    alg: str = "ES256"
    kid: str = "signs"
    name: str = field(default_factory=lambda: f"client-{secrets.token_hex(4)}")
    dpop: DpopKey = field(default_factory=DpopKey)
    nonces: dict[str, str] = field(default_factory=dict)
    """The last nonce of the provider and of the resource, by `as` and `rs`."""
    registered: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parameters: KeyParameters = {"kid": self.kid, "use": "sig", "alg": self.alg}
        makers = {
            "ES256": lambda: ECKey.generate_key("P-256", parameters),
            "PS256": lambda: RSAKey.generate_key(2048, parameters),
            "EdDSA": lambda: OKPKey.generate_key("Ed25519", parameters),
        }
        self.key: Any = makers[self.alg]()
        self.held = issue(self.name, self.installation.clients)
        self.shown = str(self.held.write(self.installation.folder / f"{self.name}.pem"))

    @property
    def client_id(self) -> str:
        return str(self.registered["client_id"])

    @property
    def base(self) -> str:
        """Where it calls: the suite goes by the aliases as soon as a certificate is part of the plan."""
        plain = self.auth == "private_key_jwt" and self.sender == "dpop"
        return self.installation.issuer if plain else self.installation.mtls_url

    def register(self, **changes: Any) -> None:
        """Register as ../CONFORMANCE.md has an operator do; None takes a field out."""
        said: dict[str, Any] = {
            "client_name": "Conformance",
            "profile": "fapi2",
            "redirect_uris": [self.back],
            "grant_types": ["authorization_code", "refresh_token"],
            "scope": "openid profile email offline_access",
            "jwks": {"keys": [self.key.as_dict(private=False)]},
            "dpop_bound_access_tokens": self.sender == "dpop",
            "tls_client_certificate_bound_access_tokens": self.sender == "mtls",
            "require_signed_request_object": self.signed,
        }
        said |= {"response_modes": ["jwt"]} if self.signed else {}
        if self.auth == "mtls":
            dn = {"tls_client_auth_subject_dn": f"CN={self.name},O=City"}
            said |= {"token_endpoint_auth_method": "tls_client_auth", **dn}
        said = {name: value for name, value in (said | changes).items() if value is not None}
        self.registered = self.installation.service.cli_json("agencies", "add", stdin=said)

    def asked(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of an authorization request; None takes one out."""
        said = {
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "scope": "openid email",
            "state": secrets.token_urlsafe(8),
            "nonce": secrets.token_urlsafe(8),
            "response_type": "code",
            "response_mode": "jwt" if self.signed else None,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (said | changes).items() if value is not None}

    def request_object(
        self, asked: Mapping[str, Any], *, key: Any = None, header: Mapping[str, Any] | None = None, **claims: Any
    ) -> str:
        """Return the request signed, without a `typ` as the suite's first client has it."""
        now = int(time.time())
        said = {"iss": self.client_id, "aud": self.installation.issuer, "nbf": now, "exp": now + 300}
        said = {name: value for name, value in (said | dict(asked) | claims).items() if value is not GONE}
        head = {"alg": self.alg, "kid": self.kid} | dict(header or {})
        return sign(json.dumps(head), json.dumps(said), key or self.key, head["alg"])

    def assertion(self, *, key: Any = None, alg: str | None = None, **claims: Any) -> str:
        """Return a proof of who it is, for the issuer as one string; GONE takes a claim out."""
        now = int(time.time())
        said: dict[str, Any] = {"iss": self.client_id, "sub": self.client_id, "aud": self.installation.issuer}
        said |= {"jti": secrets.token_hex(10), "iat": now, "exp": now + 60}
        said = {name: value for name, value in (said | claims).items() if value is not GONE}
        return sign(
            json.dumps({"alg": alg or self.alg, "kid": self.kid}), json.dumps(said), key or self.key, alg or self.alg
        )

    def proving(self, assertion: str | None = None) -> dict[str, str]:
        """Return the parameters that say who it is."""
        if self.auth == "mtls":
            return {"client_id": self.client_id}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion or self.assertion()}

    def send(
        self,
        path: str,
        form: Mapping[str, Any],
        *,
        proof: bool = False,
        certificate: bool | None = None,
        method: str = "POST",
    ) -> requests.Response:
        """Call an endpoint of the provider; a `proof` that lacks a nonce is made anew, all else sent as it was."""
        shows = self.auth == "mtls" or (self.sender == "mtls" and path == "/token")
        shown = self.shown if (shows if certificate is None else certificate) else None
        for _ in range(2):
            headers = {"DPoP": self.proof(method, self.base + path)} if proof else {}
            answer = requests.request(
                method,
                self.base + path,
                data=dict(form),
                headers=headers,
                cert=shown,
                verify=self.installation.authority_file,
                timeout=20,
            )
            if answer.status_code != 400 or answer.json().get("error") != "use_dpop_nonce":
                return answer
            self.nonces["as"] = answer.headers["DPoP-Nonce"]
        return answer

    def proof(self, method: str, address: str, *, of: str = "as", **changes: Any) -> str:
        """Return a DPoP proof with the last nonce given."""
        return self.dpop.proof(method, address, **({"nonce": self.nonces.get(of)} | changes))

    def pushing(self, asked: Mapping[str, Any], **claims: Any) -> dict[str, Any]:
        """Return the form that pushes a request, signed if this client signs."""
        form = {"request": self.request_object(asked, **claims)} if self.signed else dict(asked)
        return form | self.proving()

    def push(self, asked: Mapping[str, Any], *, proof: bool = False, **claims: Any) -> requests.Response:
        """Push a request; `claims` stand in its request object, where it is signed."""
        return self.send("/par", self.pushing(asked, **claims), proof=proof)

    def address_of(self, pushed: requests.Response, **beside: str) -> str:
        """Return where the citizen is sent with what was pushed, `beside` in the query with it."""
        assert pushed.status_code == 201, pushed.text
        named = {"client_id": self.client_id, "request_uri": pushed.json()["request_uri"]}
        return f"{self.installation.issuer}/authorize?{urlencode(named | beside)}"

    def answered(self, address: str) -> dict[str, Any]:
        """Send the citizen there, who does what pages ask, and return what the client is told, read from the JWT."""
        told = in_query(self.citizen.come_back(address, to=self.back))
        for added in ("dummy1", "dummy2"):
            assert (added in self.back) == (told.pop(added, None) is not None)
        return self.opened(told) if self.signed else told

    def opened(self, told: Mapping[str, str]) -> dict[str, Any]:
        """Read a signed answer by the published keys, beside which nothing stands (JARM section 2.4)."""
        assert set(told) == {"response"}, told
        read = jwt.decode(told["response"], self.published_keys(), algorithms=["ES256", "EdDSA"])
        claims = dict(read.claims)
        now = time.time()
        assert (claims.pop("aud"), now < claims.pop("exp") <= now + 600) == (self.client_id, True)
        return claims

    def published_keys(self) -> KeySet:
        """Return what the provider signs with."""
        address = f"{self.installation.issuer}/jwks"
        return KeySet.import_key_set(requests.get(address, verify=self.installation.authority_file, timeout=20).json())

    def code(self, *, proof: bool = False, **changes: Any) -> str:
        """Go the whole way to a code."""
        asked = self.asked(**changes)
        told = self.answered(self.address_of(self.push(asked, proof=proof)))
        assert told.get("error") is None, told
        assert (told["iss"], told.get("state")) == (self.installation.issuer, asked.get("state"))
        return str(told["code"])

    def redeem(self, code: str, **changes: Any) -> requests.Response:
        """Exchange a code, with all that is due."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": VERIFIER}
        said = form | self.proving() | changes
        return self.token({name: value for name, value in said.items() if value is not GONE})

    def token(self, form: Mapping[str, Any], **how: Any) -> requests.Response:
        """Call the token endpoint, bound as this client is."""
        return self.send("/token", form, **({"proof": self.sender == "dpop"} | how))

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """Go the whole way to tokens."""
        answer = self.redeem(self.code(**changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def resource(
        self,
        token: str,
        *,
        scheme: str | None = None,
        proof: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        certificate: bool = True,
        query: str = "",
    ) -> requests.Response:
        """Use a token where it is good: at userinfo. `proof` changes the DPoP proof."""
        address = f"{self.base}/userinfo"
        shown = self.shown if self.sender == "mtls" and certificate else None
        for _ in range(2):
            sent = dict(headers or {})
            if self.sender == "dpop":
                made: dict[str, Any] = {"access_token": token} | dict(proof or {})
                sent.setdefault("DPoP", self.proof("GET", made.pop("address", address), of="rs", **made))
            sent.setdefault("Authorization", f"{scheme or ('DPoP' if self.sender == 'dpop' else 'Bearer')} {token}")
            kept = {name: value for name, value in sent.items() if value}
            answer = requests.get(
                address + query, headers=kept, cert=shown, verify=self.installation.authority_file, timeout=20
            )
            if "use_dpop_nonce" not in answer.headers.get("WWW-Authenticate", ""):
                return answer
            self.nonces["rs"] = answer.headers["DPoP-Nonce"]
        return answer
