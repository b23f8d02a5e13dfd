"""Values that standards print, recomputed or taken by our code: signatures, thumbprints, hashes, certificates."""

from base64 import b64decode

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from federation.client_authentication import signed_jwt
from federation.client_authentication.certificates import ClientCertificate
from federation.client_authentication.signed_jwt import SignedJwt
from federation.hashing import ascii_hash
from federation.tokens.id_token import at_hash

ED25519: dict[str, str | list[str]] = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
"""RFC 8037 appendix A.2."""
SIGNED_BY_ED25519 = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4"
    "iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
"""RFC 8037 appendix A.4."""
P256: dict[str, str | list[str]] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
"""RFC 7515 appendix A.3.1."""
SIGNED_BY_P256 = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
"""RFC 7515 appendix A.3.1."""
RSA: dict[str, str | list[str]] = {
    "kty": "RSA",
    "e": "AQAB",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu"
        "6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8a"
        "wapJzKnqDKgw"
    ),
}
"""RFC 7638 section 3.1."""
MTLS = (
    "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbX"
    "RsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsD"
    "Sb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50"
    "Q2DmFfQj1L+SY="
)
"""RFC 8705 appendix A, figure 6."""
CLIENT_CERT = (
    ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZS"
    "BDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnM"
    "tOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3W"
    "jLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29t"
    "MAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk"
    "=:"
)
"""RFC 9440 appendix A, figure 2."""


@pytest.mark.parametrize(
    ("text", "key", "alg"),
    [(SIGNED_BY_P256, ECKey.import_key(P256), "ES256"), (SIGNED_BY_ED25519, OKPKey.import_key(ED25519), "EdDSA")],
    ids=["RFC 7515 A.3", "RFC 8037 A.4"],
)
def test_what_the_standards_signed_verifies_and_a_change_of_it_does_not(text, key, alg):
    changed = text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]

    assert signed_jwt.is_signed_by(SignedJwt(text=text, header={}, claims={}), key, alg)
    assert not signed_jwt.is_signed_by(SignedJwt(text=changed, header={}, claims={}), key, alg)


def test_a_jwt_is_read_as_printed():
    found = signed_jwt.read(SIGNED_BY_P256)

    assert (found.header, found.claims["iss"], found.claims["exp"]) == ({"alg": "ES256"}, "joe", 1300819380)


@pytest.mark.parametrize(
    ("key", "thumbprint"),
    [
        (RSAKey.import_key(RSA), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (OKPKey.import_key(ED25519), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ],
    ids=["RFC 7638 3.1", "RFC 8037 A.3"],
)
def test_thumbprints_are_those_of_the_standards(key, thumbprint):
    assert key.thumbprint() == thumbprint


def test_a_challenge_is_made_of_its_verifier_as_in_rfc_7636_appendix_b():
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert ascii_hash(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_access_token_has_the_hash_of_openid_connect_core_appendix_a():
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_a_certificate_has_the_thumbprint_of_rfc_8705_appendix_a():
    assert ClientCertificate(b64decode(MTLS)).thumbprint == "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"


def test_the_field_of_rfc_9440_appendix_a_is_read():
    found = ClientCertificate.of_header(CLIENT_CERT)

    assert found.read.subject.rfc4514_string() == "CN=BC"
