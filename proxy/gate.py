"""Concurrency: a gate lets so many through at once; others wait in line, and the line is bounded."""

from __future__ import annotations

import asyncio
from collections import deque


class QueueFull(Exception):
    """The line is as long as it may be."""


class Gate:
    """First come, first served. The limit may change while requests are under way. One event loop, no locks."""

    def __init__(self) -> None:
        self.active = 0
        self._limit = 1
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return sum(not turn.done() for turn in self._line)

    async def enter(self, limit: int, queue: int, seconds: float) -> None:
        """Come in, now or when it is our turn; `leave` must follow.

        Raises `QueueFull` where `queue` others wait already, `TimeoutError` after so many seconds in line.
        """
        self._limit = limit
        self._admit()
        waiting = self.waiting
        if self.active < limit and not waiting:
            self.active += 1
            return
        if waiting >= queue:
            raise QueueFull
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.leave()  # our turn came in the same moment
            raise  # a cancelled turn is passed over

    def leave(self) -> None:
        """Let the next one in."""
        self.active -= 1
        self._admit()

    def _admit(self) -> None:
        while self._line and (self._line[0].done() or self.active < self._limit):
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                self.active += 1
