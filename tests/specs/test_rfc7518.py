"""RFC 7518 and RFC 7516: published examples of the key agreement and the content encryption our answers use."""

from typing import Any

from joserfc import jwe
from joserfc.jwe import CompactEncryption, Recipient
from joserfc.jwk import ECKey, OctKey
from joserfc.util import urlsafe_b64decode

from federation.hashing import base64url

ALICE: dict[str, Any] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
}
BOB: dict[str, Any] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
}


def test_alice_and_bob_agree_on_the_key_of_rfc_7518_appendix_c():
    header = {"alg": "ECDH-ES", "enc": "A128GCM", "apu": "QWxpY2U", "apv": "Qm9i"}
    agreement: Any = jwe.JWERegistry.algorithms["alg"]["ECDH-ES"]
    content = jwe.JWERegistry.algorithms["enc"]["A128GCM"]

    sent: Recipient[ECKey] = Recipient(CompactEncryption(header), recipient_key=ECKey.import_key(BOB))
    sent.ephemeral_key = ECKey.import_key(ALICE)
    alices = {name: value for name, value in ALICE.items() if name != "d"}
    received: Recipient[ECKey] = Recipient(
        CompactEncryption(header | {"epk": alices}), recipient_key=ECKey.import_key(BOB)
    )

    assert base64url(agreement.encrypt_agreed_upon_key(content, sent)) == "VqqN6vgjbSBcIijNcacQGg"
    assert base64url(agreement.decrypt_agreed_upon_key(content, received)) == "VqqN6vgjbSBcIijNcacQGg"


def test_a128cbc_hs256_opens_the_example_of_rfc_7516_appendix_a_3():
    example = (
        "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
        "AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"
    )
    key = OctKey.import_key({"kty": "oct", "k": "GawgguFyGrWKav7AX4VKUg"})

    assert (
        jwe.decrypt_compact(example, key, algorithms=["A128KW", "A128CBC-HS256"]).plaintext == b"Live long and prosper."
    )


def test_a256gcm_opens_the_example_of_rfc_7516_appendix_a_1():
    header, sealed, tag = (
        b"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ",
        b"5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A",
        b"XFBoMYUZodetZdvTiFvSkQ",
    )
    key = bytes.fromhex("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc")
    content = jwe.JWERegistry.algorithms["enc"]["A256GCM"]

    opened = content.decrypt(
        urlsafe_b64decode(sealed), urlsafe_b64decode(tag), key, urlsafe_b64decode(b"48V1_ALb6US04U3b"), header
    )

    assert opened == b"The true sign of intelligence is not knowledge but imagination."
