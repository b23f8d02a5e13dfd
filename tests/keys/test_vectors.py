"""Published vectors: thumbprints, signatures, and what a JWKS may hold."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from keys import rotation
from keys.jwks import document
from keys.keyset import Key, KeySet
from keys.providers.embedded import EmbeddedProvider
from keys.states import State
from keys.wrapping import Wrapping
from tests.keys.support import ID, NOW, RULES, InMemory, found, provider

# RFC 7638 section 3.1
RSA_PUBLIC: dict[str, str | list[str]] = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB"
    "ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
}

# RFC 8037 appendix A
ED25519: dict[str, str | list[str]] = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}

# RFC 7515 appendix A.3
P256: dict[str, str | list[str]] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
P256_MESSAGE = (
    b"eyJhbGciOiJFUzI1NiJ9"
    b".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
)


def test_key_ids_are_the_thumbprints_of_rfc_7638_and_rfc_8037():
    assert RSAKey.import_key(RSA_PUBLIC).thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert OKPKey.import_key(ED25519).thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_every_key_we_make_is_named_by_its_thumbprint():
    store = InMemory()
    rotation.advance(store, provider(), RULES, NOW)

    for key in store.keys.keys:
        assert import_key(dict(key.public_jwk)).thumbprint() == key.kid


def _kept(jwk: Mapping[str, Any], kid: str, alg: str, wrapping: Wrapping) -> Key:
    return Key(
        kid=kid,
        purpose=ID,
        alg=alg,
        state=State.ACTIVE,
        provider="embedded",
        public_jwk={name: value for name, value in jwk.items() if name != "d"},
        private=wrapping.seal(json.dumps(jwk).encode(), row=f"signing-key:{kid}:id_token:{alg}"),
        created_at=NOW,
    )


def test_an_ed25519_key_signs_as_rfc_8037_appendix_a_4_says():

    wrapping = Wrapping([bytes(32)])
    key = _kept(ED25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "EdDSA", wrapping)

    signature = EmbeddedProvider(wrapping).signing(key)(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")

    assert urlsafe_b64encode(signature) == (
        b"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )


def test_a_p256_key_signs_what_the_key_of_rfc_7515_appendix_a_3_verifies():

    wrapping = Wrapping([bytes(32)])
    public = ECKey.import_key({name: value for name, value in P256.items() if name != "d"})
    key = _kept(P256, public.thumbprint(), "ES256", wrapping)

    signature = EmbeddedProvider(wrapping).signing(key)(P256_MESSAGE)

    assert len(signature) == 64
    assert JWSRegistry.algorithms["ES256"].verify(P256_MESSAGE, signature, public)


def test_the_jwks_holds_no_private_half_and_only_what_is_served():
    store, maker = InMemory(), provider()
    rotation.advance(store, maker, RULES, NOW)
    revoked = found(store.keys.standby(ID, "ES256")).kid
    rotation.revoke(store, maker, revoked, "test", NOW)

    listed = json.loads(document(store.keys).body)["keys"]

    assert len(listed) == len({jwk["kid"] for jwk in listed}) == 6
    assert revoked not in {jwk["kid"] for jwk in listed}
    assert {name for jwk in listed for name in jwk} <= {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}
    assert all(jwk["use"] == "sig" for jwk in listed)


def test_the_same_keys_give_the_same_bytes_and_tag_whatever_their_order():

    store = InMemory()
    rotation.advance(store, provider(), RULES, NOW)
    turned = KeySet(store.keys.epoch, tuple(reversed(store.keys.keys)))

    assert document(turned) == document(store.keys)
    assert document(store.keys).etag.startswith('"')
