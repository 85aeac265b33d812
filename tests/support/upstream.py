"""A fault-injecting OpenAI-compatible upstream over real sockets.

It speaks HTTP/1.1 by hand, so that it can misbehave at byte level. A request's model name chooses the scenario:
any name is served well, `fault-<name>` does what `FAULTS` says, `scripted` sends `scripted`.
Every raw request is recorded, also whether the peer hung up before the answer was through.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import re
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from tests.support import answers

_ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

Writer = asyncio.StreamWriter
Fault = Callable[["FaultyUpstream", "Received", Writer], Awaitable[None]]


@dataclass(slots=True)
class Received:
    """One request as it arrived. `hung_up` is set when the peer closed before the answer was complete."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    hung_up: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FaultyUpstream:
    """Runs in a thread of its own: `with FaultyUpstream() as up: ... up.url ... up.requests`.

    `piece` is the number of characters a streamed delta holds.
    """

    def __init__(self, piece: int = 4) -> None:
        self.piece = piece
        self.requests: list[Received] = []
        self.stall = 30.0
        self.conversations: dict[str, str] = {}
        self.numbers = itertools.count(1)
        self.scripted: tuple[str, bytes] = ("application/json", b"{}")
        """Content type and body of the answer to the model `scripted`. `@@` in it becomes the first e-mail address that
        the request holds (the stand-in of one, behind the proxy), `@<@` and `@>@` its two halves."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._port = 0
        self._released = asyncio.Event()

    def __enter__(self) -> FaultyUpstream:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            self._released.set()
            self._server.close()
            tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def seen(self) -> bytes:
        """Everything that ever arrived, for leak tests."""
        return b"\n".join(json.dumps(r.headers).encode() + r.body for r in self.requests)

    def release(self) -> None:
        """Let stalled answers go on."""
        self._loop.call_soon_threadsafe(self._released.set)

    def hold(self) -> None:
        """From now on stalled answers wait again."""
        self._loop.call_soon_threadsafe(self._released.clear)

    async def wait_released(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), self.stall)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                watch = asyncio.create_task(self._watch(reader, request))
                try:
                    await self._answer(request, writer)
                except ConnectionError:
                    request.hung_up.set()
                    raise
                finally:
                    request.finished.set()
                    watch.cancel()
                if writer.is_closing():
                    break
        with contextlib.suppress(Exception):
            writer.close()

    async def _watch(self, reader: asyncio.StreamReader, request: Received) -> None:
        """End of the peer's stream while we still answer means it hung up."""
        while not request.finished.is_set():
            if reader.at_eof() or reader.exception() is not None:
                request.hung_up.set()
                return
            await asyncio.sleep(0.01)

    async def _answer(self, request: Received, writer: Writer) -> None:
        model = ""
        if request.body:
            with contextlib.suppress(ValueError):
                model = str(request.json.get("model", ""))
        fault = FAULTS.get(model.removeprefix("fault-")) if model.startswith("fault-") else None
        if fault is not None:
            await fault(self, request, writer)
        elif request.method == "DELETE" and "/responses/" in request.path:
            await _delete(self, request, writer)
        elif model == "scripted":
            kind, body = self.scripted
            found = _ADDRESS.search(request.body)
            address = found[0] if found else b""
            half = len(address) // 2
            body = body.replace(b"@<@", address[:half]).replace(b"@>@", address[half:]).replace(b"@@", address)
            await send_json(writer, body, content_type=kind)
        elif request.body and request.json.get("stream"):
            await send_stream(writer, answers.stream(request.path, request.json, self.piece))
        else:
            status, body = answers.whole(request.path, request.json if request.body else None)
            await send_json(writer, body, status)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readline()).strip(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body)


