"""Where interactions wait: in the ephemeral store, under the hash of their id, until it ends."""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from federation.authorization.errors import InvalidAuthorizationRequest
from federation.authorization.request import AuthorizationRequest
from federation.ephemeral import EphemeralStore
from federation.hashing import fingerprint
from idp.signin.interaction import LIFETIME, LONGEST, Interaction

KIND = "interaction"
BOUND = "bound"
"""Kind of the marks that say whose an interaction is that began without the browser's cookies."""
FINISHED = "finished"
"""Kind of the marks that say that an agency has its answer."""
FINISHED_FOR = LONGEST + LIFETIME
"""Longer than anything that raced with the mark could keep the interaction."""
LARGEST = 8_192
"""Bytes of a record: anybody may have one kept, so this and their number decide how much memory the store needs."""

_INSTANTS = ("began_at", "authenticated_before", "extended_at")
_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}")


def draw_id() -> str:
    """Return a new id: 256 random bits, base64url."""
    return secrets.token_urlsafe(32)


def looks_like_id(text: str) -> bool:
    """Whether `draw_id` could have made it."""
    return _RANDOM.fullmatch(text) is not None


def hashed(secret: str) -> str:
    """Return the SHA-256 of a random value, base64url: what is stored in its place."""
    return fingerprint(secret)


def keep(store: EphemeralStore, interaction: Interaction) -> None:
    """Keep a new interaction; raise InvalidAuthorizationRequest if it takes more room than a stranger is given."""
    record = _record(interaction)
    if len(json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")) > LARGEST:
        raise InvalidAuthorizationRequest(interaction.asked.return_address, "the request is too large to keep")
    store.put(KIND, hashed(interaction.interaction_id), record, LIFETIME)


def find(store: EphemeralStore, interaction_id: str) -> Interaction | None:
    """Return the interaction, or None when it expired or never was.

    It is finished if the mark says so, whatever was written over it by somebody who had read it before.
    """
    if not looks_like_id(interaction_id):
        return None
    key = hashed(interaction_id)
    record = store.get(KIND, key)
    if record is None:
        return None
    finished = record["finished"] or store.get(FINISHED, key) is not None
    return _interaction({**record, "finished": finished}, interaction_id)


def bind(store: EphemeralStore, interaction: Interaction, browser: str) -> bool:
    """Say whether an interaction that is nobody's yet is this browser's from now on: of any number, it is one's."""
    key, mine = hashed(interaction.interaction_id), {"browser": browser}
    return store.add(BOUND, key, mine, FINISHED_FOR) or store.get(BOUND, key) == mine


def update(store: EphemeralStore, interaction: Interaction, now: datetime) -> bool:
    """Store what has been done since. Say whether it was still there."""
    left = interaction.ends_at - now
    key = hashed(interaction.interaction_id)
    return left.total_seconds() > 0 and store.replace(KIND, key, _record(interaction), left) is not None


def finish(store: EphemeralStore, interaction: Interaction, now: datetime) -> bool:
    """Say whether this caller may give the agency its answer: of any number, one may, once."""
    if not store.add(FINISHED, hashed(interaction.interaction_id), {}, FINISHED_FOR):
        return False
    return update(store, replace(interaction, finished=True), now)


def _record(interaction: Interaction) -> dict[str, Any]:
    """Return it as a JSON object. Its id is left out: whoever reads the store cannot take it up."""
    record = asdict(interaction)
    del record["interaction_id"]
    for name in _INSTANTS:
        record[name] = None if record[name] is None else record[name].isoformat()
    return record | {"items": sorted(interaction.items)}


def _interaction(record: Mapping[str, Any], interaction_id: str) -> Interaction:
    asked = dict(record["asked"])
    for name in ("scope", "prompt", "acr_values", "ui_locales", "resources", "authorization_details", "vtr"):
        asked[name] = tuple(asked[name])
    typed: dict[str, Any] = {
        "interaction_id": interaction_id,
        "asked": AuthorizationRequest(**asked),
        "items": frozenset(record["items"]),
    }
    for name in _INSTANTS:
        typed[name] = None if record.get(name) is None else datetime.fromisoformat(record[name])
    return Interaction(**{**record, **typed})
