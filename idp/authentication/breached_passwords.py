"""Passwords that were stolen elsewhere, as a file of Bloom filters (SP 800-63B-4 section 3.1.1.2: breach corpuses).

The file holds one filter for every beginning of a SHA-1, so that a question reads a 4096th of it: nothing is loaded
when a worker starts, and nothing is kept. A password that was put in is always found; one that was not is found
with the probability the file was built with. SHA-1 because the public lists are made of it; it protects nothing here.

    MAGIC | entries, rate | 4097 places | 4096 checksums | 4096 filters
"""

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1
from os import SEEK_END
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryFile
from typing import IO
from zlib import crc32

from rbloom import Bloom

from federation.ephemeral import StoreUnavailable
from idp.authentication.passwords import UnpreparedPassword, prepare

MAGIC = b"countersign breached passwords 1\n"
DEFAULT_RATE = 0.001
KEY_BYTES = 16
"""Of a SHA-1, as many as the filter takes."""
_FILTERS = 4096
_SUMMARY = struct.Struct("<Qd")
_PLACES = struct.Struct(f"<{_FILTERS + 1}Q")
_CHECKSUMS = struct.Struct(f"<{_FILTERS}L")
_PLACES_BEGIN = len(MAGIC) + _SUMMARY.size
_CHECKSUMS_BEGIN = _PLACES_BEGIN + _PLACES.size
_FILTERS_BEGIN = _CHECKSUMS_BEGIN + _CHECKSUMS.size
_KEYS_AT_ONCE = 65_536
_MODE = 0o644
"""Nothing in the file is secret, and the service may run as somebody else than who built it."""


class FilterUnreadable(StoreUnavailable):
    """The file is missing, cut off or no such filter; no new password is accepted meanwhile."""


class NoEntries(ValueError):
    """There was nothing to put into a filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a file was built from."""

    entries: int
    rate: float
    """Of passwords that are not in it and are refused all the same."""
    size: int
    """Bytes."""


class BreachedPasswords:
    """The passwords of the file at `path`; of none where there is no path.

    It is opened at each question: a new file, renamed to this path, counts at once.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def holds(self, password: str) -> bool:
        """Say whether it was breached, as typed or as prepared; raise `FilterUnreadable`."""
        if self._path is None:
            return False
        with _opened(self._path) as file:
            return any(
                _finds(file, key_of(spelling.encode(errors="surrogatepass"))) for spelling in _spellings(password)
            )

    def summary(self) -> Summary | None:
        """Return what the file was built from, None without one; raise `FilterUnreadable`."""
        if self._path is None:
            return None
        with _opened(self._path) as file:
            return _summary(file)


def key_of(password: bytes) -> bytes:
    """Return what stands for a password in the filters."""
    return sha1(password, usedforsecurity=False).digest()[:KEY_BYTES]


def build(
    keys: Iterable[bytes], path: Path, *, rate: float = DEFAULT_RATE, told: Callable[[int, int], None]
) -> Summary:
    """Write a filter of these keys to `path`, all of it or nothing; raise `NoEntries`.

    The number of keys decides the size, so they wait in a temporary file beside it, 16 bytes each; the filters are in
    memory until they are written. `told` hears now and then how many of how many are in.
    """
    with TemporaryFile(dir=path.parent) as waiting:
        counts = _collect(keys, waiting)
        entries = sum(counts)
        if not entries:
            raise NoEntries
        filters = [Bloom(max(count, 1), rate, _as_integer) for count in counts]
        _fill(filters, waiting, lambda done: told(done, entries))
    return _write(filters, path, entries, rate)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    """Open the file for one question; whatever is wrong with it is `FilterUnreadable`."""
    try:
        with path.open("rb", buffering=0) as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise FilterUnreadable(f"{path} is no filter made by `countersign passwords build`")
            yield file
    except (OSError, ValueError, struct.error) as error:
        raise FilterUnreadable(f"{path}: {error}") from error


def _summary(file: IO[bytes]) -> Summary:
    entries, rate = _SUMMARY.unpack(_read(file, len(MAGIC), _SUMMARY.size))
    *_, end = _PLACES.unpack(_read(file, _PLACES_BEGIN, _PLACES.size))
    size = file.seek(0, SEEK_END)
    if size != end:
        raise ValueError("it is cut off")
    return Summary(entries=entries, rate=rate, size=size)


def _finds(file: IO[bytes], key: bytes) -> bool:
    number = _filter_of(key)
    begin, end = struct.unpack("<2Q", _read(file, _PLACES_BEGIN + 8 * number, 16))
    (checksum,) = struct.unpack("<L", _read(file, _CHECKSUMS_BEGIN + 4 * number, 4))
    content = _read(file, begin, end - begin)
    if not content or crc32(content) != checksum:
        raise ValueError("it is damaged")
    return key in Bloom.load_bytes(content, _as_integer)


def _read(file: IO[bytes], begin: int, length: int) -> bytes:
    file.seek(begin)
    content = file.read(length)
    if len(content) != length:
        raise ValueError("it is cut off")
    return content


def _spellings(password: str) -> set[str]:
    """Return it as typed, which is how it was stolen, and as it would be hashed here."""
    try:
        return {password, prepare(password)}
    except UnpreparedPassword:
        return {password}


def _collect(keys: Iterable[bytes], waiting: IO[bytes]) -> list[int]:
    """Write the keys down and return how many there are for each filter."""
    counts = [0] * _FILTERS
    for key in keys:
        counts[_filter_of(key)] += 1
        waiting.write(key)
    waiting.seek(0)
    return counts


def _fill(filters: list[Bloom], waiting: IO[bytes], told: Callable[[int], None]) -> None:
    done = 0
    while keys := waiting.read(KEY_BYTES * _KEYS_AT_ONCE):
        for begin in range(0, len(keys), KEY_BYTES):
            key = keys[begin : begin + KEY_BYTES]
            filters[_filter_of(key)].add(key)
        done += len(keys) // KEY_BYTES
        told(done)


def _write(filters: list[Bloom], path: Path, entries: int, rate: float) -> Summary:
    """Write to a file beside `path`, and rename it when every byte of it is on the disk."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        written = Path(file.name)
        try:
            places, checksums = [_FILTERS_BEGIN], []
            file.seek(_FILTERS_BEGIN)
            for bloom in filters:
                content = bloom.save_bytes()
                places.append(places[-1] + file.write(content))
                checksums.append(crc32(content))
            file.seek(0)
            file.write(MAGIC + _SUMMARY.pack(entries, rate) + _PLACES.pack(*places) + _CHECKSUMS.pack(*checksums))
            file.flush()
            os.fsync(file.fileno())
            written.chmod(_MODE)
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
    return Summary(entries=entries, rate=rate, size=places[-1])


def _filter_of(key: bytes) -> int:
    return key[0] << 4 | key[1] >> 4


def _as_integer(key: bytes) -> int:
    return int.from_bytes(key, "big", signed=True)
