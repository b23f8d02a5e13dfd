"""Argon2id (RFC 9106) in one piece of memory that is ours, in the text form of its reference implementation.

The library takes its memory from malloc. That keeps 19 MiB for every thread that ever hashed, or asks the system for
new pages each time, which costs half as much as the hash. Here huge pages are asked for, and given back after each.
"""

import base64
import hmac
import mmap
import os
import sys
from collections.abc import Callable
from typing import Any

from argon2 import Parameters, extract_parameters
from argon2.exceptions import HashingError, InvalidHashError
from argon2.low_level import ARGON2_VERSION, Type, core, error_to_str, ffi

PARAMETERS = Parameters(
    type=Type.ID,
    version=ARGON2_VERSION,
    salt_len=16,
    hash_len=32,
    time_cost=2,
    memory_cost=19 * 1024,
    parallelism=1,
)
"""The first choice of OWASP's password storage list."""
_NO_MEMORY = -22
"""ARGON2_MEMORY_ALLOCATION_ERROR."""


class Argon2id:
    """Hashes, one at a time: whoever calls sees to that."""

    def __init__(self) -> None:
        """Map nothing yet."""
        self._memory: mmap.mmap | None = None
        self._lend: Callable[..., int] = ffi.callback("int(uint8_t **, size_t)", self._lent, error=_NO_MEMORY)
        self._give_back: Callable[..., None] = ffi.callback("void(uint8_t *, size_t)", self._returned)

    def hash(self, secret: bytes) -> str:
        """Return the text to keep: variant, version, parameters, salt and hash."""
        salt = os.urandom(PARAMETERS.salt_len)
        given = PARAMETERS
        costs = f"m={given.memory_cost},t={given.time_cost},p={given.parallelism}"
        return f"$argon2id$v={given.version}${costs}${_text(salt)}${_text(self._derive(secret, salt, given))}"

    def verify(self, encoded: str, secret: bytes) -> bool:
        """Say whether the text was made of this secret; a damaged one was made of none.

        Raise MemoryError for want of memory: nobody's password is called wrong for that.
        """
        try:
            given = extract_parameters(encoded)
            salt, expected = map(_bytes, encoded.split("$")[-2:])
            return hmac.compare_digest(self._derive(secret, salt, given), expected)
        except (HashingError, InvalidHashError, ValueError, OverflowError):
            return False

    @staticmethod
    def is_outdated(encoded: str) -> bool:
        """Say whether the text was made with other parameters than those of today."""
        return extract_parameters(encoded) != PARAMETERS

    def _derive(self, secret: bytes, salt: bytes, given: Parameters) -> bytes:
        out, pwd, salted = (ffi.new("uint8_t[]", of) for of in (given.hash_len, secret, salt))
        context = {
            "out": out,
            "outlen": given.hash_len,
            "pwd": pwd,
            "pwdlen": len(secret),
            "salt": salted,
            "saltlen": len(salt),
            "t_cost": given.time_cost,
            "m_cost": given.memory_cost,
            "lanes": given.parallelism,
            "threads": given.parallelism,
            "version": given.version,
            "allocate_cbk": self._lend,
            "free_cbk": self._give_back,
        }
        code = core(ffi.new("argon2_context *", context), given.type.value)
        if code == _NO_MEMORY:
            raise MemoryError
        if code != 0:
            raise HashingError(error_to_str(code))
        return bytes(ffi.buffer(out))

    def _lent(self, where: Any, size: int) -> int:
        if self._memory is None or len(self._memory) < size:
            try:
                self._memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            except OSError:
                return _NO_MEMORY
            if sys.platform == "linux":
                self._memory.madvise(mmap.MADV_HUGEPAGE)
        where[0] = ffi.from_buffer("uint8_t[]", self._memory)
        return 0

    def _returned(self, _where: Any, _size: int) -> None:
        if self._memory is not None:
            self._memory.madvise(mmap.MADV_DONTNEED)


def _text(value: bytes) -> str:
    return base64.b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
