"""The public keys of relying parties, by value or read from their jwks_uri and remembered.

One read at a time for each address. An agency that is down does not stop its service: what was read last
serves on. An agency that has just changed its keys is read anew, but not more often than once a minute,
whoever asks. What a new relying party publishes first is waited for, and so is a key not seen before, by one
request for each address at a time: a slow agency must not hold every thread. Who cannot wait is asked to try again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from federation.ephemeral import StoreUnavailable
from federation.outbound import Fetcher, FetchFailed, FetchRefused
from federation.relying_parties.public_keys import (
    LONGEST_DOCUMENT,
    EncryptionKey,
    PublicKey,
    UnusableKeys,
    check_public_keys,
    find_encrypting,
    find_verifying,
)
from federation.strict_json import NotStrictJson, parse_object

FRESH_SECONDS = 600.0
RENEW_SECONDS = 60.0
"""The least time between two reads of one address."""
RETRY_SECONDS = 10.0
"""The same while nothing was ever read there."""
STALE_SECONDS = 24 * 3600.0
"""How long an agency may be down before its keys are no longer believed."""
WAIT_SECONDS = 2.0
MOST_ADDRESSES = 500


class KeyHolder(Protocol):
    """Who gave its public keys, by value or by address: a relying party, or another whose word counts."""

    @property
    def jwks(self) -> Mapping[str, Any] | None:
        """Return the keys given by value, checked."""

    @property
    def jwks_uri(self) -> str | None:
        """Return where they are otherwise."""


@dataclass(slots=True)
class _Remembered:
    """What is known of one address. `flight` is held by whoever reads it, `turn` by the one who waits for that."""

    document: Mapping[str, Any] | None = None
    read_at: float = float("-inf")
    tried_at: float = float("-inf")
    flight: threading.Lock = field(default_factory=threading.Lock)
    turn: threading.Lock = field(default_factory=threading.Lock)


class RelyingPartyKeys:
    """Finds the keys that may verify what a relying party signed, and the one to encrypt to."""

    def __init__(self, fetcher: Fetcher, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetcher = fetcher
        self._monotonic = monotonic
        self._addresses: OrderedDict[str, _Remembered] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, holder: KeyHolder, *, kid: str | None, algorithm: str) -> list[PublicKey]:
        """Return the keys that may verify `algorithm`: the one named `kid`, or all that fit; none if unreadable.

        Raises StoreUnavailable while others are reading what was never read before.
        """
        document = self._document(holder)
        return [] if document is None else list(find_verifying(document, kid=kid, algorithm=algorithm))

    def find_encrypting(self, holder: KeyHolder, algorithm: str) -> EncryptionKey | None:
        """Return the key to encrypt to by `algorithm`, or None; what is missing at an address is looked for once more.

        Raises StoreUnavailable while others are reading the address.
        """
        found = self._encrypting(holder, algorithm)
        if found is None and self.renew(holder):
            found = self._encrypting(holder, algorithm)
        return found

    def renew(self, holder: KeyHolder) -> bool:
        """Read a jwks_uri anew, unless that was done within a minute; say whether another `find` may find others.

        Raises StoreUnavailable while others are reading it.
        """
        uri = holder.jwks_uri
        if holder.jwks is not None or uri is None:
            return False
        self._read(uri, self._remembered(uri), not_within=RENEW_SECONDS, wait=WAIT_SECONDS)
        return True

    def _encrypting(self, holder: KeyHolder, algorithm: str) -> EncryptionKey | None:
        document = self._document(holder)
        return None if document is None else find_encrypting(document, algorithm)

    def _document(self, holder: KeyHolder) -> Mapping[str, Any] | None:
        if holder.jwks is not None or holder.jwks_uri is None:
            return holder.jwks
        return self._at(holder.jwks_uri)

    def _at(self, uri: str) -> Mapping[str, Any] | None:
        remembered = self._remembered(uri)
        if remembered.document is None:
            self._read(uri, remembered, not_within=RETRY_SECONDS, wait=WAIT_SECONDS)
        elif self._age(remembered) > FRESH_SECONDS:
            self._read(uri, remembered, not_within=RENEW_SECONDS, wait=0)
        return remembered.document if self._age(remembered) <= STALE_SECONDS else None

    def _age(self, remembered: _Remembered) -> float:
        return self._monotonic() - remembered.read_at

    def _remembered(self, uri: str) -> _Remembered:
        with self._lock:
            remembered = self._addresses.setdefault(uri, _Remembered())
            self._addresses.move_to_end(uri)
            if len(self._addresses) > MOST_ADDRESSES:
                self._addresses.popitem(last=False)
            return remembered

    def _read(self, uri: str, remembered: _Remembered, *, not_within: float, wait: float) -> None:
        if not (remembered.flight.acquire(blocking=False) or self._wait_for(remembered, wait)):
            return
        try:
            if self._monotonic() - remembered.tried_at < not_within:
                return
            remembered.tried_at = self._monotonic()
            document = self._fetched(uri)
            if document is not None:
                remembered.document, remembered.read_at = document, self._monotonic()
        finally:
            remembered.flight.release()

    @staticmethod
    def _wait_for(remembered: _Remembered, seconds: float) -> bool:
        """Take over a flight once it is done; raise StoreUnavailable if somebody waits already, or it takes too long.

        Not to know the keys is no proof of a wrong signature. Without `seconds` to wait, say that it was not taken.
        """
        if not seconds:
            return False
        if not remembered.turn.acquire(blocking=False):
            raise StoreUnavailable("somebody waits for the same jwks_uri already")
        try:
            if not remembered.flight.acquire(timeout=seconds):
                raise StoreUnavailable("a jwks_uri is being read for too long")
        finally:
            remembered.turn.release()
        return True

    def _fetched(self, uri: str) -> Mapping[str, Any] | None:
        """Return the checked keys at an address, or None; a set that holds a private key is not believed."""
        try:
            answer = self._fetcher.get(
                uri, max_bytes=LONGEST_DOCUMENT, accept="application/jwk-set+json, application/json"
            )
            return check_public_keys(parse_object(answer.body)) if answer.status == HTTPStatus.OK else None
        except (FetchFailed, FetchRefused, NotStrictJson, UnusableKeys):
            return None
