"""API keys: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "gc-"
_BYTES = 32
_NAME = 16  # digits of a hash that name a key


def new_key() -> str:
    """A new API key with 256 bits of randomness."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest(key: str) -> str:
    """What the config holds of a key: SHA-256 as 64 hex digits.

    A slow, salted hash protects passwords, which can be guessed. A key with 256 random bits cannot, so a plain hash
    gives nothing away, and a request costs microseconds instead of a deliberate tenth of a second.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class Keys:
    """Who may call: tenant names to the hashes of their keys."""

    def __init__(self, tenants: Mapping[str, Sequence[str]]) -> None:
        self._hashes = tuple((bytes.fromhex(h), name) for name, hashes in tenants.items() for h in hashes)

    @property
    def required(self) -> bool:
        """Whether a key is asked for at all."""
        return bool(self._hashes)

    def tenant(self, presented: str | None) -> str | None:
        """The tenant a key belongs to; None for a wrong or missing key; `""` for everybody when no key is asked for."""
        found = self.find(presented)
        return found[0] if found is not None else None

    def find(self, presented: str | None) -> tuple[str, str] | None:
        """The tenant a key belongs to, and a name for the key itself: the beginning of its hash.

        None for a wrong or missing key; two empty names for everybody when no key is asked for. Compares with every
        hash in constant time and does not stop at the first hit.
        """
        if not self._hashes:
            return "", ""
        if not presented:
            return None
        offered = bytes.fromhex(digest(presented))
        found: tuple[str, str] | None = None
        for stored, name in self._hashes:
            if hmac.compare_digest(stored, offered):
                found = name, stored.hex()[:_NAME]
        return found
