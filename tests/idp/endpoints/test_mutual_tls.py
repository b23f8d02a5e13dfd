"""Client certificates over the whole application (RFC 8705), as a proxy that is trusted hands them on (RFC 9440)."""

import hashlib
import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from federation.client_authentication.certificates import LONGEST, ClientCertificate, UnreadableCertificate
from federation.hashing import base64url
from federation.relying_parties.model import RelyingParty
from tests.support import installation
from tests.support.agency import BACK, COMMON, SECRET, told_to
from tests.support.certificates import DAY, Held, authority, issue
from tests.support.dpop import DpopKey
from tests.support.site import ASKED, Site
from tests.support.token_office import VERIFIER, claims_in

ISSUER, MTLS = "https://id.example", "https://mtls.id.example"
AUTHORITY, OTHERS = authority(), authority()
PERMITS, SELF_MADE = issue("permits", AUTHORITY), issue("permits", None)
PKI: dict[str, Any] = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=permits,O=City",
    "client_secret_hash": None,
}
SELF_SIGNED: dict[str, Any] = {
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "jwks": {"keys": [SELF_MADE.jwk]},
    "client_secret_hash": None,
}
BOUND = {"tls_client_certificate_bound_access_tokens": True}
ITSELF = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("mtls")
    file = folder / "clients.pem"
    file.write_bytes(AUTHORITY.pem)
    settings = {"mtls_url": MTLS, "mtls_proxies": "127.0.0.1/32", "client_ca": str(file)}
    return Site.on(installation.copy_to(folder), f"sqlite:///{folder}/ephemeral.db", folder, **settings)


def known(site: Site, **changes: Any) -> RelyingParty:
    return site.register(RelyingParty(**COMMON | {"client_id": secrets.token_hex(8)} | changes))


def call(
    site: Site,
    path: str,
    form: dict[str, str] | None = None,
    held: Held | str | None = None,
    *,
    base: str = MTLS,
    peer: str = "127.0.0.1",
    **headers: str,
) -> Any:
    """Send a form, or look, as the proxy at `peer` passes it on."""
    shown = held.header if isinstance(held, Held) else held
    return site.app.test_client(use_cookies=False).open(
        path,
        method="GET" if form is None else "POST",
        data=form,
        headers=headers | ({} if shown is None else {"Client-Cert": shown}),
        base_url=base,
        environ_base={"REMOTE_ADDR": peer},
    )


def thumbprint(held: Held) -> str:
    return base64url(hashlib.sha256(held.certificate.public_bytes(Encoding.DER)).digest())


@pytest.mark.parametrize(
    "name",
    [
        {"tls_client_auth_subject_dn": "CN=permits,O=City"},
        {"tls_client_auth_subject_dn": None, "tls_client_auth_san_dns": "permits.example"},
        {"tls_client_auth_subject_dn": None, "tls_client_auth_san_uri": "https://permits.example/"},
        {"tls_client_auth_subject_dn": None, "tls_client_auth_san_ip": "192.0.2.7"},
        {"tls_client_auth_subject_dn": None, "tls_client_auth_san_email": "permits@agency.example"},
    ],
    ids=["dn", "dns", "uri", "ip", "email"],
)
def test_a_service_is_known_by_a_name_in_its_certificate(site: Site, name: dict[str, Any]) -> None:
    permits = known(site, **PKI | name)
    form = ITSELF | {"client_id": permits.client_id}

    assert call(site, "/token", form, PERMITS).status_code == 200
    assert (
        call(site, "/token", form, issue("fishing", AUTHORITY, address="192.0.2.8")).json["error"] == "invalid_client"
    )


def test_a_service_is_known_by_a_key_it_published_and_may_make_a_new_certificate(site: Site) -> None:
    permits = known(site, **SELF_SIGNED)
    form = ITSELF | {"client_id": permits.client_id}

    assert call(site, "/token", form, SELF_MADE).status_code == 200
    assert call(site, "/token", form, issue("permits", None)).json["error"] == "invalid_client"
    assert call(site, "/token", form, PERMITS).json["error"] == "invalid_client"


REFUSED: dict[str, Any] = {
    "none": {"held": None},
    "another authority's": {"held": issue("permits", OTHERS)},
    "signed by itself": {"held": SELF_MADE},
    "one for servers": {"held": issue("permits", AUTHORITY, usage=ExtendedKeyUsageOID.SERVER_AUTH)},
    "one that has ended": {"held": issue("permits", AUTHORITY, ends=-DAY)},
    "the authority's own": {"held": AUTHORITY},
    "one told by nobody we know": {"held": PERMITS, "peer": "203.0.113.9"},
    "one told at the address of browsers": {"held": PERMITS, "base": ISSUER},
}


@pytest.mark.parametrize("shown", REFUSED.values(), ids=REFUSED)
def test_other_certificates_prove_nothing(site: Site, shown: dict[str, Any]) -> None:
    permits = known(site, **PKI)

    answer = call(site, "/token", ITSELF | {"client_id": permits.client_id}, **shown)

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("text", ["x", ":x:", "::", ":AAAA:", ":%s:" % ("A" * LONGEST), PERMITS.header[:-9] + ":", ""])
def test_what_is_no_certificate_is_refused_whoever_is_named(site: Site, text: str) -> None:
    permits = known(site, **PKI)

    assert call(site, "/token", ITSELF | {"client_id": permits.client_id}, text).status_code == 400
    with pytest.raises(UnreadableCertificate):
        ClientCertificate.of_header(text)


