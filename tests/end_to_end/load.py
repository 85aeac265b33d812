"""Streams and requests at a served proxy, many at once, each told apart by how it ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

TEXT = "Tell maria.lopez@corp-internal.org about it"


def body(model: str = "echo", *, stream: bool = True) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": TEXT}], "stream": stream}


async def stream(session: aiohttp.ClientSession, url: str, model: str) -> str:
    """What became of one stream: its text, an HTTP status, or the name of the error that broke it."""
    try:
        async with session.post(f"{url}/v1/chat/completions", json=body(model)) as response:
            text = await response.text()
            return text if response.status == 200 else str(response.status)
    except aiohttp.ClientError as error:
        return type(error).__name__


@contextmanager
def streams(url: str, count: int, model: str = "fault-pause") -> Iterator[list[str]]:
    """`count` streams under way, each on a connection of its own; the list fills as they end, by the block's end."""
    ended: list[str] = []

    async def run() -> None:
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as session:

            async def one() -> None:
                ended.append(await stream(session, url, model))

            await asyncio.gather(*(one() for _ in range(count)))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        yield ended
    finally:
        thread.join(60)
        assert not thread.is_alive()


def whole(text: str) -> bool:
    """Whether a stream came through to its end, its text restored."""
    return text.rstrip().endswith("data: [DONE]") and '"stop"' in text
