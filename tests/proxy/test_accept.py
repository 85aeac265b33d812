"""Several processes on one socket, here as several event loops."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from proxy.accept import Acceptor
from proxy.server import bind


class Named(asyncio.Protocol):
    """Says who accepted."""

    def __init__(self, name: str) -> None:
        self._name = name

    def connection_made(self, transport: Any) -> None:
        transport.write(self._name.encode())


class Loop:
    """An event loop in a thread of its own, with an acceptor on the socket."""

    def __init__(self, sock: socket.socket, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

        async def begin() -> Acceptor:
            return Acceptor(sock, lambda: Named(name), backlog=64)

        self.acceptor = asyncio.run_coroutine_threadsafe(begin(), self.loop).result(10)

    def call(self, function: Callable[[], Any]) -> None:
        async def run() -> None:
            function()

        asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def end(self) -> None:
        self.call(self.acceptor.close)
        asyncio.run_coroutine_threadsafe(self.acceptor.wait_closed(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)


def ask(sock: socket.socket) -> str:
    with socket.create_connection(sock.getsockname(), timeout=10) as client:
        return client.recv(8).decode()


def test_who_stops_leaves_all_connections_to_the_others() -> None:
    with bind("127.0.0.1", 0) as sock, sock.dup() as again:
        one, two = Loop(sock, "one"), Loop(again, "two")
        everybody = Counter(ask(sock) for _ in range(50))
        assert set(everybody) <= {"one", "two"} and everybody.total() == 50
        one.end()
        assert {ask(sock) for _ in range(20)} == {"two"}
        two.end()


class Full(socket.socket):
    """A socket whose process has no file descriptor left for a moment."""

    left = 3

    def accept(self) -> Any:
        if self.left:
            self.left -= 1
            raise OSError(errno.EMFILE, "too many open files")
        return super().accept()


def test_without_file_descriptors_it_waits_and_goes_on() -> None:
    with bind("127.0.0.1", 0) as plain:
        full = Full(fileno=plain.detach())
        with full:
            one = Loop(full, "one")
            assert ask(full) == "one"
            assert full.left == 0
            one.end()
