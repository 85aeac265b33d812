"""What callers who leave say about an upstream, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from guard.metrics import Metrics
from proxy.breaker import State
from proxy.upstream import resilience
from proxy.upstream.base import Call
from proxy.upstream.http import HttpUpstream
from proxy.upstream.resilience import Resilience
from tests.proxy.upstream.test_http import CHUNKED, Server, piece, whole

SILENT = 0.3


async def impatient(upstream: HttpUpstream, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await upstream.send(Call("/v1/chat/completions", {"hang": True}))


async def nothing(upstream: HttpUpstream) -> None:
    return


async def answers(upstream: HttpUpstream) -> None:
    await asyncio.sleep(SILENT)
    await upstream.send(Call("/v1/chat/completions", {}))


async def streams(upstream: HttpUpstream) -> None:
    reply = await upstream.send(Call("/v1/chat/completions", {"drip": True}, stream=True))
    assert reply.events is not None
    async for _ in reply.events:
        pass


async def lists(upstream: HttpUpstream) -> None:
    await asyncio.sleep(SILENT)
    assert await upstream.ready()


@pytest.mark.parametrize(
    ("patience", "times", "meanwhile", "state"),
    [
        (2 * SILENT, 2, nothing, State.OPEN),
        (2 * SILENT, 1, nothing, State.CLOSED),  # one silence, however many leave
        (SILENT / 4, 2, nothing, State.CLOSED),
        (1.5 * SILENT, 2, answers, State.CLOSED),  # slow is that call, not the upstream
        (2 * SILENT, 2, streams, State.CLOSED),
        (2 * SILENT, 2, lists, State.OPEN),  # which is no service
    ],
)
def test_callers_who_leave(
    patience: float,
    times: int,
    meanwhile: Callable[[HttpUpstream], Coroutine[Any, Any, None]],
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resilience, "_SILENT_SECONDS", SILENT)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = server.requests[-1][2]
        if b"hang" in body:
            await asyncio.sleep(60)
        elif b"drip" in body:
            writer.write(CHUNKED)
            for _ in range(20):
                writer.write(piece(b"data: {}\n\n"))
                await asyncio.sleep(SILENT / 6)
            writer.write(b"0\r\n\r\n")
        else:
            writer.write(whole(b'{"data": []}'))

    server = Server(serve)

    async def main() -> None:
        async with server:
            guard = Resilience("up", Metrics(), retries=0, wait=1.0, failures=2, seconds=60.0)
            upstream = HttpUpstream("up", base_url=server.url, resilience=guard)
            await upstream.start()
            others = asyncio.ensure_future(meanwhile(upstream))
            for _ in range(times):
                await asyncio.gather(*(impatient(upstream, patience) for _ in range(3)))
            assert guard.breaker is not None and guard.breaker.state is state
            others.cancel()
            await upstream.close()

    asyncio.run(asyncio.wait_for(main(), 20))
