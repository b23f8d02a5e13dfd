"""What makes a DPoP proof unfit, each fault by itself at the token endpoint (RFC 9449 section 4.3)."""

from base64 import urlsafe_b64decode
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from tests.support.agency import agency
from tests.support.dpop import GONE, DpopKey, sign
from tests.support.holder import ISSUER, TOKEN, holder

__all__ = ["agency", "holder"]


UNFIT: dict[str, Any] = {
    "another method": {"htm": "GET"},
    "method in small letters": {"htm": "post"},
    "another endpoint": {"htu": f"{ISSUER}/par"},
    "another server": {"htu": "https://evil.example/token"},
    "another scheme": {"htu": "http://id.example/token"},
    "another port": {"htu": "https://id.example:444/token"},
    "no port": {"htu": "https://id.example:x/token"},
    "a user before the host": {"htu": "https://id.example@evil.example/token"},
    "a user at our host": {"htu": "https://evil@id.example/token"},
    "a path below": {"htu": f"{TOKEN}/"},
    "an address that is a number": {"htu": 5},
    "no address": {"htu": GONE},
    "no method": {"htm": GONE},
    "no jti": {"jti": GONE},
    "an empty jti": {"jti": ""},
    "a jti that is a list": {"jti": ["a"]},
    "an endless jti": {"jti": "a" * 201},
    "no iat": {"iat": GONE},
    "an iat of words": {"iat": "now"},
    "an iat beyond time": {"iat": 10**30},
    "made in the future": {"iat": 4102444800},
    "typ of a JWT": {"header": {"typ": "JWT"}},
    "typ of an access token": {"header": {"typ": "at+jwt"}},
    "no typ": {"header": {"typ": GONE}},
    "alg none": {"header": {"alg": "none"}},
    "alg HS256": {"header": {"alg": "HS256"}},
    "alg RS256": {"header": {"alg": "RS256"}},
    "another alg than its key's": {"header": {"alg": "PS256"}},
    "no jwk": {"header": {"jwk": GONE}},
    "a jwk that is text": {"header": {"jwk": "key"}},
    "a jwk that is a list": {"header": {"jwk": []}},
    "a shared key": {"header": {"jwk": OctKey.generate_key(256).as_dict()}},
    "a curve we do not know": {"header": {"jwk": ECKey.generate_key("P-384").as_dict(private=False)}},
    "a point off the curve": {"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}},
    "a key for encryption": {"header": {"jwk": ECKey.generate_key("P-256").as_dict(private=False) | {"use": "enc"}}},
    "an extension": {"header": {"crit": ["exp"], "exp": 1}},
    "unencoded": {"header": {"b64": False}},
    "signed by another key": {"signer": DpopKey()},
}


@pytest.mark.parametrize("wrong", UNFIT.values(), ids=UNFIT)
def test_an_unfit_proof_buys_nothing_and_spends_no_code(holder: Any, wrong: dict[str, Any]) -> None:
    permits = holder()
    code = permits.agency.code()

    answer = permits.redeem(code, permits.proof("POST", TOKEN, **wrong))

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")
    assert answer.headers["DPoP-Nonce"]
    assert permits.redeem(code).status_code == 200


@pytest.mark.parametrize("text", ["x", "a.b.c", ".", "..", "\u00e9", "a" * 9000, "{}.{}.{}", "e30.e30.e30", ","])
def test_what_is_no_proof_is_refused(holder: Any, text: str) -> None:
    permits = holder()

    answer = permits.redeem(permits.agency.code(), text)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_dpop_proof")


def test_a_proof_that_shows_its_private_key_is_refused(holder: Any) -> None:
    permits = holder()
    shown = permits.proof("POST", TOKEN, header={"jwk": permits.key.key.as_dict(private=True)})

    assert permits.redeem(permits.agency.code(), shown).json["error"] == "invalid_dpop_proof"


def test_two_proofs_in_one_request_are_refused(holder: Any) -> None:
    permits = holder()
    two = ", ".join(permits.proof("POST", TOKEN) for _ in range(2))

    assert permits.redeem(permits.agency.code(), two).json["error"] == "invalid_dpop_proof"


def test_a_member_named_twice_is_refused(holder: Any) -> None:
    permits = holder()
    head, said, _ = permits.proof("POST", TOKEN).split(".")
    twice = _text(said).replace('"htm"', '"htm": "POST", "htm"')

    answer = permits.redeem(permits.agency.code(), sign(_text(head), twice, permits.key.key, "ES256"))

    assert answer.json["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize("address", ["HTTPS://ID.example/token", "https://id.example:443/token?a=b#c"])
def test_the_address_may_be_spelt_as_addresses_may_be(holder: Any, address: str) -> None:
    permits = holder()

    assert permits.redeem(permits.agency.code(), permits.proof("POST", address)).status_code == 200


def _text(segment: str) -> str:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()
