"""Metadata in a signed JWT inside the document (RFC 8414 section 2.1): alike on every node, by a key of the moment."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from federation.discovery import SIGNED_TYPE, SIGNED_WITH
from keys import rotation
from keys.keyset import Key
from keys.states import Purpose
from tests.support.pair import on_files
from tests.support.site import Browser, Site

OIDC = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"


@pytest.fixture
def own(tmp_path: Path) -> Site:
    return on_files(tmp_path / "site")


def body(site: Site, path: str = OIDC) -> bytes:
    answer = site.app.test_client().get(path, base_url=site.use.settings.issuer)
    assert answer.status_code == 200, answer.text
    return answer.get_data()


def told(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(body(site))
    return document


def kid_of(site: Site) -> str:
    kid: str = jws.extract_compact(told(site)["signed_metadata"].encode()).headers()["kid"]
    return kid


def jwks(site: Site) -> KeySet:
    answer = site.app.test_client().get("/jwks", base_url=site.use.settings.issuer)
    return KeySet.import_key_set(answer.get_json())


def revoke(site: Site) -> Key:
    """Revoke the key that signs."""
    with site.use.database.work() as stores:
        signing = stores.keys.read().active(Purpose.ID_TOKEN, SIGNED_WITH)
        assert signing is not None
        rotation.revoke(stores.keys, site.use.key_provider, signing.kid, "rehearsal", site.clock.now())
    return signing


def soon(happens: Callable[[], bool], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while not happens() and time.monotonic() < until:
        time.sleep(0.1)
    return happens()


def test_the_signed_metadata_says_what_the_document_says_and_who_says_it(site: Site) -> None:
    document = told(site)
    signed = document.pop("signed_metadata")

    read = jwt.decode(signed, jwks(site), algorithms=[SIGNED_WITH])

    assert read.header["typ"] == SIGNED_TYPE
    assert read.claims == {**document, "iss": site.use.settings.issuer}


def test_every_node_gives_the_same_bytes_at_both_addresses(site: Site) -> None:
    other = site.restarted()

    assert len({body(node, path) for node in (site, other) for path in (OIDC, OAUTH) for _ in range(3)}) == 1


def test_a_revoked_key_is_never_named_again_and_its_successor_signs(own: Site) -> None:
    before = kid_of(own)
    own.clock.pass_by(own.use.settings.key_prepublish)

    assert revoke(own).kid == before

    assert soon(lambda: kid_of(own) != before)
    assert kid_of(own) in {key.kid for key in jwks(own).keys}
    assert before not in {key.kid for key in jwks(own).keys}
    assert body(own) == body(own.restarted())


def test_while_no_key_signs_the_document_is_served_without(own: Site) -> None:
    for _ in range(2):
        revoke(own)
    restarted = own.restarted()

    assert "signed_metadata" not in told(restarted)
    assert told(restarted)["issuer"] == own.use.settings.issuer


def test_with_the_database_away_from_the_start_the_document_is_served_without(tmp_path: Path) -> None:
    closed = "postgresql+psycopg://127.0.0.1:1/nowhere"
    site = Site.on(closed, f"sqlite:///{tmp_path / 'ephemeral.db'}", tmp_path)
    body(site)

    began = time.monotonic()
    assert all("signed_metadata" not in told(site) for _ in range(20))

    assert time.monotonic() - began < 1, "each request waits for the database"


def test_it_is_no_id_token_and_no_access_token(site: Site, browser: Browser) -> None:
    signed = told(site)["signed_metadata"]

    as_hint = browser.authorize({"id_token_hint": signed, "prompt": "none"})
    as_bearer = browser.client.get(
        "/userinfo", base_url=browser.base_url, headers={"Authorization": f"Bearer {signed}"}
    )

    assert "error=invalid_request" in as_hint.location
    assert as_bearer.status_code == 401
