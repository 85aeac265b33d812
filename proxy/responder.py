"""The sending side of one response: raw ASGI, started once, ended once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from starlette.types import Send

from proxy.errors import Problem
from proxy.headers import encode

STALL_SECONDS = 300.0
"""How long a client may leave the connection full before its stream is given up."""

Headers = Sequence[tuple[str, str]]


class ClientStalled(Exception):
    """The client took no bytes for `STALL_SECONDS`."""


class Responder:
    """Wraps ASGI's `send` for one request. Awaiting a chunk waits for the client: that is the backpressure."""

    __slots__ = ("_send", "ended", "first_chunk", "started", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.ended = False
        self.status = 0
        self.first_chunk: float | None = None
        """`time.perf_counter()` when the first piece of a stream was handed over."""

    async def whole(self, status: int, headers: Headers, body: bytes, content_type: str = "application/json") -> None:
        """Send a complete response."""
        await self._start(status, [("content-type", content_type), ("content-length", str(len(body))), *headers])
        self.ended = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def problem(self, problem: Problem, headers: Headers = ()) -> None:
        own = dict(problem.headers)
        await self.whole(problem.status, [*(h for h in headers if h[0] not in own), *problem.headers], problem.body())

    async def stream(self, headers: Headers, content_type: str = "text/event-stream; charset=utf-8") -> None:
        """Open a streamed response. Buffering proxies in between are told to let it through."""
        await self._start(
            200,
            [("content-type", content_type), ("cache-control", "no-cache"), ("x-accel-buffering", "no"), *headers],
        )

    async def chunk(self, data: bytes) -> None:
        """Send a piece of a stream. Raises `ClientStalled`."""
        if self.first_chunk is None:
            self.first_chunk = time.perf_counter()
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._send({"type": "http.response.body", "body": data, "more_body": True})
        except TimeoutError:
            raise ClientStalled from None

    async def end(self) -> None:
        if self.started and not self.ended:
            self.ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, status: int, headers: Headers) -> None:
        self.started = True
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": encode(headers)})
