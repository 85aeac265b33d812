"""Scheduling: interleaving, cancellation, the queue's bound, failures that stay with their request."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from guard.errors import CheckUnavailable, UpstreamError
from proxy.upstream.base import Reply
from proxy.upstream.embedded.jobs import Job, Slices
from proxy.upstream.embedded.model import LoadedModel
from tests.proxy.upstream.embedded.conftest import Client, user

LONG: dict[str, Any] = {"max_tokens": 400, "ignore_eos": True, "temperature": 0}


@pytest.fixture
def narrow(loaded: LoadedModel) -> Iterator[Client]:
    """Room for two active choices and two waiting requests."""
    it = Client(loaded, max_active=2, max_queue=2, max_tokens=400)
    yield it
    it.close()


async def idle(client: Client) -> bool:
    for _ in range(200):
        if not client.upstream.engine.active:
            return True
        await asyncio.sleep(0.01)
    return False


async def first_event(reply: Reply) -> None:
    assert reply.events is not None
    await anext(reply.events)


def chat(client: Client, text: str, stream: bool = False, **body: Any) -> Any:
    return client.post("/v1/chat/completions", stream=stream, messages=user(text), **body)


def test_mixed_requests_at_once_answer_as_they_do_alone(client: Client) -> None:
    async def streamed(text: str, **body: Any) -> str:
        reply = await chat(client, text, True, **body)
        chunks = [orjson.loads(e.data) async for e in reply.events if e.data != b"[DONE]"]
        return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)

    async def whole(text: str, **body: Any) -> str:
        reply = await chat(client, text, **body)
        return str(orjson.loads(reply.body)["choices"][0]["message"]["content"])

    texts = ["hello", "a story about a king " * 9, "你好", "the quick brown fox", "jumps over", "x"]
    options: list[dict[str, Any]] = [{"max_tokens": 10 + 7 * n, "temperature": 0.9, "seed": n} for n in range(6)]
    alone = [client.run(whole(t, **o)) for t, o in zip(texts, options, strict=True)]

    async def together() -> list[str]:
        kinds = [streamed, whole] * 3
        work = [kind(t, **o) for kind, t, o in zip(kinds, texts, options, strict=True)]
        return list(await asyncio.gather(*work))

    assert client.run(together()) == alone
    client.forget()
    assert client.run(together()) == alone


def test_streams_interleave(client: Client) -> None:
    async def order() -> list[int]:
        seen: list[int] = []

        async def follow(n: int) -> None:
            reply = await chat(client, f"stream {n}", True, **{**LONG, "max_tokens": 40})
            async for _ in reply.events:
                seen.append(n)

        await asyncio.gather(follow(0), follow(1))
        return seen

    seen = client.run(order())
    assert sum(a != b for a, b in itertools.pairwise(seen)) > 10


def test_closing_a_reply_frees_its_slots(narrow: Client) -> None:
    async def scenario() -> None:
        reply = await chat(narrow, "first", True, n=2, **LONG)
        await first_event(reply)
        waiting = asyncio.ensure_future(chat(narrow, "second", max_tokens=2))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await reply.close()
        await reply.close()
        assert (await asyncio.wait_for(waiting, 5)).status == 200
        assert await idle(narrow)

    narrow.run(scenario())


def test_leaving_the_stream_or_cancelling_the_task_frees_its_slots(narrow: Client) -> None:
    async def scenario() -> None:
        reply = await chat(narrow, "first", True, n=2, **LONG)
        async for _ in reply.events:
            break
        await reply.events.aclose()
        task = asyncio.ensure_future(chat(narrow, "second", n=2, **LONG))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await idle(narrow)

    narrow.run(scenario())


def test_who_waits_on_a_closed_reply_does_not_hang(client: Client) -> None:
    async def scenario() -> None:
        reply = await chat(client, "first", True, **LONG)
        await first_event(reply)

        async def drain() -> None:
            async for _ in reply.events:
                pass

        task = asyncio.ensure_future(drain())
        await asyncio.sleep(0.02)
        await reply.close()
        with pytest.raises(UpstreamError) as caught:
            await asyncio.wait_for(task, 5)
        assert caught.value.reason == "cancelled"

    client.run(scenario())


def test_a_full_queue_is_429_and_recovers(narrow: Client) -> None:
    async def scenario() -> None:
        running = await chat(narrow, "first", True, n=2, **LONG)
        waiting = [asyncio.ensure_future(chat(narrow, f"w{n}", max_tokens=1)) for n in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(UpstreamError) as caught:
            await chat(narrow, "too many", max_tokens=1)
        error = caught.value
        assert (error.status, error.reason) == (429, "queue_full")
        assert error.retry_after and error.retry_after > 0
        waiting[0].cancel()
        await asyncio.sleep(0)
        late = asyncio.ensure_future(chat(narrow, "now there is room", max_tokens=1))
        await asyncio.sleep(0.05)
        assert not late.done()
        await running.close()
        assert [(await asyncio.wait_for(w, 5)).status for w in (waiting[1], late)] == [200, 200]

    narrow.run(scenario())


def test_a_full_queue_still_scores_so_that_the_client_hears_429(narrow: Client) -> None:
    async def scenario() -> None:
        running = await chat(narrow, "first", True, n=2, **LONG)
        waiting = [asyncio.ensure_future(chat(narrow, f"w{n}", max_tokens=1)) for n in range(2)]
        await asyncio.sleep(0.05)
        scorer = narrow.upstream.scorer
        prompt = scorer.render(user("too many"))
        assert (await asyncio.wait_for(scorer.score(prompt, [[5, 6]]), 5)).logprobs
        with pytest.raises(UpstreamError) as caught:
            await chat(narrow, "too many", max_tokens=1)
        assert caught.value.status == 429
        await running.close()
        await asyncio.gather(*waiting)

    narrow.run(scenario())


class _Hold(Job):
    """Keeps the engine busy until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def run(self, engine: Any) -> Slices:
        self.begun.set()
        self.go.wait(10)
        yield

    def fail(self, error: Exception) -> None:
        raise AssertionError(type(error).__name__)


