"""What is registered of a relying party's client certificate (RFC 8705 sections 2.1.2, 2.2.2 and 3.4)."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from cryptography import x509

from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.rules import RegistrationRules

PKI, SELF_SIGNED = "tls_client_auth", "self_signed_tls_client_auth"
METHODS = (PKI, SELF_SIGNED)
NAMES = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
BOUND = "tls_client_certificate_bound_access_tokens"


def read(reader: MetadataReader) -> dict[str, Any]:
    """Return the name that a certificate must have, and whether tokens are bound to it."""
    return {name: reader.text(name) for name in NAMES} | {BOUND: reader.flag(BOUND) or False}


def check(reader: MetadataReader, fields: Mapping[str, Any], rules: RegistrationRules) -> None:
    """Refuse what cannot be proved here, and any number of names but one."""
    method, names = fields["token_endpoint_auth_method"], [name for name in NAMES if fields[name] is not None]
    for field, asked in (("token_endpoint_auth_method", method in METHODS), (BOUND, fields[BOUND])):
        if asked and not rules.mutual_tls:
            reader.refuse(field, "needs client certificates, which are not asked for anywhere here.")
    if method == PKI and len(names) != 1:
        reader.refuse("token_endpoint_auth_method", f"{PKI} needs one name: {', '.join(NAMES)}.")
    if method != PKI and names:
        reader.refuse(names[0], f"belongs to {PKI}; leave it out.")
    if method == SELF_SIGNED and reader.given("jwks") is None and reader.given("jwks_uri") is None:
        reader.refuse("jwks", f"is needed by {SELF_SIGNED}: give the public keys of your certificates, or jwks_uri.")
    for name in names:
        if not _is_readable(name, fields[name]):
            reader.refuse(name, "cannot be read as a name of its kind.")


def settled(name: str, registered: str) -> object:
    """Return a registered name in the form that certificates are compared by; raise ValueError."""
    if name == "tls_client_auth_subject_dn":
        return x509.Name.from_rfc4514_string(registered)
    return ipaddress.ip_address(registered) if name == "tls_client_auth_san_ip" else registered


def _is_readable(name: str, registered: str) -> bool:
    try:
        return bool(settled(name, registered))
    except ValueError:
        return False
