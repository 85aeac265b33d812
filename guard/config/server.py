"""The process: where it listens, and what it writes down."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from guard.config.node import Node, OnErrorField, Seconds
from guard.verdict import OnError


class Server(Node):
    """The listening side."""

    host: str = "127.0.0.1"
    """Address to listen on. `0.0.0.0` listens on every interface: then set `tenants` as well."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """TCP port; 0 lets the system choose one."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes on one port. Each embedded upstream is loaded once per worker."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 10 * 1024 * 1024
    """Largest request body in bytes; a larger one gets 413."""
    max_json_depth: Annotated[int, Field(ge=4, le=512)] = 64
    """Deepest nesting of a JSON body; a deeper one gets 400."""
    drain_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """How long requests are still served after SIGTERM while `/readyz` says no, in seconds: as long as balancers take
    to notice. After it new requests get 503."""
    shutdown_seconds: Seconds = 30.0
    """How long requests under way may then take to finish, in seconds; what is left is cut off."""
    explain: bool = False
    """Answer the request header `x-guardchain-explain` from this machine with the text as it left for the model
    (what `guard demo` shows). Callers learn nothing but how their own text was rewritten."""


class Audit(Node):
    """One JSON line a request: decisions, entity types and counts, never text."""

    sink: Literal["stdout", "file", "syslog", "off"] = "stdout"
    """Where the lines go."""
    path: str | None = None
    """The file when `sink` is `file`; it is appended to, by any number of workers, and opened again on SIGHUP or when
    it was moved away."""
    rotate_bytes: Annotated[int, Field(ge=65536)] | None = None
    """Turn the file over before it grows beyond this size in bytes; unset: never (for logrotate and the like)."""
    keep: Annotated[int, Field(ge=0, le=10_000)] = 10
    """How many turned-over files stay: `path.1` is the newest. Those with a higher number are deleted with the next
    turn."""
    chain: bool = False
    """Each line of the file carries the SHA-256 of the line before (`before`), so that `guard audit verify` shows
    whether lines were changed, moved or dropped. `path.chain` holds the last line's."""
    syslog: str | None = None
    """The server when `sink` is `syslog`: `udp://host:514`, `tcp://host:601`, `tls://host:6514` or `unix:///dev/log`.
    Lines are RFC 5424 messages; up to 10,000 wait in memory while it cannot be reached."""
    facility: Literal[
        "user", "daemon", "auth", "authpriv", "audit",
        "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ] = "local0"  # fmt: skip
    """The syslog facility."""
    on_error: OnErrorField = OnError.ALLOW
    """When a line cannot be written: `allow` serves on and counts the lost line; `block` answers requests with 503
    until lines can be written again (the first request whose line is lost was served by then)."""


class Metrics(Node):
    """Prometheus metrics."""

    enabled: bool = True
    """Serve `/metrics`."""


class Log(Node):
    """The operator's log. It never holds text of users."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important messages that are written."""
    format: Literal["text", "json"] = "text"
    """One line of text, or one JSON object a line."""
