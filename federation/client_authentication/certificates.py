"""Client certificates: what a relying party proved in its TLS handshake with our proxy (RFC 8705 section 2).

The proxy proves that the caller holds the certificate's key, and hands it on (RFC 9440). Whom to believe is judged
here.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import MappingProxyType

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import verification
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from federation.client_authentication.keys import RelyingPartyKeys
from federation.errors import InvalidClient
from federation.hashing import base64url
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.mutual_tls import SELF_SIGNED, settled
from federation.relying_parties.public_keys import UnusableKeys, check_public_keys

LONGEST = 12_288
"""Characters of the header."""
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_ALGORITHMS = ("ES256", "PS256", "RS256", "EdDSA")
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What reading one may raise; they have no parent but Exception."""


class UnreadableCertificate(ValueError):
    """The proxy handed on what is no certificate."""


@dataclass(frozen=True)
class ClientCertificate:
    """One certificate whose key the caller holds; nothing else of it is proved."""

    der: bytes

    @classmethod
    def of_header(cls, text: str) -> "ClientCertificate":
        """Read the field Client-Cert (RFC 9440 section 2.2), every part now; raise UnreadableCertificate."""
        found = _BYTES.fullmatch(text)
        if found is None or len(text) > LONGEST:
            raise UnreadableCertificate("not a byte sequence of bearable length")
        try:
            made = cls(b64decode(found[1], validate=True))
            _ = made.read.public_key(), made.read.subject, made.read.extensions
        except _UNREADABLE as error:
            raise UnreadableCertificate("not a certificate that can be read") from error
        return made

    @cached_property
    def read(self) -> x509.Certificate:
        """The certificate taken apart."""
        return x509.load_der_x509_certificate(self.der)

    @property
    def thumbprint(self) -> str:
        """`x5t#S256` (RFC 8705 section 3.1)."""
        return base64url(hashlib.sha256(self.der).digest())


class Authorities:
    """Those whose word for a name we take."""

    def __init__(self, pem: bytes) -> None:
        """Take the certificates of authorities, as PEM; raise ValueError."""
        self._store = verification.Store(x509.load_pem_x509_certificates(pem))

    def vouch_for(self, certificate: x509.Certificate, now: datetime) -> bool:
        """Say whether one of them issued it for clients, for now (RFC 5280). A name may stand in the subject alone."""
        policy = verification.ExtensionPolicy.webpki_defaults_ee().may_be_present(
            x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None
        )
        verifier = (
            verification.PolicyBuilder()
            .store(self._store)
            .time(now)
            .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=policy)
            .build_client_verifier()
        )
        try:
            verifier.verify(certificate, [])
        except verification.VerificationError:
            return False
        return True


def check(
    certificate: ClientCertificate | None,
    relying_party: RelyingParty,
    *,
    authorities: Authorities | None,
    keys: RelyingPartyKeys,
    now: datetime,
) -> None:
    """Raise InvalidClient unless the certificate is the relying party's, by the one method it is registered for."""
    if certificate is None:
        raise InvalidClient("no client certificate came")
    read = certificate.read
    if not read.not_valid_before_utc <= now <= read.not_valid_after_utc:
        raise InvalidClient("the client certificate is not valid now")
    thumbprint = _thumbprint_of(read)
    if relying_party.token_endpoint_auth_method == SELF_SIGNED:
        _check_key(thumbprint, relying_party, keys)
    elif authorities is None or not authorities.vouch_for(read, now):
        raise InvalidClient("no authority of ours vouches for the client certificate")
    elif not _is_named(read, relying_party):
        raise InvalidClient("the client certificate has another name")


def _check_key(thumbprint: str, relying_party: RelyingParty, keys: RelyingPartyKeys) -> None:
    """Compare keys, not certificates: a certificate of a registered key is one that its holder made (section 2.2)."""
    if _is_among(thumbprint, relying_party, keys):
        return
    if not (keys.renew(relying_party) and _is_among(thumbprint, relying_party, keys)):
        raise InvalidClient("the client certificate is not of a registered key")


def _thumbprint_of(certificate: x509.Certificate) -> str:
    """Return the thumbprint of its key (RFC 7638), which must be strong enough to be registered, whoever issued it."""
    pem = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for kind in ("EC", "RSA", "OKP"):
        try:
            key = import_key(pem, kind)
            check_public_keys({"keys": [key.as_dict(private=False)]})
        except (JoseError, ValueError, TypeError, KeyError, UnusableKeys):
            continue
        return key.thumbprint()
    raise InvalidClient("the client certificate has a key of a kind or strength that we do not take")


def _is_among(thumbprint: str, relying_party: RelyingParty, keys: RelyingPartyKeys) -> bool:
    return any(
        key.thumbprint() == thumbprint
        for algorithm in _ALGORITHMS
        for key in keys.find(relying_party, kid=None, algorithm=algorithm)
    )


def _is_named(certificate: x509.Certificate, relying_party: RelyingParty) -> bool:
    for field, names_in in _NAMES.items():
        registered = getattr(relying_party, field)
        if registered is not None:
            return settled(field, registered) in names_in(certificate)
    return False


def _alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


_NAMES: Mapping[str, Callable[[x509.Certificate], Collection[object]]] = MappingProxyType(
    {
        "tls_client_auth_subject_dn": lambda read: [read.subject],
        "tls_client_auth_san_dns": lambda read: _alternatives(read).get_values_for_type(x509.DNSName),
        "tls_client_auth_san_uri": lambda read: _alternatives(read).get_values_for_type(x509.UniformResourceIdentifier),
        "tls_client_auth_san_ip": lambda read: _alternatives(read).get_values_for_type(x509.IPAddress),
        "tls_client_auth_san_email": lambda read: _alternatives(read).get_values_for_type(x509.RFC822Name),
    }
)
"""Where each name that may be registered stands (section 2.1.2)."""
