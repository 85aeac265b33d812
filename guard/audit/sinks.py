"""Where audit lines go: what every place has in common, stdout, and the choice between them."""

from __future__ import annotations

import errno
import os
import select
import sys
from typing import Protocol

from guard.config.server import Audit as AuditConfig
from guard.errors import ConfigError


class Sink(Protocol):
    """Takes whole lines. Never waits longer than a moment: it is called on the event loop."""

    def write(self, line: bytes) -> None:
        """Take one JSON object without its line break. Raises whatever is the matter when the line is lost."""

    def adopt(self) -> None:
        """The config that made this sink is in force from now on. Raises nothing."""

    def reopen(self) -> None:
        """Let go of what may have been moved away. Raises `OSError`, after which the sink works as before."""

    def close(self) -> None:
        """Write out what waits, for a moment; `write` opens again."""


class StdoutSink:
    """Standard output, for a collector to read.

    Raises `ConfigError` when it is closed.
    """

    def __init__(self) -> None:
        if sys.__stdout__ is None:  # closed by whoever started us: its number may be a socket's by now
            raise ConfigError("audit.sink is stdout, which is closed")
        self._fd = sys.__stdout__.fileno()
        self._torn = False
        # A pipe that can be written to takes 4 KiB at once; one that cannot would stop the event loop.
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLOUT)

    def write(self, line: bytes) -> None:
        """In a single write, so that lines of several workers never mix."""
        line = (b"\n" if self._torn else b"") + line + b"\n"
        if not self._poll.poll(0):
            raise BlockingIOError(errno.EAGAIN, "nobody reads")
        written = os.write(self._fd, line)
        self._torn = 0 < written < len(line)
        if written < len(line):
            raise OSError("short write")

    def adopt(self) -> None:
        """Its settings concern nobody else."""

    def reopen(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Not ours to close."""


def sink_of(config: AuditConfig) -> Sink | None:
    """The sink a config names; None when it is off. Raises `ConfigError` when it cannot be used."""
    if config.sink == "stdout":
        return StdoutSink()
    if config.sink == "file":
        from guard.audit.file import FileSink

        assert config.path is not None  # the config's cross-check
        return FileSink(config.path, rotate_bytes=config.rotate_bytes, keep=config.keep, chain=config.chain)
    if config.sink == "syslog":
        from guard.audit.syslog import SyslogSink

        assert config.syslog is not None  # likewise
        return SyslogSink(config.syslog, facility=config.facility)
    return None