def test_a_certificate_proves_nothing_for_a_service_that_proves_itself_otherwise(site: Site) -> None:
    by_secret, public = known(site), known(site, token_endpoint_auth_method="none", client_secret_hash=None)

    for named in (by_secret, public):
        answer = call(site, "/introspect", {"token": "x", "client_id": named.client_id}, PERMITS)
        assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_a_secret_or_an_assertion_proves_nothing_for_a_service_known_by_its_certificate(site: Site) -> None:
    permits = known(site, **PKI)

    answer = call(site, "/token", ITSELF | {"client_id": permits.client_id, "client_secret": SECRET}, PERMITS)

    assert answer.json["error"] == "invalid_client"


def sign_in(site: Site, permits: RelyingParty) -> str:
    """Return the code that a citizen's browser brings back."""
    browser = site.browser()
    browser.sign_in(site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org"))
    asked = {**ASKED, "client_id": permits.client_id, "redirect_uri": BACK, "scope": "openid email"}
    interaction_id = browser.begin(asked)
    browser.press(f"/consent/{interaction_id}", "allow")
    return told_to(browser.get(f"/authorize/{interaction_id}"))["code"]


def redemption(permits: RelyingParty, code: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return form | {"client_id": permits.client_id}


@pytest.mark.parametrize("form", [{}, {"access_token_format": "opaque"}], ids=["jwt", "opaque"])
def test_a_bound_token_is_used_with_its_certificate_alone(site: Site, form: dict[str, Any]) -> None:
    permits = known(site, **PKI | BOUND | form)
    answer = call(site, "/token", redemption(permits, sign_in(site, permits)), PERMITS)
    assert answer.json["token_type"] == "Bearer", answer.json
    token = answer.json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    assert call(site, "/userinfo", None, PERMITS, **bearer).status_code == 200
    for stolen in (
        call(site, "/userinfo", None, None, **bearer),
        call(site, "/userinfo", None, issue("permits", AUTHORITY), **bearer),
        call(site, "/userinfo", None, PERMITS, base=ISSUER, **bearer),
        call(site, "/userinfo", None, PERMITS, peer="203.0.113.9", **bearer),
    ):
        assert (stolen.status_code, stolen.json["error"]) == (401, "invalid_token")
    said = call(site, "/introspect", {"token": token, "client_id": permits.client_id}, PERMITS).json
    assert said["cnf"] == {"x5t#S256": thumbprint(PERMITS)}


def test_who_must_bind_shows_a_certificate_whatever_proves_it(site: Site) -> None:
    app = known(site, token_endpoint_auth_method="none", client_secret_hash=None, **BOUND)
    codes = [sign_in(site, app) for _ in range(2)]

    assert call(site, "/token", redemption(app, codes[0])).json["error"] == "invalid_request"
    bound = call(site, "/token", redemption(app, codes[1]), SELF_MADE).json
    assert claims_in(bound["access_token"])["cnf"] == {"x5t#S256": thumbprint(SELF_MADE)}


def test_a_public_client_renews_with_the_same_certificate(site: Site) -> None:
    app = known(site, token_endpoint_auth_method="none", client_secret_hash=None, **BOUND)
    browser = site.browser()
    browser.sign_in(site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org"))
    asked = {**ASKED, "client_id": app.client_id, "redirect_uri": BACK, "scope": "openid offline_access"}
    interaction_id = browser.begin(asked | {"prompt": "consent"})
    browser.press(f"/consent/{interaction_id}", "allow")
    code = told_to(browser.get(f"/authorize/{interaction_id}"))["code"]
    first = call(site, "/token", redemption(app, code), SELF_MADE).json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": first, "client_id": app.client_id}

    assert call(site, "/token", form, issue("permits", None)).json["error"] == "invalid_grant"
    renewed = call(site, "/token", form, SELF_MADE)
    assert renewed.status_code == 200
    assert "refresh_token" not in renewed.json


def test_a_certificate_and_a_dpop_key_bind_together(site: Site) -> None:
    permits = known(site, **PKI | BOUND)
    key = DpopKey()
    nonce = site.use.nonces.issue(site.clock.now())
    form = ITSELF | {"client_id": permits.client_id}

    answer = call(site, "/token", form, PERMITS, DPoP=key.proof("POST", f"{MTLS}/token", nonce=nonce))

    assert answer.json["token_type"] == "DPoP"
    assert claims_in(answer.json["access_token"])["cnf"] == {"jkt": key.thumbprint, "x5t#S256": thumbprint(PERMITS)}


@pytest.mark.parametrize("path", ["/", "/authorize", "/sign-in/x", "/jwks", "/logout", "/register", "/device"])
def test_only_what_services_call_answers_where_certificates_are_shown(site: Site, path: str) -> None:
    assert call(site, path).status_code in {404, 421}


def test_discovery_says_where_certificates_are_shown(site: Site) -> None:
    told = call(site, "/.well-known/openid-configuration", base=ISSUER).json

    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"{MTLS}/token"
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(told["token_endpoint_auth_methods_supported"])
    for address in told["mtls_endpoint_aliases"].values():
        empty: tuple[dict[str, str] | None, ...] = (None, {})
        asked = {call(site, address.removeprefix(MTLS), form).status_code for form in empty}
        assert asked & {400, 401}, (address, asked)


def test_where_no_certificates_are_asked_for_none_is_believed_or_offered(tmp_path: Path) -> None:
    plain = Site.at(tmp_path)
    permits = known(plain, **PKI)

    answer = call(plain, "/token", ITSELF | {"client_id": permits.client_id}, PERMITS, base=ISSUER)
    told = call(plain, "/.well-known/openid-configuration", base=ISSUER).json

    assert answer.json["error"] == "invalid_client"
    assert "mtls_endpoint_aliases" not in told
    assert not {"tls_client_auth", "self_signed_tls_client_auth"} & set(told["token_endpoint_auth_methods_supported"])
