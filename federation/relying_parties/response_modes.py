"""How an answer may travel, and which of these ways a service may ask for (FAPI 2.0 Message Signing section 5.3.3)."""

from typing import Any

from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.model import RelyingParty

QUERY = "query"
FORM_POST = "form_post"
QUERY_JWT = "query.jwt"
FORM_POST_JWT = "form_post.jwt"
JWT = "jwt"
"""Whatever signed mode is usual for the flow: for a code, by the query (JARM section 2.3.4)."""
MODES = (QUERY, FORM_POST, QUERY_JWT, FORM_POST_JWT, JWT)
FIELD = "response_modes"


def read(reader: MetadataReader) -> dict[str, Any]:
    """Read which ways there are; None is any."""
    named = reader.choices(FIELD, MODES)
    if named == ():
        reader.refuse(FIELD, "must name one at least; left out, each may be asked for.")
    return {FIELD: named}


def allowed(relying_party: RelyingParty) -> tuple[str, ...]:
    """Return the ways it may ask for."""
    return relying_party.response_modes or MODES


def usable(named: str | None, relying_party: RelyingParty) -> str:
    """Return the way that was named if it may be asked for, or else the one in which an error goes then."""
    ways = allowed(relying_party)
    if named in ways:
        return named
    return QUERY if QUERY in ways else ways[0]
