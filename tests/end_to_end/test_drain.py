"""Stopping under load: readiness goes at once, streams end, nobody sees a failure who follows readiness."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import openai
import pytest

from tests.end_to_end.load import TEXT, body, streams, whole
from tests.end_to_end.served import Served
from tests.support.upstream import FaultyUpstream


@pytest.fixture(scope="module")
def echo() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


def settings(echo: FaultyUpstream, **server: Any) -> dict[str, Any]:
    return {
        "server": server,
        "upstreams": {"cloud": {"kind": "openai", "base_url": echo.url}},
        "policies": {"default": {"sanitize": {"ner": []}}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, and long",
    }


def wait_inflight(served: Served, count: int) -> None:
    deadline = time.monotonic() + 20
    while served.metric("guardchain_inflight") != count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_not_ready(served: Served, seconds: float = 5.0) -> None:
    """Until every worker says so: ten answers in a row."""
    deadline, in_a_row = time.monotonic() + seconds, 0
    while in_a_row < 10:
        assert time.monotonic() < deadline
        in_a_row = in_a_row + 1 if httpx2.get(f"{served.url}/readyz").status_code == 503 else 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_refuses_what_is_new_and_ends_what_is_under_way(
    echo: FaultyUpstream, tmp_path: Path, workers: int
) -> None:
    echo.hold()
    with Served(tmp_path, settings(echo), "--workers", str(workers)) as served:
        with streams(served.url, 8) as ended:
            wait_inflight(served, 8)
            served.process.send_signal(signal.SIGTERM)
            wait_not_ready(served)
            assert httpx2.get(f"{served.url}/readyz").json()["status"] == "stopping"
            assert httpx2.get(f"{served.url}/healthz").status_code == 200, "nobody is to kill it now"
            refused = httpx2.post(f"{served.url}/v1/chat/completions", json=body())
            assert refused.status_code == 503 and refused.json()["error"]["code"] == "server_stopping"
            assert refused.headers["retry-after"] == "1" and refused.headers["connection"] == "close"
            assert not ended and served.process.poll() is None
            echo.release()
        assert len(ended) == 8 and all(map(whole, ended))
        assert served.process.wait(20) == 0
        statuses = Counter(json.loads(line)["status"] for line in served.audit.read_text().splitlines())
        assert statuses == {200: 8, 503: 1}


@pytest.mark.parametrize("workers", [1, 2])
def test_grace_ends(echo: FaultyUpstream, tmp_path: Path, workers: int) -> None:
    echo.hold()
    with Served(tmp_path, settings(echo, shutdown_seconds=1.0), "--workers", str(workers)) as served:
        with streams(served.url, 2) as ended:
            wait_inflight(served, 2)
            began = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            assert served.process.wait(20) == 0
            assert 1 < time.monotonic() - began < 6
        assert not any(map(whole, ended))
        lines = [json.loads(line) for line in served.audit.read_text().splitlines()]
        assert [line["error"] for line in lines] == ["shutdown", "shutdown"]
        echo.release()


@pytest.mark.parametrize(("workers", "second"), [(1, signal.SIGTERM), (2, signal.SIGINT)])
def test_a_second_signal_ends_it_at_once(echo: FaultyUpstream, tmp_path: Path, workers: int, second: int) -> None:
    echo.hold()
    with Served(tmp_path, settings(echo), "--workers", str(workers)) as served:
        with streams(served.url, 2):
            wait_inflight(served, 2)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert served.process.poll() is None
            served.process.send_signal(second)
            assert served.process.wait(4) == 128 + second
        echo.release()


class Balancer:
    """Forwards connections, in turn, to the proxies that are ready; asks them ten times a second."""

    def __init__(self) -> None:
        self.proxies: list[Served] = []
        self._ready: list[int] = []
        self._turn = 0

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        watching = asyncio.create_task(self._watch())
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            watching.cancel()
            server.close()

    async def _watch(self) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session:
            while True:
                ready = []
                for proxy in list(self.proxies):
                    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                        async with session.get(f"{proxy.url}/readyz") as response:
                            if response.status == 200:
                                ready.append(proxy.port)
                self._ready = ready
                await asyncio.sleep(0.1)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self._ready:  # noqa: ASYNC110 - a test's balancer
            await asyncio.sleep(0.02)
        self._turn += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._ready[self._turn % len(self._ready)])

        async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            with contextlib.suppress(ConnectionError):
                sink.close()

        await asyncio.gather(pipe(reader, back), pipe(there, writer))


async def hammer(url: str, until: asyncio.Event) -> Counter[str]:
    """Six clients, streams and whole answers by turns, no retries: how each request ended."""
    ended: Counter[str] = Counter()

    async def client() -> None:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=20) as sdk:
            turn = 0
            while not until.is_set():
                turn += 1
                await asyncio.sleep(0.01)
                try:
                    messages: Any = [{"role": "user", "content": TEXT}]
                    if turn % 2:
                        pieces = await sdk.chat.completions.create(
                            model="fault-drip" if turn % 4 == 1 else "echo", messages=messages, stream=True
                        )
                        text = "".join([c.choices[0].delta.content or "" async for c in pieces if c.choices])
                    else:
                        answer = await sdk.chat.completions.create(model="echo", messages=messages)
                        text = answer.choices[0].message.content or ""
                    ended["served" if text == f"You said: {TEXT}" else "garbled"] += 1
                except openai.OpenAIError as error:
                    ended[type(error).__name__] += 1

    await asyncio.gather(*(client() for _ in range(6)))
    return ended


def test_a_rolling_restart_fails_no_request(echo: FaultyUpstream, tmp_path: Path) -> None:
    """Two proxies, each replaced under load by a new one; the second of them with two workers."""
    config = settings(echo, drain_delay_seconds=2.0)
    old, new = [], []

    def start(name: str, workers: int) -> Served:
        (tmp_path / name).mkdir()
        served = Served(tmp_path / name, config, "--workers", str(workers))
        served.wait_ready()
        return served

    async def roll() -> Counter[str]:
        balancer = Balancer()
        balancer.proxies += old
        until = asyncio.Event()
        async with balancer.running() as url:
            load = asyncio.create_task(hammer(url, until))
            for number, leaving in enumerate(list(old)):
                await asyncio.sleep(0.5)
                new.append(await asyncio.to_thread(start, f"new{number}", 1 + number))
                balancer.proxies.append(new[-1])
                await asyncio.sleep(0.3)
                leaving.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(leaving.process.wait, 20) == 0
                balancer.proxies.remove(leaving)
            await asyncio.sleep(0.5)
            until.set()
            found = await load
            await asyncio.sleep(0.2)
            return found

    threads = [threading.Thread(target=lambda n=n: old.append(start(f"old{n}", 1 + n))) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        ended = asyncio.run(roll())
    finally:
        for one in (*old, *new):
            one.__exit__()
    assert set(ended) == {"served"} and ended["served"] > 100, ended
    assert all((tmp_path / f"new{n}/audit.jsonl").read_text() for n in range(2)), "the new ones served too"
