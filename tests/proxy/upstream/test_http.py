"""The HTTP upstream over real sockets, against a server that says exactly the bytes a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from guard.errors import UpstreamError
from proxy.upstream.base import Call, Event, Upstream
from proxy.upstream.http import HttpUpstream
from proxy.upstream.sse import DONE

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
CHUNKED = SSE + b"Transfer-Encoding: chunked\r\n\r\n"


def whole(body: bytes, status: str = "200 OK", extra: str = "", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def piece(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Server:
    """Reads one request a connection and answers it with `serve`."""

    def __init__(self, serve: Serve) -> None:
        self.serve = serve
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.hung_up = asyncio.Event()
        self.connections = 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").strip().split("\r\n")
                headers = {k.lower(): v for k, v in (h.split(": ", 1) for h in rest)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((line, headers, body))
                await self.serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            self.hung_up.set()
        finally:
            writer.close()


def says(*parts: bytes, pause: float = 0.0, close: bool = False) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if close:
            writer.close()

    return serve


def run(
    serve: Serve, test: Callable[[HttpUpstream, Server], Awaitable[None]], path: str = "/v1", **options: Any
) -> None:
    async def main() -> None:
        async with Server(serve) as server:
            upstream = HttpUpstream("up", base_url=server.url + path, **options)
            await upstream.start()
            try:
                async with asyncio.timeout(10):
                    await test(upstream, server)
            finally:
                await upstream.close()

    asyncio.run(main())


CHAT = Call(endpoint="/v1/chat/completions", body={"model": "m", "text": "é"})
STREAM = Call(endpoint="/v1/chat/completions", body={"model": "m"}, stream=True)


def fails(serve: Serve, call: Call, reason: str, status: int = 502, **options: Any) -> None:
    """The call, or its events, end with this reason; nothing hangs."""

    async def test(upstream: HttpUpstream, server: Server) -> None:
        with pytest.raises(UpstreamError) as caught:
            reply = await upstream.send(call)
            async for _ in reply.events or ():  # type: ignore[union-attr]
                pass
        assert (caught.value.reason, caught.value.status) == (reason, status)
        assert server.url not in str(caught.value)

    run(serve, test, **options)


def test_it_is_an_upstream() -> None:
    upstream: Upstream = HttpUpstream("x", base_url="http://127.0.0.1")
    assert upstream.name == "x" and not upstream.can_steer


@pytest.mark.parametrize(
    ("base", "expected"),
    [("", "/v1/chat/completions"), ("/v1", "/v1/chat/completions"), ("/api/v3/", "/api/v3/chat/completions")],
)
def test_a_whole_answer(base: str, expected: str) -> None:
    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(CHAT)
        assert (reply.status, reply.body, reply.events) == (200, b'{"ok":1}', None)
        line, headers, body = server.requests[0]
        assert line == f"POST {expected} HTTP/1.1"
        assert orjson.loads(body) == {"model": "m", "text": "é"}
        assert headers["accept-encoding"] == "identity" and headers["content-type"] == "application/json"
        await upstream.send(CHAT)
        assert server.connections == 1, "one pooled connection"

    run(says(whole(b'{"ok":1}')), test, base)


@pytest.mark.parametrize(
    ("key", "authorization"), [("sk-config", "Bearer sk-config"), (None, "Bearer sk-client")], ids=["config", "client"]
)
def test_headers_sent(key: str | None, authorization: str) -> None:
    call = Call(
        endpoint="/v1/chat/completions",
        body={},
        headers={
            "Authorization": "Bearer sk-client",
            "OpenAI-Project": "p",
            "traceparent": "00-1-2-01",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "Keep-Alive": "5",
            "TE": "trailers",
            "Transfer-Encoding": "chunked",
            "Upgrade": "h2c",
            "Host": "evil",
            "Content-Length": "99999",
            "Accept-Encoding": "gzip",
            "Cookie": "a=b",
        },
    )

    async def test(upstream: HttpUpstream, server: Server) -> None:
        await upstream.send(call)
        headers = server.requests[0][1]
        assert headers["authorization"] == authorization
        assert headers["openai-project"] == "p" and headers["traceparent"] == "00-1-2-01"
        assert headers["accept-encoding"] == "identity" and headers["content-length"] == "2"
        assert headers["host"] == server.url.removeprefix("http://")
        assert not {"x-hop", "te", "upgrade", "cookie", "transfer-encoding", "keep-alive", "user-agent"} & set(headers)

    run(says(whole(b"{}")), test, api_key=key)


def test_headers_returned() -> None:
    extra = "X-Request-Id: r1\r\nx-ratelimit-remaining: 5\r\nSet-Cookie: a=b\r\n"
    extra += "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\n"

    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(CHAT)
        names = {k.lower() for k, _ in reply.headers}
        assert {"x-request-id", "x-ratelimit-remaining"} <= names
        assert not {"set-cookie", "connection", "x-hop", "keep-alive", "content-length", "content-encoding"} & names

    run(says(whole(b"{}", extra=extra)), test)


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "429 Too Many Requests", "503 Unavailable"])
@pytest.mark.parametrize("call", [CHAT, STREAM], ids=["whole", "stream"])
def test_errors_pass_with_status_body_and_retry_headers(status: str, call: Call) -> None:
    body = b'{"error": {"message": "x", "code": 40303}}  '

    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(call)
        assert (reply.status, reply.body, reply.events) == (int(status[:3]), body, None)
        assert dict(reply.headers)["Retry-After"] == "7"

    run(says(whole(body, status, "Retry-After: 7\r\n")), test)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_stream_in_pieces_of_any_size(size: int) -> None:
    raw = 'data: {"a":"é"}\r\n\r\n: ping\n\nevent: x\ndata: 1\ndata: 2\n\ndata: [DONE]\n\n'.encode()
    parts = [piece(raw[i : i + size]) for i in range(0, len(raw), size)]

    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(STREAM)
        assert reply.body is None and reply.events is not None
        assert [e async for e in reply.events] == [
            Event('{"a":"é"}'.encode()),
            Event(comment=b"ping"),
            Event(b"1\n2", "x"),
            DONE,
        ]
        assert server.requests[0][1]["accept"] == "text/event-stream"
        await reply.close()
        await reply.close()

    run(says(CHUNKED, *parts, b"0\r\n\r\n"), test)


def test_events_arrive_as_they_are_sent() -> None:
    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(STREAM)
        assert reply.events is not None
        started = asyncio.get_running_loop().time()
        await anext(reply.events)
        assert asyncio.get_running_loop().time() - started < 2
        await reply.close()

    run(says(CHUNKED + piece(b"data: 1\n\n"), piece(b"data: 2\n\n"), b"0\r\n\r\n", pause=5), test)


def test_a_stream_may_end_without_done() -> None:
    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(STREAM)
        assert reply.events is not None
        assert [e async for e in reply.events] == [Event(b"1")]

    run(says(SSE + b"Connection: close\r\n\r\n", b"data: 1", close=True), test)


@pytest.mark.parametrize("cancel", [False, True], ids=["closed", "cancelled"])
def test_going_away_hangs_up(cancel: bool) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED + piece(b"data: 1\n\n"))
        await writer.drain()

    async def test(upstream: HttpUpstream, server: Server) -> None:
        reply = await upstream.send(STREAM)
        assert reply.events is not None
        await anext(reply.events)
        if cancel:
            waiting = asyncio.ensure_future(anext(reply.events))
            await asyncio.sleep(0.01)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        else:
            await reply.close()
        await asyncio.wait_for(server.hung_up.wait(), 2)

    run(endless, test)


def test_a_cancelled_call_hangs_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)

    async def test(upstream: HttpUpstream, server: Server) -> None:
        task = asyncio.ensure_future(upstream.send(CHAT))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(server.hung_up.wait(), 2)

    run(silent, test)


QUICK = {"first_byte_seconds": 0.2, "idle_seconds": 0.2}
FAULTS: list[tuple[str, Serve, Call, str, int, dict[str, Any]]] = [
    ("no head", says(b"", pause=1), CHAT, "first_byte_timeout", 504, QUICK),
    ("half a head", says(b"HTTP/1.1 200 OK\r\n", pause=1), CHAT, "first_byte_timeout", 504, QUICK),
    ("silent body", says(whole(b"{}")[:-1], pause=1), CHAT, "idle_timeout", 504, QUICK),
    ("silent stream", says(CHUNKED, piece(b"data: 1\n\n"), pause=1), STREAM, "idle_timeout", 504, QUICK),
    ("hung up at once", says(close=True), CHAT, "reset", 502, {}),
    ("half a body", says(whole(b"{...}")[:-1], close=True), CHAT, "early_close", 502, {}),
    ("half a stream", says(CHUNKED, piece(b"data: 1\n\n"), close=True), STREAM, "early_close", 502, {}),
    ("no HTTP", says(b"SSH-2.0-x\r\n\r\n"), CHAT, "malformed", 502, {}),
    ("large body", says(whole(b"x" * 5000)), CHAT, "oversize", 502, {"max_response_bytes": 4000}),
    ("large event", says(CHUNKED, piece(b"data: " + b"x" * 5000)), STREAM, "oversize", 502, {"max_event_bytes": 4000}),
    ("redirect", says(whole(b"", "307 Temporary Redirect", "Location: http://x/\r\n")), CHAT, "redirect", 502, {}),
    ("encoded", says(whole(b"{}", extra="Content-Encoding: gzip\r\n")), CHAT, "encoding", 502, {}),
    ("error for stream", says(whole(b'{"error": {"message": "x"}}')), STREAM, "error_object", 502, {}),
    ("json for stream", says(whole(b'{"choices": []}')), STREAM, "not_a_stream", 502, {}),
    ("html for stream", says(whole(b"<p>", kind="text/html")), STREAM, "not_a_stream", 502, {}),
]


@pytest.mark.parametrize(
    ("serve", "call", "reason", "status", "options"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_faults(serve: Serve, call: Call, reason: str, status: int, options: dict[str, Any]) -> None:
    fails(serve, call, reason, status, **options)


def test_nobody_listens() -> None:
    async def main() -> None:
        server = Server(says())
        async with server:
            pass
        upstream = HttpUpstream("up", base_url=server.url)
        with pytest.raises(UpstreamError) as caught:
            await upstream.send(CHAT)
        assert (caught.value.reason, caught.value.status) == ("not_started", 503)
        await upstream.start()
        with pytest.raises(UpstreamError) as caught:
            await upstream.send(CHAT)
        assert caught.value.reason == "connect"
        assert not await upstream.ready()
        await upstream.close()
        await upstream.close()

    asyncio.run(main())


@pytest.mark.parametrize(("status", "ready"), [("200 OK", True), ("401 Unauthorized", True), ("503 Gone", False)])
def test_readiness(status: str, ready: bool) -> None:
    async def test(upstream: HttpUpstream, server: Server) -> None:
        assert await upstream.ready() is ready
        assert server.requests[0][0] == "GET /v1/models HTTP/1.1"

    run(says(whole(b"{}", status)), test)


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def test(upstream: HttpUpstream, server: Server) -> None:
        assert (await upstream.send(CHAT)).status == 200

    run(says(whole(b"{}")), test)


def test_a_body_that_is_no_json_is_our_fault_and_quotes_nothing() -> None:
    async def test(upstream: HttpUpstream, server: Server) -> None:
        with pytest.raises(UpstreamError) as caught:
            await upstream.send(Call(endpoint="/v1/chat/completions", body={"secret": "\ud800"}))
        assert caught.value.reason == "unserialisable" and "secret" not in str(caught.value)

    run(says(whole(b"{}")), test)
