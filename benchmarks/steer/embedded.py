"""The embedded upstream, without and with a subspace."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import orjson

from benchmarks.steer.rounds import Row, compare
from proxy.upstream.base import Call
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream


class Bench:
    """An upstream and its model thread's processor clock."""

    def __init__(self, upstream: EmbeddedUpstream, known: set[int]) -> None:
        """`known`: threads that ran before the upstream was started."""
        self.upstream = upstream
        (worker,) = (t for t in threading.enumerate() if t.name == "embedded-engine" and t.ident not in known)
        assert worker.ident is not None
        self._processor = time.pthread_getcpuclockid(worker.ident)

    async def once(
        self, prompts: Sequence[Sequence[int]], strengths: Sequence[float], tokens: int
    ) -> tuple[float, float]:
        """Seconds by the clock and of the processor, for all prompts at once."""
        started, busy = time.perf_counter(), time.clock_gettime(self._processor)
        pairs = zip(prompts, strengths, strict=True)
        said = await asyncio.gather(*(self._complete(list(p), strength, tokens) for p, strength in pairs))
        cpu = time.clock_gettime(self._processor) - busy
        assert said == [tokens] * len(prompts), "an answer ended early: the ways did not do the same work"
        return time.perf_counter() - started, cpu

    async def _complete(self, prompt: list[int], strength: float, tokens: int) -> int:
        body = {"model": "x", "prompt": prompt, "temperature": 0, "max_tokens": tokens, "ignore_eos": True}
        reply = await self.upstream.send(Call("/v1/completions", body, strength=strength))
        assert reply.body is not None
        used: int = orjson.loads(reply.body)["usage"]["completion_tokens"]
        return used


async def run(
    model: str, steering: str, batches: Sequence[int], *, repeats: int, tokens: int, length: int, threads: int
) -> list[Row]:
    options = EmbeddedOptions(
        model=model, threads=threads, max_queue=max(batches), max_active=max(batches), cache_tokens=0
    )
    benches: list[Bench] = []
    try:
        for chosen in (options, replace(options, steering=steering)):
            known = {t.ident for t in threading.enumerate() if t.ident is not None}
            upstream = EmbeddedUpstream(chosen)
            await upstream.start()
            benches.append(Bench(upstream, known))
        loaded = benches[0].upstream.loaded
        special = set(loaded.tokenizer.all_special_ids)

        async def measure(
            way: str, prompts: Sequence[Sequence[int]], strengths: Sequence[float]
        ) -> tuple[float, float]:
            return await benches[0 if way == "without" else 1].once(prompts, strengths, tokens)

        vocabulary = [t for t in range(loaded.vocabulary_size) if t not in special]
        return await compare(measure, vocabulary, batches, repeats=repeats, length=length, tokens=tokens)
    finally:
        for bench in benches:
            await bench.upstream.close()
