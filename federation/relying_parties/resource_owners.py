"""Whose an API is: every address has one owner, and is asked for by name only once it has (RFC 8707)."""

from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry


def check_resources(new: RelyingParty, registry: RelyingPartyRegistry, *, issuer: str) -> None:
    """Raise InvalidClientMetadata if it owns what is ours or another's, or may use what is nobody's."""
    faults = [
        Fault(f"allowed_resources[{number}]", "belongs to no service; register the one that answers there first.")
        for number, uri in enumerate(new.allowed_resources)
        if uri not in new.resource_uris and registry.owner_of(uri) is None
    ]
    _refuse([*_taken(new, registry, issuer), *faults])


def check_owned(back: RelyingParty, registry: RelyingPartyRegistry, *, issuer: str) -> None:
    """Raise InvalidClientMetadata if what a disabled service owned is another's by now."""
    _refuse(_taken(back, registry, issuer))


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise refusal(faults)


def _taken(new: RelyingParty, registry: RelyingPartyRegistry, issuer: str) -> list[Fault]:
    return [
        Fault(f"resource_uris[{number}]", "is another service's, or this provider's.")
        for number, uri in enumerate(new.resource_uris)
        if _is_ours(uri, issuer) or _is_anothers(uri, new, registry)
    ]


def _is_anothers(uri: str, new: RelyingParty, registry: RelyingPartyRegistry) -> bool:
    owner = registry.owner_of(uri)
    return owner is not None and owner.client_id != new.client_id


def _is_ours(uri: str, issuer: str) -> bool:
    return uri == issuer or uri.startswith((f"{issuer}/", f"{issuer}?"))
