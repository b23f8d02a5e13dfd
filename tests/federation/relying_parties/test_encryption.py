"""Which of a relying party's keys an answer may be encrypted to, and what registration refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64encode

from federation.outbound import Fetcher
from federation.relying_parties.description import describe
from federation.relying_parties.faults import InvalidClientMetadata
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.public_keys import check_public_keys, find_encrypting
from federation.relying_parties.registration import register
from federation.relying_parties.rules import RegistrationRules

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANSWERS = ["id_token", "userinfo", "authorization"]
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")


def public(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


def added(**metadata: Any) -> RelyingParty:
    given = {"redirect_uris": ["https://a.example/"], "token_endpoint_auth_method": "client_secret_basic", **metadata}
    rules = RegistrationRules(loopback_http=False)
    return register(given, rules=rules, fetcher=Fetcher(deadline=1), now=NOW).relying_party


def faulty(**metadata: Any) -> list[str]:
    with pytest.raises(InvalidClientMetadata) as refused:
        added(**metadata)
    return [fault.field for fault in refused.value.faults]


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_answer_of_registration_shows_the_content_encryption_that_stands_in_for_silence(answer: str) -> None:
    alg, enc = f"{answer}_encrypted_response_alg", f"{answer}_encrypted_response_enc"

    told = describe(added(jwks={"keys": [public(RSA, use="enc")]}, **{alg: "RSA-OAEP-256"}))

    assert (told[alg], told[enc]) == ("RSA-OAEP-256", "A128CBC-HS256")
    assert not any("encrypted" in name for name in set(told) - {alg, enc})


@pytest.mark.parametrize("answer", ANSWERS)
def test_content_encryption_without_key_encryption_is_refused(answer: str) -> None:
    enc = f"{answer}_encrypted_response_enc"

    assert faulty(jwks={"keys": [public(RSA)]}, **{enc: "A256GCM"}) == [enc]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    "keys",
    [
        None,
        [public(EC)],
        [public(RSA, use="sig")],
        [public(RSA, alg="RS256")],
        [public(RSA, alg="RSA-OAEP"), public(EC)],
        [public(RSA, key_ops=["verify"]), public(EC, use="enc")],
    ],
    ids=["none", "another type", "for signatures", "of a signature", "another algorithm", "to verify"],
)
def test_without_a_key_that_fits_encryption_is_refused(answer: str, keys: list[Any] | None) -> None:
    given = {} if keys is None else {"jwks": {"keys": keys}}
    alg = f"{answer}_encrypted_response_alg"

    assert faulty(**given, **{alg: "RSA-OAEP-256"}) == [alg]


@pytest.mark.parametrize("alg", ["RSA1_5", "RSA-OAEP", "dir", "A128KW", "none", "ECDH-ES+A128KW", 7, ["ECDH-ES"]])
def test_no_other_way_to_encrypt_is_taken(alg: Any) -> None:
    field = "id_token_encrypted_response_alg"

    assert faulty(jwks={"keys": [public(RSA), public(EC)]}, **{field: alg}) == [field]
    assert faulty(jwks={"keys": [public(EC)]}, id_token_encrypted_response_enc="A128GCM", **{field: "ECDH-ES"}) == [
        "id_token_encrypted_response_enc"
    ]


def test_encrypted_requests_are_not_read() -> None:
    assert faulty(request_object_encryption_alg="ECDH-ES") == ["request_object_encryption_alg"]


def test_keys_to_encrypt_to_prove_nothing() -> None:
    keys = {"keys": [public(RSA, use="enc")]}

    assert faulty(token_endpoint_auth_method="private_key_jwt", jwks=keys) == ["jwks"]
    assert faulty(require_signed_request_object=True, jwks=keys) == ["jwks"]


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A256KW"])
def test_agreement_works_on_the_curves_of_rfc_7518(curve: str, alg: str) -> None:
    key = ECKey.generate_key(curve)

    assert (
        added(jwks={"keys": [public(key)]}, id_token_encrypted_response_alg=alg).id_token_encrypted_response_alg == alg
    )


def test_a_key_meant_for_encryption_comes_before_one_that_may_do_all() -> None:
    other = RSAKey.generate_key(2048)
    document = check_public_keys({"keys": [public(RSA, kid="all"), public(ED), public(other, kid="enc", use="enc")]})

    found = find_encrypting(document, "RSA-OAEP-256")

    assert found is not None
    assert found.kid == "enc"
    assert found.key.as_dict(private=False)["n"] == public(other)["n"]
    assert find_encrypting(document, "ECDH-ES") is None


def test_a_key_as_browsers_export_it_is_taken() -> None:
    agreement = check_public_keys({"keys": [public(EC, key_ops=[], ext=True)]})
    sealing = check_public_keys({"keys": [public(RSA, key_ops=["encrypt"], alg="RSA-OAEP-256", ext=True)]})

    assert find_encrypting(agreement, "ECDH-ES") is not None
    assert find_encrypting(sealing, "RSA-OAEP-256") is not None


def test_the_same_name_for_a_key_of_each_kind_is_no_mistake() -> None:
    assert added(jwks={"keys": [public(EC, kid="a", use="sig"), public(RSA, kid="a", use="enc")]}).jwks is not None
    assert faulty(jwks={"keys": [public(EC, kid="a", use="enc"), public(RSA, kid="a", use="enc")]}) == ["jwks"]


def test_an_even_modulus_is_no_key() -> None:
    even = bytearray(RSA.public_key.public_numbers().n.to_bytes(256, "big"))
    even[-1] &= 0xFE
    assert faulty(jwks={"keys": [public(RSA, n=urlsafe_b64encode(bytes(even)).decode())]}) == ["jwks"]
