"""Where a syslog server listens, as the config writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

Transport = Literal["udp", "tcp", "tls", "unix"]

_PORTS: dict[str, int] = {"udp": 514, "tcp": 601, "tls": 6514}
_FORMS = "udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log"


@dataclass(frozen=True, slots=True)
class SyslogAddress:
    """`host` and `port`, or `path` when `transport` is unix."""

    transport: Transport
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def parse(cls, url: str) -> SyslogAddress:
        """Of a URL. Raises `ValueError`, whose text says what is expected and does not repeat the URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(f"must be {_FORMS}") from None
        if parts.scheme == "unix" and parts.path and not parts.netloc:
            return cls("unix", path=parts.path)
        if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(f"must be {_FORMS}")
        transport: Transport = "udp" if parts.scheme == "udp" else "tcp" if parts.scheme == "tcp" else "tls"
        return cls(transport, host=parts.hostname, port=port or _PORTS[parts.scheme])
