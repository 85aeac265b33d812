"""Any OpenAI-compatible API over HTTP: one pooled client, timeouts on every wait, bounded answers.

Redirects are never followed (a key would travel with them) and no proxy is taken from the environment: the only host
spoken to is the configured one.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import aiohttp
import orjson
from yarl import URL

from guard.errors import UpstreamError
from proxy.upstream.base import Call, Event, Reply
from proxy.upstream.listed import Listed
from proxy.upstream.resilience import Resilience
from proxy.upstream.sse import MAX_EVENT_BYTES, SSEParser

_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_OURS = frozenset(("host", "content-length", "content-type", "content-encoding", "accept-encoding", "accept", "cookie"))
_DROPPED_BACK = _HOP_BY_HOP | {"content-length", "content-encoding", "set-cookie"}

DEFAULT_CONNECTIONS = 1024
DEFAULT_RESPONSE_BYTES = 64 << 20
_READY_SECONDS = 1.0
_LIST_BYTES = 4 << 20  # the largest providers list a thousand models in one


class HttpUpstream:
    """An `Upstream` that is reached over HTTP.

    `base_url` is what an OpenAI SDK would be given: a path in it (`/v1`, `/api/v3`) stands in for the endpoint's `/v1`.
    `api_key` None sends the client's own `Authorization` when the call carries one. Seconds: `connect_seconds` until
    the connection stands, `first_byte_seconds` until the response's head, `idle_seconds` between two reads of its body,
    `total_seconds` for all of it. `resilience` repeats what may be repeated, and spares an upstream in trouble.
    """

    can_steer = False

    def __init__(
        self,
        name: str,
        *,
        base_url: str,
        api_key: str | None = None,
        connect_seconds: float = 5.0,
        first_byte_seconds: float = 120.0,
        idle_seconds: float = 120.0,
        total_seconds: float = 3600.0,
        resilience: Resilience | None = None,
        max_response_bytes: int = DEFAULT_RESPONSE_BYTES,
        max_event_bytes: int = MAX_EVENT_BYTES,
        connections: int = DEFAULT_CONNECTIONS,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.listed = Listed()
        self._base = base_url.rstrip("/")
        self._versioned = URL(self._base).path not in ("", "/")
        self._key = api_key
        self._first_byte = first_byte_seconds
        self._idle = idle_seconds
        self._total = total_seconds
        self._resilience = resilience
        self._max_response = max_response_bytes
        self._max_event = max_event_bytes
        self._connections = connections
        self._ssl = ssl_context
        # waiting for the head and between reads is timed here, each with its own limit
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the connection pool; no connection is made yet."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, ttl_dns_cache=60, ssl=self._ssl if self._ssl is not None else True
                ),
                timeout=self._timeout,
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent",),
            )

    async def close(self) -> None:
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def ready(self) -> bool:
        """Whether the upstream answers `GET /v1/models` with anything but a server error, within a second."""
        status = await self._list()
        return status is not None and status < 500

    async def send(self, call: Call) -> Reply:
        """One call. 4xx and 5xx are replies, body and retry headers as they came.

        Raises `UpstreamError` with reason `connect`, `connect_timeout`, `first_byte_timeout`, `idle_timeout`,
        `total_timeout`, `reset`, `tls`, `oversize`, `redirect`, `encoding`, `malformed` or `circuit_open`. The event
        iterator raises the same, besides `early_close`; `close` hangs up on an answer that is not finished.
        """
        return await self._send(call, self._total)

    def retire(self) -> None:
        """See `Shown`."""
        if self._resilience is not None:
            self._resilience.retire()

    # Internals

    async def _send(self, call: Call, seconds: float, *, proves: bool = True) -> Reply:
        """`send` within so many seconds in all; `proves` as in `Resilience.run`."""
        deadline = asyncio.get_running_loop().time() + seconds
        if self._resilience is None:
            return await self._attempt(call, deadline)
        return await self._resilience.run(call, lambda: self._attempt(call, deadline), deadline, proves=proves)

    async def _list(self) -> int | None:
        """Ask for `/v1/models` and keep the names in the answer. Its status; None where there is none in a second."""
        status = None
        with contextlib.suppress(TimeoutError, UpstreamError):
            async with asyncio.timeout(_READY_SECONDS):
                response = await self._open(Call(endpoint="/v1/models", method="GET"), math.inf)
                try:
                    status = response.status
                    if status == 200:
                        self.listed.read(await self._body(response, math.inf, _LIST_BYTES))
                finally:
                    response.close()
        return status

    async def _attempt(self, call: Call, deadline: float) -> Reply:
        response = await self._open(call, deadline)
        try:
            if 300 <= response.status < 400:
                raise UpstreamError("the upstream answered with a redirect, which is not followed", reason="redirect")
            if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
                raise UpstreamError("the upstream sent an encoding that was not asked for", reason="encoding")
            headers = [(k, v) for k, v in response.headers.items() if k.lower() not in _dropped(response)]
            if response.status == 200 and response.content_type == "text/event-stream":
                return Reply(200, headers, events=self._events(response, deadline), close=_closer(response))
            body = await self._body(response, deadline, self._max_response)
            if call.stream and response.status == 200:
                raise _not_a_stream(body)
            return Reply(response.status, headers, body=body)
        except BaseException:
            response.close()
            raise

    async def _open(self, call: Call, deadline: float) -> aiohttp.ClientResponse:
        session = self._session
        if session is None:
            raise UpstreamError(f"upstream {self.name!r} is not started", reason="not_started", status=503)
        data = None if call.body is None else _dumps(call.body)
        # encoded=True: the path is ours, and must not be normalised into another one
        path = call.endpoint.removeprefix("/v1") if self._versioned else call.endpoint
        url = URL(self._base + path, encoded=True)
        try:
            async with _until(self._first_byte, deadline):
                return await session.request(
                    call.method, url, data=data, headers=self._headers(call), allow_redirects=False
                )
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _failure(error, waiting=_which("first_byte", deadline)) from None

    def _headers(self, call: Call) -> dict[str, str]:
        named = {t.strip().lower() for t in _get(call.headers, "connection").split(",")}
        out = {
            k: v
            for k, v in call.headers.items()
            if k.lower() not in _HOP_BY_HOP and k.lower() not in _OURS and k.lower() not in named
        }
        out["Accept-Encoding"] = "identity"  # the answer is read and rewritten
        out["Accept"] = "text/event-stream" if call.stream else "application/json"
        if call.body is not None:
            out["Content-Type"] = "application/json"
        if self._key is not None:
            out = {k: v for k, v in out.items() if k.lower() != "authorization"}
            out["Authorization"] = f"Bearer {self._key}"
        return out

    async def _body(self, response: aiohttp.ClientResponse, deadline: float, most: int) -> bytes:
        chunks, size = [], 0
        while chunk := await self._read(response, deadline):
            size += len(chunk)
            if size > most:
                raise UpstreamError(f"the upstream sent an answer of more than {most} bytes", reason="oversize")
            chunks.append(chunk)
        response.release()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _read(self, response: aiohttp.ClientResponse, deadline: float) -> bytes:
        """What has arrived, empty at the end."""
        try:
            if response.content.is_eof():  # all is here: nothing to wait for, and a timer costs more than the read
                return await response.content.readany()
            async with _until(self._idle, deadline):
                return await response.content.readany()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _failure(error, waiting=_which("idle", deadline)) from None

    async def _events(self, response: aiohttp.ClientResponse, deadline: float) -> AsyncIterator[Event]:
        parser = SSEParser(max_event_bytes=self._max_event)
        try:
            while chunk := await self._read(response, deadline):
                if self._resilience is not None:
                    self._resilience.heard()
                for event in parser.feed(chunk):
                    yield event
            for event in parser.close():
                yield event
        finally:
            response.close()


def _until(seconds: float, deadline: float) -> asyncio.Timeout:
    """Ends after so many seconds, or at the deadline (in the loop's time) if that comes first."""
    return asyncio.timeout_at(min(asyncio.get_running_loop().time() + seconds, deadline))


def _which(waiting: str, deadline: float) -> str:
    return waiting if asyncio.get_running_loop().time() < deadline else "total"


def _dumps(body: Mapping[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except (TypeError, ValueError):
        # what the error quotes may be text of a user
        raise UpstreamError("the request could not be written as JSON", reason="unserialisable", status=500) from None


def _closer(response: aiohttp.ClientResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        response.close()

    return close


def _get(headers: Mapping[str, str], name: str) -> str:
    return next((v for k, v in headers.items() if k.lower() == name), "")


def _dropped(response: aiohttp.ClientResponse) -> frozenset[str]:
    named = response.headers.get("Connection")
    return _DROPPED_BACK | {t.strip().lower() for t in named.split(",")} if named else _DROPPED_BACK


def _not_a_stream(body: bytes) -> UpstreamError:
    """A 200 with JSON where a stream was asked for: some servers put an error there, some ignore `stream`."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        data = None
    if isinstance(data, dict) and data.get("error"):
        return UpstreamError("the upstream answered a streaming request with an error object", reason="error_object")
    return UpstreamError("the upstream answered a streaming request without a stream", reason="not_a_stream")


def _failure(error: BaseException, *, waiting: str) -> UpstreamError:
    """The label for what went wrong below HTTP. Messages are ours: a foreign one may name hosts and keys."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UpstreamError("no connection to the upstream in time", reason="connect_timeout", status=504)
    if isinstance(error, TimeoutError):
        return UpstreamError("the upstream did not answer in time", reason=f"{waiting}_timeout", status=504)
    if isinstance(error, aiohttp.ClientSSLError):
        return UpstreamError("no trusted connection to the upstream", reason="tls")
    if isinstance(error, aiohttp.ClientConnectorError):
        return UpstreamError("the upstream cannot be reached", reason="connect", status=502)
    if isinstance(error, aiohttp.ClientPayloadError):
        return UpstreamError("the upstream ended its answer too early", reason="early_close")
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | OSError):
        return UpstreamError("the upstream closed the connection", reason="reset")
    return UpstreamError("the upstream did not speak HTTP as it should", reason="malformed")
