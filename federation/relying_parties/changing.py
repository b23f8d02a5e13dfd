"""What is registered, written anew: judged like a new registration, on what would result."""

from collections.abc import Mapping
from dataclasses import replace

from federation.outbound import Fetcher
from federation.relying_parties.client_secrets import hash_client_secret, mint_client_secret
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import SECRET_METHODS, Registered, judge
from federation.relying_parties.rules import RegistrationRules


def change(
    current: RelyingParty,
    metadata: Mapping[str, object],
    *,
    rules: RegistrationRules,
    fetcher: Fetcher,
    may_move: bool = False,
) -> Registered:
    """Return what `current` becomes: what `metadata` leaves out is as if it were never said.

    Its id and age stay. It keeps its secret as long as it proves itself by one; a new one is minted where it had
    none. Without `may_move` its sector stays too: with another, citizens would be strangers to it, and with
    another's, strangers its citizens (OIDC Core section 8.1). Raises InvalidClientMetadata with every fault found.
    """
    fields = judge(metadata, current.client_id, rules=rules, fetcher=fetcher)
    if fields["sector"] != current.sector and not may_move:
        raise refusal([Fault(_said_where(metadata), "would give this service other subjects; ask the operator.")])
    by_secret = fields["token_endpoint_auth_method"] in SECRET_METHODS
    secret = mint_client_secret() if by_secret and current.client_secret_hash is None else None
    kept = current.client_secret_hash if secret is None else hash_client_secret(secret)
    changed = replace(current, client_secret_hash=kept if by_secret else None, **fields)
    return Registered(relying_party=changed, client_secret=secret)


def _said_where(metadata: Mapping[str, object]) -> str:
    """Return the field that decides the sector."""
    return "redirect_uris" if metadata.get("sector_identifier_uri") is None else "sector_identifier_uri"
