"""The client's side of a connection: its body, read within bounds, and the moment it goes away."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from starlette.types import Receive

from guard.errors import RequestError
from proxy.responder import Responder
from proxy.upstream.counting import CLIENT_GONE

BODY_IDLE_SECONDS = 60.0
"""How long a client may pause while it sends a body."""

_DRAIN_FACTOR = 2
_DRAIN_SECONDS = 2.0


class ClientGone(Exception):
    """The client hung up before it had its answer. Nobody is left to tell: only metrics and audit hear of it."""


class Client:
    """Reads a request's body, then watches for the disconnect that cancels the work done for it."""

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._headers = headers
        self.gone = False

    async def body(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes.

        Raises `RequestError` 413 past the limit (declared or counted), 408 for a client that stops sending, 415 for
        an encoded body; `ClientGone` when the connection ends first.
        """
        if self._headers.get(b"content-encoding", b"identity").lower() not in (b"", b"identity"):
            raise RequestError(
                "Encoded request bodies are not supported; send the JSON as it is.",
                status=415,
                code="unsupported_encoding",
            )
        declared = self._headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:
            await self._drain(int(declared), limit)
            raise _too_large(limit)
        message = await self._next()
        data: bytes = message.get("body", b"")
        if not message.get("more_body", False) and len(data) <= limit:
            return data
        buffer = bytearray(data)
        while message.get("more_body", False) and len(buffer) <= limit:
            message = await self._next()
            buffer += message.get("body", b"")
        if len(buffer) > limit:
            if message.get("more_body", False):
                await self._drain(len(buffer), limit)
            raise _too_large(limit)
        return bytes(buffer)

    @contextlib.asynccontextmanager
    async def watched(self, responder: Responder) -> AsyncIterator[None]:
        """Cancel the running task when the client disconnects; the block then ends with `ClientGone`.

        One watcher for the whole exchange is cheaper than a race at every await. The request's body must have been
        read: what `receive` yields from here on can only be the disconnect, or the echo of our own last byte.
        """
        task = asyncio.current_task()
        assert task is not None
        watcher = asyncio.ensure_future(self._watch(task, responder))
        try:
            yield
        except asyncio.CancelledError:
            if not self.gone:
                raise  # the server is shutting down
            task.uncancel()
            raise ClientGone from None
        finally:
            watcher.cancel()

    async def _watch(self, task: asyncio.Task[Any], responder: Responder) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                if not responder.ended:
                    self.gone = True
                    task.cancel(CLIENT_GONE)
                return

    async def _next(self) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(BODY_IDLE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise RequestError("The request body did not arrive in time.", status=408, code="body_timeout") from None
        if message["type"] == "http.disconnect":
            self.gone = True
            raise ClientGone
        return message

    async def _drain(self, size: int, limit: int) -> None:
        """Read a somewhat too large body to its end: a client that is still writing when the connection closes sees
        a reset instead of the 413. A far too large one is cut off."""
        if size > limit * _DRAIN_FACTOR:
            return
        left = limit * _DRAIN_FACTOR
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0:
                    message = await self._receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
                    left -= len(message.get("body", b""))


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"The request body is larger than this proxy accepts ({limit} bytes).",
        status=413,
        code="request_too_large",
    )


def parse_json(raw: bytes, *, max_depth: int) -> dict[str, Any]:
    """The body as an object, nested at most `max_depth` deep.

    Raises `RequestError` 400 for anything else: no JSON, invalid UTF-8, lone surrogates, no object, nesting bombs
    (the parser itself gives up at 1,024 levels, so the walk below is bounded). Messages hold positions, no text.
    A byte order mark in front is passed over, as RFC 8259 (section 8.1) lets a parser do.
    """
    raw = raw.removeprefix(codecs.BOM_UTF8)
    if not raw:
        raise RequestError("The request has no body; a JSON object is needed.", code="invalid_json")
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            f"The request body is not valid JSON (line {error.lineno}, column {error.colno}).", code="invalid_json"
        ) from None
    if not isinstance(body, dict):
        raise RequestError("The request body must be a JSON object.", code="invalid_json")
    # Each level needs a bracket of its own, so most bodies pass on a count alone.
    if raw.count(b"{") + raw.count(b"[") > max_depth and _deeper_than(body, max_depth):
        raise RequestError(f"The request body is nested deeper than {max_depth} levels.", code="too_deep")
    return body


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        below = []
        for container in level:
            for item in container.values() if isinstance(container, dict) else container:
                if isinstance(item, (dict, list)):
                    below.append(item)
        if not below:
            return False
        level = below
    return True