def test_scores_wait_in_a_bounded_queue_too(narrow: Client) -> None:
    async def scenario() -> None:
        hold = _Hold()
        narrow.upstream.engine.submit(hold)
        await asyncio.to_thread(hold.begun.wait, 5)
        scorer = narrow.upstream.scorer
        waiting = [asyncio.ensure_future(scorer.score([1, n], [[5]])) for n in range(8)]
        await asyncio.sleep(0)
        with pytest.raises(CheckUnavailable) as caught:
            await scorer.score([1, 9], [[5]])
        assert caught.value.reason == "queue_full"
        hold.go.set()
        assert len(await asyncio.gather(*waiting)) == 8

    narrow.run(scenario())


def test_more_choices_than_may_be_active_run_alone(narrow: Client) -> None:
    answer = narrow.chat(n=5, max_tokens=3)
    assert len(answer["choices"]) == 5


class _Broken(Job):
    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None

    def run(self, engine: Any) -> Slices:
        yield
        raise ValueError("secret text of a user")

    def fail(self, error: Exception) -> None:
        self.error = error


def test_a_failing_request_fails_alone(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        reply = await chat(client, "first", True, **{**LONG, "max_tokens": 60})
        broken = _Broken()
        client.upstream.engine.submit(broken)
        events = [e async for e in reply.events]
        assert events[-1].data == b"[DONE]"
        assert isinstance(broken.error, UpstreamError)
        assert "secret" not in str(broken.error)

    client.run(scenario())
    assert "secret" not in caplog.text
    assert client.run(client.upstream.ready())


def test_a_failing_step_ends_its_streams_and_the_engine_goes_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = client.chat(max_tokens=5)["choices"]

    async def scenario() -> None:
        reply = await chat(client, "first", True, **LONG)
        await first_event(reply)
        engine = client.upstream.engine
        monkeypatch.setattr(engine, "_forward", lambda: 1 / 0)
        with pytest.raises(UpstreamError) as caught:
            async for _ in reply.events:
                pass
        assert caught.value.reason == "engine_error"
        monkeypatch.undo()

    client.run(scenario())
    assert client.chat(max_tokens=5)["choices"] == expected


def test_shutdown_fails_what_runs_and_refuses_what_comes(loaded: LoadedModel) -> None:
    it = Client(loaded)

    async def scenario() -> None:
        reply = await chat(it, "first", True, **LONG)
        await first_event(reply)
        await it.upstream.close()
        with pytest.raises(UpstreamError) as caught:
            async for _ in reply.events:
                pass
        assert caught.value.status == 503
        assert not await it.upstream.ready()
        with pytest.raises(UpstreamError):
            await chat(it, "late")

    it.run(scenario())
    it.loop.close()


def test_a_long_prompt_does_not_hold_up_running_streams(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """With chunks of 16 tokens a 200-token prompt takes many slices; a stream gets a step between any two."""
    monkeypatch.setattr("proxy.upstream.embedded.engine.PREFILL_CHUNK", 16)

    async def scenario() -> int:
        reply = await chat(client, "first", True, **{**LONG, "max_tokens": 100})
        await first_event(reply)
        seen = 0

        async def follow() -> None:
            nonlocal seen
            async for _ in reply.events:
                seen += 1

        task = asyncio.ensure_future(follow())
        before = seen
        await chat(client, "y " * 150, max_tokens=1)
        during = seen - before
        await task
        return during

    assert client.run(scenario()) >= 5
