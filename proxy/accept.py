"""Taking connections from a socket that several processes share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

_FULL_SECONDS = 0.1


class Acceptor:
    """Takes one connection at a time, so that the others get theirs; asyncio's own servers take all that wait.

    Whoever has least to do comes round soonest and takes most. Stands in for `asyncio.Server` as far as uvicorn goes.
    """

    def __init__(self, sock: socket.socket, make: Callable[[], asyncio.Protocol], *, backlog: int) -> None:
        self._sock = sock
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._open = True
        self.sockets = (sock,)
        sock.setblocking(False)
        sock.listen(backlog)
        self._loop.add_reader(sock.fileno(), self._accept)

    def close(self) -> None:
        """Take no more."""
        self._open = False
        self._loop.remove_reader(self._sock.fileno())

    async def wait_closed(self) -> None:
        if self._opening:
            await asyncio.wait(self._opening)

    def _accept(self) -> None:
        try:
            connection, _ = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # somebody else was quicker, or the client is gone again
        except OSError:
            # Too many open files: leave it to others for a moment rather than try again and again.
            self._loop.remove_reader(self._sock.fileno())
            self._loop.call_later(_FULL_SECONDS, self._again)
            return
        connection.setblocking(False)
        task: asyncio.Task[object] = asyncio.ensure_future(self._connect(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connection)
        except OSError:
            connection.close()

    def _again(self) -> None:
        if self._open:
            self._loop.add_reader(self._sock.fileno(), self._accept)
