"""The seal under which personal data lies in a store."""

from __future__ import annotations

import base64
import hmac
import zlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Seal:
    """Encrypts and signs (Fernet: AES-128-CBC, HMAC-SHA256) with a key of each tenant.

    The first of `keys` seals; all open, so that surrogate keys can be rotated.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys
        self._boxes: dict[str, MultiFernet] = {}

    def close(self, tenant: str, data: bytes) -> bytes:
        return self._box(tenant).encrypt(zlib.compress(data))

    def open(self, tenant: str, sealed: bytes) -> bytes | None:
        """None: it is not this tenant's, or no key of ours made it."""
        try:
            return zlib.decompress(self._box(tenant).decrypt(sealed))
        except (InvalidToken, zlib.error):
            return None

    def _box(self, tenant: str) -> MultiFernet:
        box = self._boxes.get(tenant)
        if box is None:
            made = [hmac.digest(key, b"guardchain store\x00" + tenant.encode(), "sha256") for key in self._keys]
            box = self._boxes[tenant] = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in made])
        return box
