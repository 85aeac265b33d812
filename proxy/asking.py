"""Asking a local upstream on the guard's own behalf: one conversation in, one text out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from guard.errors import UpstreamError
from guard.metrics import Metrics
from proxy import headers
from proxy.upstream.base import Call, Upstream
from proxy.upstream.counting import counted

if TYPE_CHECKING:
    from sanitizers.detect.local_model import Question

_AT_ONCE = 4  # questions about one text that are under way together


class Asker:
    """Questions to one model of one upstream. `structured`: ask for JSON by schema, where the upstream knows how to."""

    def __init__(
        self,
        upstream: Upstream,
        loop: asyncio.AbstractEventLoop,
        metrics: Metrics,
        *,
        model: str | None,
        structured: bool,
    ) -> None:
        self._upstream = upstream
        self._loop = loop
        self._metrics = metrics
        self._model = model
        self._structured = structured

    async def ask(self, question: Question, seconds: float) -> str:
        """The answer's text. Raises `UpstreamError`, `RequestError`, or `TimeoutError` after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                reply = await counted(self._upstream, self._call(question), self._metrics)
        except TimeoutError:
            self._metrics.upstream_error(self._upstream.name, "deadline")
            raise
        try:
            return _text(reply.status, reply.body)
        finally:
            await reply.close()

    def ask_all(self, questions: Sequence[Question], seconds: float) -> Sequence[str]:
        """The answers to all questions; blocks, so it must not run on the event loop. Raises as `ask`."""
        running = asyncio.run_coroutine_threadsafe(self._ask_all(questions, seconds), self._loop)
        try:
            return running.result(seconds + 1.0)
        finally:
            running.cancel()  # nobody waits any more; without effect when it is done

    async def _ask_all(self, questions: Sequence[Question], seconds: float) -> list[str]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(question: Question) -> str:
            async with gate:
                return await self.ask(question, seconds)

        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(question)) for question in questions]
        return [task.result() for task in tasks]

    def _call(self, question: Question) -> Call:
        body: dict[str, Any] = {
            "model": self._model or "local",
            "messages": [dict(message) for message in question.messages],
            "max_tokens": question.max_tokens,
            "temperature": 0,
        }
        if self._structured and question.schema is not None:
            schema = {"name": "values", "strict": True, "schema": question.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return Call("/v1/chat/completions", body=body, request_id=headers.new_request_id())


def _text(status: int, body: bytes | None) -> str:
    """The first choice's text. A cut-off answer is none: what is missing would count as not sensitive."""
    if status != 200:
        raise UpstreamError(f"the local model answered with status {status}", reason="status")
    try:
        choice = orjson.loads(body or b"")["choices"][0]
        text, why = choice["message"]["content"], choice.get("finish_reason")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        raise UpstreamError("the local model's answer is no chat completion", reason="malformed") from None
    if not isinstance(text, str) or why not in ("stop", None):
        raise UpstreamError("the local model did not finish its answer", reason="unfinished")
    return text