def head(status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


async def send_json(writer: Writer, body: Any, status: int = 200, **headers: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    headers = {"content_type": "application/json", "content_length": str(len(data)), **headers}
    writer.write(head(status, **headers) + data)
    await writer.drain()


def frame(data: bytes, size: int | None = None) -> bytes:
    return f"{len(data) if size is None else size:x}\r\n".encode() + data + b"\r\n"


async def send_stream(writer: Writer, events: AsyncIterator[bytes], *, end: bool = True) -> None:
    """Chunked transfer, one HTTP chunk per event."""
    writer.write(head(200, content_type="text/event-stream; charset=utf-8", transfer_encoding="chunked"))
    async for event in events:
        writer.write(frame(event))
        await writer.drain()
    if end:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


def reset(writer: Writer) -> None:
    """Close with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _events(up: FaultyUpstream, request: Received) -> AsyncIterator[bytes]:
    return answers.stream(request.path, request.json, up.piece)


async def _first(events: AsyncIterator[bytes], count: int) -> AsyncIterator[bytes]:
    async for event in events:
        if count <= 0:
            return
        count -= 1
        yield event


async def _reset_before(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    reset(writer)


async def _close_before(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    writer.close()


async def _reset_mid(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    if request.json.get("stream"):
        await send_stream(writer, _first(_events(up, request), 3), end=False)
    else:
        writer.write(head(200, content_type="application/json", content_length="500") + b'{"id": "x", "cho')
        await writer.drain()
    await asyncio.sleep(0.05)
    reset(writer)


async def _stall_before(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    await up.wait_released()
    await send_json(writer, answers.whole(request.path, request.json)[1])


async def _stall_mid(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    await send_stream(writer, _first(_events(up, request), 3), end=False)
    await up.wait_released()
    writer.close()


async def _pause(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """A good answer with a long wait in its middle."""

    async def paused() -> AsyncIterator[bytes]:
        number = 0
        async for event in _events(up, request):
            if number == 3:
                await up.wait_released()
            number += 1
            yield event

    await send_stream(writer, paused())


async def _remember(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """A Response that says all that was said in those it builds on."""
    body = request.json
    earlier = up.conversations.get(body.get("previous_response_id") or "", "")
    identity = f"resp_{next(up.numbers):032d}"
    text = up.conversations[identity] = f"{earlier} {answers.said(body)}".strip()
    body = {**body, "input": text}

    def named(data: bytes) -> bytes:
        return data.replace(b'"resp_1"', f'"{identity}"'.encode())

    if body.get("stream"):
        events = [named(event) async for event in answers.stream(request.path, body, up.piece)]
        await send_stream(writer, _replay(events))
    else:
        await send_json(writer, named(json.dumps(answers.whole(request.path, body)[1]).encode()))


async def _delete(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    identity = request.path.rpartition("/")[2]
    if up.conversations.pop(identity, None) is None:
        await send_json(writer, error("No such response.", code="not_found"), 404)
    else:
        await send_json(writer, {"id": identity, "object": "response", "deleted": True})


async def _drip(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Every byte a TCP write of its own: frames and UTF-8 characters are split everywhere."""
    raw = b"".join([e async for e in _events(up, request)])
    writer.write(head(200, content_type="text/event-stream", connection="close"))
    for i in range(len(raw)):
        writer.write(raw[i : i + 1])
        await writer.drain()
        if i % 16 == 0:
            await asyncio.sleep(0.001)
    writer.close()


async def _no_done(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Every choice is finished, only the end marker is missing."""
    events = [e async for e in _events(up, request)]
    await send_stream(writer, _replay(events[:-1]))


async def _cut(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """A clean end of the transfer in the middle of the answer."""
    events = [e async for e in _events(up, request)]
    await send_stream(writer, _replay(events[: len(events) // 2]))


async def _replay(events: list[bytes]) -> AsyncIterator[bytes]:
    for event in events:
        yield event


def _stream_with(extra: bytes) -> Fault:
    async def fault(up: FaultyUpstream, request: Received, writer: Writer) -> None:
        async def mixed() -> AsyncIterator[bytes]:
            i = 0
            async for event in _events(up, request):
                if i == 2:
                    yield extra
                i += 1
                yield event

        await send_stream(writer, mixed())

    return fault


async def _slow_drip(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Two events, then a byte now and then: never idle, never done."""
    events = [e async for e in _events(up, request)]
    writer.write(head(200, content_type="text/event-stream", connection="close") + b"".join(events[:2]))
    raw = b"".join(events[2:])
    for i in range(len(raw)):
        writer.write(raw[i : i + 1])
        await writer.drain()
        await asyncio.sleep(0.3)


async def _duplicated(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Every event twice, the end too."""
    events = [e async for e in _events(up, request)]
    await send_stream(writer, _replay([e for event in events for e in (event, event)]))


async def _interleaved(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Pieces of an answer to somebody else in between, under another choice."""
    foreign = {"id": "other", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 7, "delta": {"content": "not yours "}, "finish_reason": None}
    extra = answers.sse({**foreign, "choices": [choice]})
    events = [e async for e in _events(up, request)]
    await send_stream(writer, _replay([e for event in events[:-1] for e in (event, extra)] + events[-1:]))


async def _bad_chunk(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """A transfer that promises more than it sends, in the middle of a stream."""
    events = [e async for e in _events(up, request)]
    await send_stream(writer, _replay(events[:3]), end=False)
    writer.write(frame(events[3], size=len(events[3]) + 50))
    await writer.drain()
    writer.close()


async def _no_sse(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Event stream by name, UTF-16 by nature."""
    raw = b"".join([e async for e in _events(up, request)]).decode().encode("utf-16")
    await send_json(writer, raw, content_type="text/event-stream; charset=utf-16")


async def _crlf(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    async def recoded() -> AsyncIterator[bytes]:
        yield b": hello\r\n\r\n"
        async for event in _events(up, request):
            yield event.replace(b"\n", b"\r\n")

    await send_stream(writer, recoded())


async def _short(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Promises more bytes than it sends."""
    data = json.dumps(answers.whole(request.path, request.json)[1]).encode()
    writer.write(head(200, content_type="application/json", content_length=str(len(data) + 100)) + data)
    await writer.drain()
    writer.close()


async def _long(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    """Sends more bytes than it promised."""
    data = json.dumps(answers.whole(request.path, request.json)[1]).encode()
    writer.write(head(200, content_type="application/json", content_length=str(len(data) - 10)) + data)
    await writer.drain()
    writer.close()


async def _gzip(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    data = gzip.compress(json.dumps(answers.whole(request.path, request.json)[1]).encode())
    await send_json(writer, data, content_encoding="gzip")


def _status(status: int, body: Any, content_type: str = "application/json", **headers: str) -> Fault:
    async def fault(up: FaultyUpstream, request: Received, writer: Writer) -> None:
        await send_json(writer, body, status, content_type=content_type, **headers)

    return fault


async def _html(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    await send_json(writer, b"<html>Welcome to the captive portal</html>", content_type="text/html")


async def _garbage_http(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    writer.write(b"\x16\x03\x01 not http at all\r\n\r\n")
    await writer.drain()
    writer.close()


async def _endless_header(up: FaultyUpstream, request: Received, writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 200_000)
    await writer.drain()
    writer.close()


def error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


FAULTS: dict[str, Fault] = {
    "reset-before": _reset_before,
    "close-before": _close_before,
    "reset-mid": _reset_mid,
    "stall-before": _stall_before,
    "stall-mid": _stall_mid,
    "pause": _pause,
    "remember": _remember,
    "drip": _drip,
    "no-done": _no_done,
    "cut": _cut,
    "crlf": _crlf,
    "slow-drip": _slow_drip,
    "duplicated": _duplicated,
    "interleaved": _interleaved,
    "bad-chunk": _bad_chunk,
    "utf-16": _no_sse,
    "malformed-event": _stream_with(b'data: {"id": "x", "choices": [{"delta"\n\n'),
    "not-an-object": _stream_with(b"data: [1, 2, 3]\n\n"),
    "bad-utf8": _stream_with(b'data: {"id":"x","choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}\n\n'),
    "huge-event": _stream_with(b"data: " + b"x" * (24 << 20) + b"\n\n"),
    "error-event": _stream_with(b"data: " + json.dumps(error("overloaded", "server_error")).encode() + b"\n\n"),
    "short": _short,
    "long": _long,
    "gzip": _gzip,
    "html": _html,
    "garbage-http": _garbage_http,
    "endless-header": _endless_header,
    "redirect": _status(307, b"", location="http://127.0.0.1:9/v1/chat/completions"),
    "malformed-body": _status(200, b'{"id": "x", "choices": ['),
    "empty-body": _status(200, b""),
    "array-body": _status(200, b"[]"),
    "json-for-stream": _status(200, error("no streams today")),
    "400": _status(400, error("bad thing", code="bad_thing")),
    "401": _status(401, error("Incorrect API key provided", code="invalid_api_key")),
    "404": _status(404, error("no such model", code="model_not_found")),
    "429": _status(429, error("slow down", "rate_limit_error"), retry_after="7", retry_after_ms="7000"),
    "502": _status(502, error("bad gateway", "server_error")),
    "503-wait": _status(503, error("overloaded", "server_error"), retry_after="60"),
    "500": _status(500, error("boom", "server_error")),
    "503-html": _status(503, b"<html>maintenance</html>", "text/html"),
    "500-empty": _status(500, b""),
    **{
        f"status-{status}-{kind}": _status(status, body, content)
        for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 425, 429, 451, 500, 501, 502, 503, 504, 529)
        for kind, body, content in (
            ("openai", error("as it says", "server_error", "code_of_theirs"), "application/json"),
            ("html", b"<html>no</html>", "text/html"),
            ("empty", b"", "application/json"),
        )
    },
}
