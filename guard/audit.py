"""The audit log: one JSON line a request. What was decided and why, never what was said."""

from __future__ import annotations

import logging
import os
import select
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from guard.errors import ConfigError
from guard.label import label
from guard.verdict import Decision, Finding

log = logging.getLogger("guard.audit")

Sink = Literal["stdout", "file", "off"]
_COMPLAIN_EVERY = 60.0


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One request. Every string is a name out of code or config, or an id the proxy made.

    `model` is the served name where config or upstream vouch for it, else `other`: what a client wrote there is text.
    `status` is the HTTP status of the answer; `error` a label when it was not the model's answer.
    `restored` counts surrogates put back; `usage` holds token counts.
    """

    request_id: str
    endpoint: str
    decision: Decision = field(default_factory=Decision)
    tenant: str = ""
    model: str = ""
    upstream: str = ""
    policy: str = ""
    status: int = 0
    stream: bool = False
    restored: int = 0
    usage: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the line."""
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "request_id": _id(self.request_id),
            "tenant": _name(self.tenant),
            "endpoint": _name(self.endpoint),
            "model": _name(self.model),
            "upstream": _name(self.upstream),
            "policy": _name(self.policy),
            "verdict": self.decision.verdict.label,
            "would": self.decision.would.label,
            "strength": self.decision.strength,
            "findings": [_finding(f) for f in self.decision.findings],
            "status": self.status,
            "error": _name(self.error) if self.error else None,
            "stream": self.stream,
            "restored": self.restored,
            "usage": {_name(k): v for k, v in self.usage.items() if isinstance(v, int)},
            "seconds": round(self.seconds, 6),
        }


class Audit:
    """Where the lines go. `on_failure` is called for every line that was lost; `write` never raises.

    Raises `ConfigError` when the file or stdout cannot be used at start.
    """

    def __init__(self, sink: Sink, path: str | None = None, *, on_failure: Callable[[], None] = lambda: None) -> None:
        self._sink = sink
        self._path = path
        self._on_failure = on_failure
        self._torn = False
        self._complained = float("-inf")
        self._fd: int | None = None
        self._poll: select.poll | None = None
        if sink == "file":
            try:
                self._fd = self._open()
            except OSError as error:
                raise ConfigError(f"audit.path cannot be written: {error.strerror}") from None
        elif sink == "stdout":
            if sys.__stdout__ is None:  # closed by whoever started us: its number may be a socket's by now
                raise ConfigError("audit.sink is stdout, which is closed")
            self._fd = sys.__stdout__.fileno()
            # A pipe that can be written to takes 4 KiB at once; one that cannot would stop the event loop.
            self._poll = select.poll()
            self._poll.register(self._fd, select.POLLOUT)

    def write(self, record: AuditRecord) -> None:
        """Append one line in a single write, so that lines of several workers never mix."""
        if self._sink == "off":
            return
        try:
            line = orjson.dumps(record.to_dict()) + b"\n"
            if self._torn:
                line = b"\n" + line
            if self._fd is None:
                self._fd = self._open()
            if self._poll is not None and not self._poll.poll(0):
                raise BlockingIOError
            written = os.write(self._fd, line)
            self._torn = 0 < written < len(line)
            if written < len(line):
                raise OSError("short write")
        except Exception as error:
            self._lost(error)

    def reopen(self) -> None:
        """Open the file again, after it was rotated away. If that fails, the old one stays in use."""
        if self._sink != "file":
            return
        try:
            fd = self._open()
        except OSError as error:
            self._lost(error)
            return
        self.close()
        self._fd, self._torn = fd, False

    def close(self) -> None:
        """Close the file; writing opens it again."""
        if self._sink == "file" and self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        assert self._path is not None  # the config's cross-check
        path = Path(self._path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _lost(self, error: Exception) -> None:
        self._on_failure()
        now = time.monotonic()
        if now - self._complained >= _COMPLAIN_EVERY:
            self._complained = now
            log.error("audit line lost: %s", type(error).__name__)


def known_model(name: str, vouched: Sequence[str]) -> str:
    """`name` when it is one of `vouched` (served names, literal route patterns), else `other`."""
    return name if name in vouched else "other"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": _name(finding.check),
        "result": finding.result,
        "mode": finding.mode.value,
        "score": finding.score,
        "strength": finding.strength,
        "entities": {label(k): v for k, v in finding.entities.items()},
        "error": label(finding.error) if finding.error else None,
        "seconds": round(finding.seconds, 6),
        "detail": {
            label(k): label(v) if isinstance(v, str) else v
            for k, v in finding.detail.items()
            if isinstance(v, str | int | float)
        },
    }


def _name(text: str) -> str:
    return label(text) if text else ""


def _id(text: str) -> str:
    return text if len(text) <= 256 and text.isascii() and text.isprintable() else "invalid"
