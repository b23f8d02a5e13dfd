"""The order of checks by which a request is found to come from a relying party."""

import hmac
from datetime import datetime

from federation.client_authentication import certificates
from federation.client_authentication.assertion import check_assertion
from federation.client_authentication.certificates import Authorities
from federation.client_authentication.keys import RelyingPartyKeys
from federation.client_authentication.presented import Credentials, Presented, read_credentials
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidClient
from federation.relying_parties import mutual_tls
from federation.relying_parties.client_secrets import hash_client_secret, mint_client_secret
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry

_NOBODYS = hash_client_secret(mint_client_secret())


def authenticate(
    presented: Presented,
    *,
    registry: RelyingPartyRegistry,
    store: EphemeralStore,
    keys: RelyingPartyKeys,
    authorities: Authorities | None,
    issuer: str,
    token_endpoint: str,
    now: datetime,
) -> RelyingParty:
    """Return the active relying party that the request proves to be; `none` proves nothing, and names a public one.

    Raises InvalidRequest for two methods in one request and InvalidClient for everything else. The reason
    is for the audit log: the answer is the same for an unknown relying party, a wrong method and a wrong proof.
    """
    credentials = read_credentials(presented)
    relying_party = registry.find(credentials.client_id)
    secret_fits = _secret_fits(relying_party, credentials)
    if relying_party is None:
        raise InvalidClient("unknown or disabled relying party")
    if credentials.method == "none" and relying_party.token_endpoint_auth_method in mutual_tls.METHODS:
        certificates.check(presented.certificate, relying_party, authorities=authorities, keys=keys, now=now)
        return relying_party
    if relying_party.token_endpoint_auth_method != credentials.method:
        raise InvalidClient(f"used {credentials.method}, registered {relying_party.token_endpoint_auth_method}")
    if credentials.assertion is not None:
        check_assertion(
            credentials.assertion,
            relying_party,
            keys=keys,
            store=store,
            issuer=issuer,
            token_endpoint=token_endpoint,
            now=now,
        )
    elif relying_party.confidential and not secret_fits:
        raise InvalidClient("wrong secret")
    return relying_party


def _secret_fits(relying_party: RelyingParty | None, credentials: Credentials) -> bool:
    """Compare in the same time whoever is named, a nobody too. Without a stored hash nothing fits."""
    stored = None if relying_party is None else relying_party.client_secret_hash
    same = hmac.compare_digest(hash_client_secret(credentials.secret), stored or _NOBODYS)
    return same and stored is not None and bool(credentials.secret)
