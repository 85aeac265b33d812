"""API keys at the door: whose request is this?"""

from __future__ import annotations

from collections.abc import Mapping

from guard.config import Config
from guard.errors import RequestError
from guard.keys import Keys

_LONGEST = 512


class Authenticator:
    """Tenants by the key they present. Without tenants in the config nobody needs one."""

    def __init__(self, config: Config) -> None:
        self._keys = Keys({t.name: t.key_sha256 for t in config.tenants})

    def tenant(self, headers: Mapping[bytes, bytes]) -> str:
        """The caller's tenant, `""` when no key is asked for. Raises `RequestError` 401, worded as OpenAI's."""
        if not self._keys.required:
            return ""
        presented = _bearer(headers.get(b"authorization", b""))
        if presented is None:
            raise RequestError(
                "You didn't provide an API key. Send it in an Authorization header using Bearer auth "
                "(i.e. Authorization: Bearer YOUR_KEY).",
                status=401,
            )
        tenant = self._keys.tenant(presented)
        if tenant is None:
            raise RequestError("Incorrect API key provided.", status=401, code="invalid_api_key")
        return tenant


def _bearer(value: bytes) -> str | None:
    scheme, _, key = value.decode("latin-1").strip().partition(" ")
    key = key.strip()
    return key if scheme.lower() == "bearer" and 0 < len(key) <= _LONGEST else None
