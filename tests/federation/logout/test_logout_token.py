"""The logout token as its specification wants it (OIDC Back-Channel Logout 1.0 section 2.4), verified by joserfc."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from federation.logout import logout_token
from federation.relying_parties.model import RelyingParty
from keys.errors import InvalidSignature
from keys.states import Purpose
from tests.support.site import Site

RP = RelyingParty(client_id="rp", client_name="Parking", agency="City")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    return Site.at(folder)


def issue(site: Site, relying_party: RelyingParty = RP) -> str:
    now = site.clock.now()
    return logout_token.issue(
        site.use.signer, relying_party, subject="s", sid="i", issuer="https://id.example", now=now
    )


def read(site: Site, token: str) -> Any:
    document: Any = site.app.test_client().get("/jwks", base_url="https://id.example").json
    return jwt.decode(token, KeySet.import_key_set(document), algorithms=["ES256", "RS256", "EdDSA"])


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_it_is_signed_as_the_id_tokens_of_its_relying_party(site: Site, alg: str):
    token = read(site, issue(site, replace(RP, id_token_signed_response_alg=alg)))

    assert (token.header["alg"], token.header["typ"]) == (alg, "logout+jwt")
    assert token.header["kid"]


def test_it_says_what_it_must_and_nothing_more(site: Site):
    claims = read(site, issue(site)).claims

    assert claims.pop("jti")
    assert claims.pop("exp") - claims["iat"] == timedelta(minutes=2).total_seconds()
    assert claims.pop("iat") == int(site.clock.now().timestamp())
    assert claims == {
        "iss": "https://id.example",
        "aud": "rp",
        "sub": "s",
        "sid": "i",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }


def test_no_two_are_the_same(site: Site):
    assert read(site, issue(site)).claims["jti"] != read(site, issue(site)).claims["jti"]


def test_it_passes_for_no_id_token(site: Site):
    token = issue(site)

    with pytest.raises(InvalidSignature):
        site.use.signer.verify(token, Purpose.ID_TOKEN, typ="JWT")
    assert "nonce" not in jws.extract_compact(token.encode()).payload.decode()
