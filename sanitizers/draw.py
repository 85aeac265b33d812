"""Keyed draws: pseudo-random choices that depend on the tenant's key, the type and the value, and on nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """An endless stream of choices seeded by HMAC-SHA256(key, type, value, attempt); expanded with SHAKE-256.

    The same arguments give the same choices in every process and release.
    """

    def __init__(self, key: bytes, type_: str, value: str, attempt: int = 0) -> None:
        # Lone surrogates are legal in a Python string and must not raise here.
        parts = (type_.encode(), value.encode("utf-8", "surrogatepass"), str(attempt).encode())
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        self._seed = hmac.new(key, message, hashlib.sha256).digest()
        self._bytes = b""
        self._at = 0

    def below(self, n: int) -> int:
        """A number in [0, n), uniform to within n / 2**64."""
        if self._at + 8 > len(self._bytes):
            self._bytes = hashlib.shake_256(self._seed).digest(max(256, 2 * len(self._bytes)))
        word = int.from_bytes(self._bytes[self._at : self._at + 8], "big")
        self._at += 8
        return word % n

    def choice(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def text(self, alphabet: str, length: int) -> str:
        """`length` characters of `alphabet`."""
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(length))


def tenant_key(master: bytes, tenant: str) -> bytes:
    """The tenant's own key, so that equal values of two tenants have unrelated surrogates."""
    return hmac.new(master, b"guardchain/tenant/" + tenant.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
