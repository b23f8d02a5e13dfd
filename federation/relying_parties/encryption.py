"""What is registered of answers that a relying party alone can read (OIDC Registration 1.0, JARM, RFC 9701)."""

from collections.abc import Mapping
from typing import Any

from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.public_keys import ENCRYPTION_ALGORITHMS, fits

ANSWERS = ("id_token", "userinfo", "authorization", "introspection")
CONTENT_ALGORITHMS = ("A128CBC-HS256", "A256GCM")
"""`enc`, the default first (RFC 7518 section 5.1)."""


def read(reader: MetadataReader) -> dict[str, str | None]:
    """Return `alg` and `enc` of every answer that may be encrypted; both None for one that is not."""
    fields: dict[str, str | None] = {}
    for answer in ANSWERS:
        alg_field, enc_field = f"{answer}_encrypted_response_alg", f"{answer}_encrypted_response_enc"
        alg = reader.choice(alg_field, ENCRYPTION_ALGORITHMS)
        enc = reader.choice(enc_field, CONTENT_ALGORITHMS)
        if enc is not None and reader.given(alg_field) is None:
            reader.refuse(enc_field, f"needs {alg_field} beside it.")
        fields |= {alg_field: alg, enc_field: enc if alg is None else enc or CONTENT_ALGORITHMS[0]}
    return fields


def check_keys(reader: MetadataReader, fields: Mapping[str, Any]) -> None:
    """Refuse answers that could never be encrypted; what stands at a jwks_uri is looked at when it is needed."""
    wanted = {f"{answer}_encrypted_response_alg" for answer in ANSWERS}
    for field in sorted(field for field in wanted if fields[field] is not None):
        if reader.given("jwks") is None and reader.given("jwks_uri") is None:
            reader.refuse(field, "needs jwks or jwks_uri: the public keys you read these answers with.")
        elif fields["jwks"] and fields["jwks"]["keys"] and not fits(fields["jwks"], (fields[field],)):
            reader.refuse(field, "needs a fitting key in jwks: RSA for RSA-OAEP-256, else EC; use enc or no use.")
