"""API keys at the door: whose request is this?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guard.config import Config
from guard.errors import RequestError
from guard.keys import Keys

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and which of the tenant's keys came with it; both empty where no key is asked for."""

    tenant: str = ""
    key: str = ""

    def __str__(self) -> str:
        return f"{self.tenant}:{self.key}"


_ANYBODY = Caller()


class Authenticator:
    """Tenants by the key they present. Without tenants in the config nobody needs one."""

    def __init__(self, config: Config) -> None:
        self._keys = Keys({t.name: t.key_sha256 for t in config.tenants})

    def caller(self, headers: Mapping[bytes, bytes]) -> Caller:
        """Who calls. Raises `RequestError` 401, worded as OpenAI's."""
        if not self._keys.required:
            return _ANYBODY
        presented = _bearer(headers.get(b"authorization", b""))
        if presented is None:
            raise RequestError(
                "You didn't provide an API key. Send it in an Authorization header using Bearer auth "
                "(i.e. Authorization: Bearer YOUR_KEY).",
                status=401,
            )
        found = self._keys.find(presented)
        if found is None:
            raise RequestError("Incorrect API key provided.", status=401, code="invalid_api_key")
        return Caller(*found)


def _bearer(value: bytes) -> str | None:
    scheme, _, key = value.decode("latin-1").strip().partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and 0 < len(key) <= _LONGEST else None
