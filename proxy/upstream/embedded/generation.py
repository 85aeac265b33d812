"""The asyncio side of a generation: from engine news to an async iterator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from guard.errors import UpstreamError
from proxy.upstream.embedded.engine import Engine
from proxy.upstream.embedded.jobs import Generate, News, Started
from proxy.upstream.embedded.sampling import Sampler, Sampling
from proxy.upstream.embedded.sequence import Limits, Piece, TokenLogprob
from proxy.upstream.embedded.sequence import Sequence as Choice
from proxy.upstream.embedded.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Plan:
    """What to generate: `n` choices for each prompt. `limits` has one entry per prompt."""

    prompts: Sequence[Sequence[int]]
    n: int
    sampling: Sampling
    limits: Sequence[Limits]
    strength: float = 0.0
    prompt_top_logprobs: int | None = None


@dataclass(slots=True)
class Usage:
    """Token counts of a request, summed over its prompts and choices."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class Generation:
    """Runs a plan. Choice i of prompt p has index p·n + i.

    `start` returns when every prompt has left the queue (so what is wrong shows before a response begins);
    `pieces` yields until all choices finished. `cancel` may be called at any time, more than once.
    """

    def __init__(self, engine: Engine, vocabulary: Vocabulary, plan: Plan) -> None:
        self._engine = engine
        self._news: asyncio.Queue[tuple[int, News]] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._open = len(plan.prompts) * plan.n
        self._tokens: dict[int, int] = {}
        self._early: list[Piece] = []
        self.usage = Usage()
        self.prompt_logprobs: dict[int, tuple[TokenLogprob, ...]] = {}
        self._jobs = [
            Generate(
                prompt,
                [Choice(p * plan.n + i, vocabulary, Sampler(plan.sampling, i), plan.limits[p]) for i in range(plan.n)],
                self._sink(p),
                strength=plan.strength,
                prompt_top_logprobs=plan.prompt_top_logprobs,
            )
            for p, prompt in enumerate(plan.prompts)
        ]

    async def start(self) -> None:
        """Raises `UpstreamError` when the queue is full or a prompt could not be computed."""
        self._engine.submit(*self._jobs)
        waiting = len(self._jobs)
        try:
            while waiting:
                p, news = await self._news.get()
                if isinstance(news, Started):
                    waiting -= 1
                    self.usage.prompt_tokens += news.prompt_tokens
                    self.usage.cached_tokens += news.cached_tokens
                    self.prompt_logprobs[p] = news.prompt_logprobs
                else:
                    self._early += self._pieces(news)
        except BaseException:
            self.cancel()
            raise

    async def pieces(self) -> AsyncIterator[Piece]:
        """News of all choices as it comes. Leaving early cancels the rest."""
        try:
            for piece in self._early:
                yield piece
            while self._open:
                for piece in self._pieces((await self._news.get())[1]):
                    yield piece
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Stop generating at the next step; whoever still waits for news gets `UpstreamError` ("cancelled")."""
        self._drop()
        self._news.put_nowait((0, UpstreamError("the generation was cancelled", reason="cancelled", status=503)))

    def _drop(self) -> None:
        for job in self._jobs:
            job.cancel()

    def _pieces(self, news: News) -> list[Piece]:
        if isinstance(news, Exception):
            raise news
        if isinstance(news, Started):
            raise UpstreamError("the embedded model started twice", reason="engine_error", status=500)
        for piece in news:
            self.usage.completion_tokens += piece.tokens - self._tokens.get(piece.index, 0)
            self._tokens[piece.index] = piece.tokens
            self._open -= piece.finish is not None
        return [p for p in news if p.text or p.logprobs or p.finish]

    def _sink(self, prompt: int) -> Callable[[News], None]:
        def put(news: News) -> None:
            try:
                self._loop.call_soon_threadsafe(self._news.put_nowait, (prompt, news))
            except RuntimeError:  # The loop is closed: nobody will ever read this.
                self._drop()

        return put
