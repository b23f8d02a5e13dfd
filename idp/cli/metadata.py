"""Registration metadata as commands are given and print it, in the names of RFC 7591."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from federation.relying_parties.public_keys import LONGEST_DOCUMENT
from idp.cli import Refusal
from idp.cli.printing import iso, print_json, print_rows

_FIELD_OF = {"name": "client_name", "auth_method": "token_endpoint_auth_method"}


def from_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that options say."""
    metadata = {_FIELD_OF.get(name, name): _plain(value) for name, value in given.items() if value}
    if metadata.pop("native", False):
        metadata["application_type"] = "native"
    if "jwks" in metadata:
        metadata["jwks"] = _parsed(given["jwks"].read(LONGEST_DOCUMENT + 1), "--jwks")
    return metadata


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def from_input() -> dict[str, Any]:
    """Return the object on standard input; nothing there is nothing said."""
    text = sys.stdin.buffer.read(LONGEST_DOCUMENT + 1)
    if not text.strip():
        return {}
    metadata = _parsed(text, "standard input")
    if not isinstance(metadata, dict):
        raise Refusal("standard input is not a JSON object of registration metadata.")
    return metadata


def _parsed(text: bytes, source: str) -> Any:
    if len(text) > LONGEST_DOCUMENT:
        raise Refusal(f"{source} is longer than {LONGEST_DOCUMENT} bytes.")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal(f"{source} is not JSON.") from None


def print_metadata(described: Mapping[str, Any], *, as_json: bool) -> None:
    """Print a registration: a table for people, JSON for machines."""
    if as_json:
        print_json(described)
    else:
        rows = [{"field": name, "value": _shown(name, value)} for name, value in described.items()]
        print_rows(["field", "value"], rows)


def _shown(name: str, value: Any) -> str:
    """Return a value as people read it: the instants of RFC 7591 are seconds, and 0 is never."""
    if name.endswith("_at"):
        return iso(value) if value else "never"
    if isinstance(value, list):
        return " ".join(value)
    return value if isinstance(value, str) else json.dumps(value)
