"""Audit lines as syslog messages (RFC 5424): over UDP (RFC 5426), TCP with octet counting (RFC 6587), TLS (RFC 5425) or
a local socket."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import queue
import socket
import ssl
import threading
import time
from datetime import UTC, datetime

from guard.config.syslog import SyslogAddress
from guard.errors import ConfigError, cause

log = logging.getLogger("guard.audit")

WAITING = 10_000
"""How many messages wait in memory while the server cannot be reached."""
FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "authpriv": 10, "audit": 13, **{f"local{n}": 16 + n for n in range(8)}}
_INFO = 6
_DATAGRAM = 65_000  # bytes; UDP over IPv4 takes 65,507
_CONNECT_SECONDS = 5.0
_FLUSH_SECONDS = 2.0
_END_SECONDS = 0.5
_PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)  # seconds between attempts, the last again and again


class SyslogSink:
    """Sends from a thread of its own, in order; a line is lost when `waiting` are ahead of it, or when no datagram can
    hold it. What is sent while a connection breaks may be lost or arrive twice: TCP cannot tell.

    Raises `ConfigError` for an address that is none.
    """

    def __init__(self, url: str, *, facility: str = "local0", waiting: int = WAITING) -> None:
        try:
            self._address = SyslogAddress.parse(url)
        except ValueError as error:
            raise ConfigError(f"audit.syslog {error}") from None
        priority = FACILITIES[facility] * 8 + _INFO
        host = socket.gethostname() or "-"
        self._head = f"<{priority}>1 {{}} {host} guardchain {os.getpid()} audit - ".encode().split(b"{}")
        self._queue: queue.Queue[bytes] = queue.Queue(waiting)
        self._sender: _Sender | None = None

    def write(self, line: bytes) -> None:
        """Put the line in the queue. Raises `queue.Full`, or `OSError` once after a line that no datagram can hold."""
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
        message = self._head[0] + stamp + self._head[1] + line
        if self._address.transport in ("udp", "unix") and len(message) > _DATAGRAM:
            raise OSError(errno.EMSGSIZE, "too long for a datagram")
        self._queue.put_nowait(message)
        if self._sender is None:
            self._sender = _Sender(self._address, self._queue)
            self._sender.start()

    def adopt(self) -> None:
        """Its settings concern nobody else."""

    def reopen(self) -> None:
        """Connections are made anew by themselves."""

    def close(self) -> None:
        """Give what waits two seconds to leave."""
        if self._sender is None:
            return
        until = time.monotonic() + _FLUSH_SECONDS
        while self._queue.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)
        if self._queue.unfinished_tasks:
            log.error("%d audit lines were not sent to syslog", self._queue.unfinished_tasks)
        self._sender.closed.set()
        self._sender.join(_END_SECONDS)
        self._sender = None


class _Sender(threading.Thread):
    """Takes messages from the queue and sends them over a connection of its own, until `closed` is set."""

    def __init__(self, address: SyslogAddress, messages: queue.Queue[bytes]) -> None:
        super().__init__(name="audit-syslog", daemon=True)
        self.closed = threading.Event()
        self._address = address
        self._queue = messages
        self._socket: socket.socket | None = None

    def run(self) -> None:
        while not self.closed.is_set():
            try:
                message = self._queue.get(timeout=0.2)
            except queue.Empty:
                continue
            self._deliver(message)
            self._queue.task_done()
        self._hang_up()

    def _deliver(self, message: bytes) -> None:
        """Until it is sent, or nobody wants it any more."""
        for attempt in range(1 << 30):
            try:
                self._send(message)
                return
            except Exception as error:  # a name that is none is a `UnicodeError`
                self._hang_up()
                if attempt == 1:
                    log.warning("syslog cannot be reached, lines wait: %s", cause(error))
                if self.closed.wait(_PAUSES[min(attempt, len(_PAUSES) - 1)]):
                    return

    def _send(self, message: bytes) -> None:
        fresh = self._socket is None
        if self._socket is None:
            self._socket = self._connect()
        if self._socket.type == socket.SOCK_STREAM:
            if not fresh:
                _raise_if_gone(self._socket)
            # A local socket that is no datagram's takes lines, a network's counted octets.
            counted = self._address.transport != "unix"
            message = f"{len(message)} ".encode() + message if counted else message + b"\n"
        self._socket.sendall(message)

    def _connect(self) -> socket.socket:
        at = self._address
        if at.transport == "unix":
            try:
                return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), at.path)
            except OSError:
                return _connected(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), at.path)
        if at.transport == "udp":
            family, _, _, _, where = socket.getaddrinfo(at.host, at.port, type=socket.SOCK_DGRAM)[0]
            return _connected(socket.socket(family, socket.SOCK_DGRAM), where)
        plain = socket.create_connection((at.host, at.port), timeout=_CONNECT_SECONDS)
        if at.transport == "tcp":
            return plain
        try:
            return ssl.create_default_context().wrap_socket(plain, server_hostname=at.host)
        except BaseException:
            plain.close()
            raise

    def _hang_up(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None


def _connected(fresh: socket.socket, where: object) -> socket.socket:
    fresh.settimeout(_CONNECT_SECONDS)
    try:
        fresh.connect(where)  # type: ignore[arg-type]
    except BaseException:
        fresh.close()
        raise
    return fresh


def _raise_if_gone(connection: socket.socket) -> None:
    """A server that closed is only noticed by reading: what is sent to it goes nowhere at first."""
    wait = connection.gettimeout()
    connection.settimeout(0)
    try:
        if connection.recv(256) == b"":
            raise ConnectionResetError
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    finally:
        connection.settimeout(wait)
