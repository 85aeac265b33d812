"""Processes and sockets: one server in this process, or a supervisor over several."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.supervisors.multiprocess import Multiprocess

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together, give or take one read."""

_READY_SECONDS = 5.0


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 with a bound on request heads: uvicorn's own parser takes headers of any length into memory."""

    _head = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if self._head > MAX_HEAD_BYTES:
                self.send_400_response("Request headers are too large.")
                return
            self._head += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._head, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()


def bind(host: str, port: int) -> socket.socket:
    """A listening-to-be TCP socket; port 0 lets the system choose. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    sock.set_inheritable(True)
    return sock


def url_of(sock: socket.socket) -> str:
    """Where a client on this machine reaches the socket."""
    host, port = sock.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server(uvicorn.Server):
    """One process. `announce` is called once requests are accepted."""

    def __init__(self, config: uvicorn.Config, *, announce: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    def serve_on(self, sock: socket.socket) -> bool:
        """Serve until a signal says stop. False when startup failed (why is in the log)."""
        # uvicorn raises the signal again after its orderly shutdown; that must not turn success into a kill.
        signal.signal(signal.SIGTERM, lambda *_: None)
        try:
            self.run(sockets=[sock])
        except SystemExit:
            return False
        except KeyboardInterrupt:
            pass  # uvicorn has shut down in order and hands the signal on
        return self.started


class Supervisor(Multiprocess):
    """Several processes on one socket. A worker that dies is replaced; one that cannot start ends them all.

    `announce` is called once every worker accepts requests.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], *, announce: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config, sockets)
        self._announce: Callable[[], None] | None = announce
        self._stopped = False

    def serve(self) -> bool:
        """Serve until a signal says stop. False when a worker could not start."""
        self.run()
        return self._stopped

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if self._announce is None or self.should_exit.is_set():
            return
        if all(process.is_ready(timeout=_READY_SECONDS) for process in self.processes):
            self._announce()
            self._announce = None

    def handle_hup(self) -> None:
        """Reload, as every worker does by itself: restarting them on a bad config would leave none."""
        for process in self.processes:
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, signal.SIGHUP)

    def handle_int(self) -> None:
        self._stopped = True
        super().handle_int()

    def handle_term(self) -> None:
        self._stopped = True
        super().handle_term()
