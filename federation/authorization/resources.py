"""For which API an access token is: asked for by its address, allowed by an operator (RFC 8707).

An API belongs to a relying party that registered its address. Others ask for it only when the operator put it among
their `allowed_resources`. Our own userinfo may be asked for by everybody, and is what nobody has to ask for.
"""

from collections.abc import Sequence

from federation.errors import InvalidTarget
from federation.relying_parties.model import RelyingParty

MOST = 8
"""Addresses in one request."""


def userinfo(issuer: str) -> str:
    """Return the address of the one API of ours."""
    return f"{issuer}/userinfo"


def check(named: Sequence[str], relying_party: RelyingParty, *, issuer: str) -> tuple[str, ...]:
    """Return the APIs of agencies among those named; raise InvalidTarget.

    Addresses are compared letter by letter, so one that is relative or has a fragment is never found.
    """
    if len(named) > MOST:
        raise InvalidTarget("too many resources are named")
    others = tuple(each for each in named if each != userinfo(issuer))
    if not set(others).issubset(relying_party.allowed_resources):
        raise InvalidTarget("a resource is unknown or not allowed to this relying party")
    return others


def audience(named: Sequence[str], granted: Sequence[str], relying_party: RelyingParty, *, issuer: str) -> str:
    """Return the one audience of an access token: an API's address, or `issuer` for what is ours (section 2.2).

    One API a token: what is good at two could be carried from the one to the other (section 3). Where none is
    named it is the one granted. What the registration no longer allows is not issued, whatever was granted.
    Raises InvalidTarget.
    """
    if len(named) > 1:
        raise InvalidTarget("one access token is for one resource")
    if not named and len(granted) > 1:
        raise InvalidTarget("several resources were granted, and none is named")
    wanted = next(iter(named or granted), userinfo(issuer))
    if wanted == userinfo(issuer):
        return issuer
    if wanted not in granted or wanted not in relying_party.allowed_resources:
        raise InvalidTarget("the resource was not granted")
    return wanted
