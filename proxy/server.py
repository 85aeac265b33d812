"""Sockets, and one server in this process."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from proxy.accept import Acceptor
from proxy.drain import Drain

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together, give or take one read."""

MOST_FILES = 65_536

_CUT_SECONDS = 2.0


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


def allow_files(wanted: int = MOST_FILES) -> int:
    """Let this process and its children open `wanted` files, or as many as the system lets it; how many that is.

    Two sockets a request, and a soft limit of 1,024 as most systems set it, would end at five hundred streams.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):  # a system that says more than it grants
            return soft
        return most
    return soft


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
    """One process. `announce` is called once requests are accepted; `shares` the socket with other processes.

    The first SIGTERM or SIGINT begins `drain`, the second ends the process at once.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Drain,
        *,
        announce: Callable[[], None] = lambda: None,
        shares: bool = False,
    ) -> None:
        super().__init__(config)
        self._shares = shares
        self.drain = drain
        self.cut_short = 0
        """The second signal, if there was one."""
        self._announce = announce
        self._hung_up = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._shares:
            await self._startup(sockets or [])
        else:
            await super().startup(sockets)
        if self.started:
            # What stands now stays: the garbage collector need not walk over models and tables again and again, during
            # which every request waits.
            gc.collect()
            gc.freeze()
            self._announce()

    async def _startup(self, sockets: list[socket.socket]) -> None:
        """uvicorn's own, but for who accepts."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        acceptors = [Acceptor(sock, self._protocol, backlog=self.config.backlog) for sock in sockets]
        self.servers = acceptors  # type: ignore[assignment]
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        return Protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        if self.drain.refuses and not self._hung_up:
            self._hung_up = True
            for connection in list(self.server_state.connections):
                connection.shutdown()  # at once where nothing is under way, else after that
        return await super().on_tick(counter) or self.drain.over(busy=bool(self.server_state.tasks))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.started and not self.drain.begun:
            self.stop()
            return
        self.should_exit = True
        if self.drain.begun:
            self.cut_short = sig
            self.force_exit = True
            # Whatever still computes in a thread is not waited for.
            late = threading.Timer(_CUT_SECONDS, os._exit, [128 + sig])
            late.daemon = True
            late.start()

    def stop(self) -> None:
        """Begin the drain."""
        self.drain.begin()
        for connection in list(self.server_state.connections):
            # An answer that has begun did not say that its connection will close: a client that sends its next
            # request on it must find it open.
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_started:
                cycle.keep_alive = False

    def serve_on(self, sock: socket.socket) -> bool:
        """Serve until a signal says stop. False when startup failed (why is in the log)."""
        try:
            self.run(sockets=[sock])
        except SystemExit:
            return False
        return self.started
