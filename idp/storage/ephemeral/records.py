"""What both stores share: where a record lies, and how it is written."""

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from federation.ephemeral import Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(kind: str, key: str) -> bytes:
    """Return the SHA-256 of kind and key: any text may be a key, and no key can be read back from the store."""
    return sha256(f"{kind}\0{key}".encode("utf-8", "surrogatepass")).digest()


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def written(record: Record) -> str:
    """Return the record as JSON. Text takes the room of its UTF-8; what has none (a lone surrogate) is escaped."""
    text = json.dumps(dict(record), separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def read(body: str | bytes) -> Record:
    """Return the record that was written."""
    record: Record = json.loads(body)
    return record
