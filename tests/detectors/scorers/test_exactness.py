"""Every scorer in this process against a plain `transformers` forward of prompt and probe, fp32: 1e-4 at lengths around
a cache block of 16 and the engine's prefill chunk, mixed in one batch, cold and warm, while a generation runs."""

from __future__ import annotations

import asyncio

import pytest
from transformers import GenerationConfig

from detectors.scorers.local import LocalScorer
from proxy.upstream.base import Call
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream
from proxy.upstream.embedded.engine import PREFILL_CHUNK
from proxy.upstream.embedded.model import assemble
from tests.detectors import support
from tests.detectors.scorers.test_forward import PROBES, ids, plain

B = 16
LENGTHS = (1, B - 1, B, B + 1, 2 * B, 500, PREFILL_CHUNK - 1, PREFILL_CHUNK, PREFILL_CHUNK + 1)
PROMPTS = [ids(n, seed=n) for n in LENGTHS] + [ids(500, seed=500)[:n] for n in (B, 2 * B, 499)]  # beginnings of another


@pytest.fixture(scope="module")
def expected():
    model = support.model()
    return [[plain(model, prompt, probe) for probe in PROBES] for prompt in PROMPTS]


def check(scored, expected):
    for found, rows in zip(scored, expected, strict=True):
        for row, reference in zip(found.logprobs, rows, strict=True):
            assert row == pytest.approx(reference, abs=1e-4)


def upstream(cache_tokens):
    model = support.model()
    model.generation_config = GenerationConfig(eos_token_id=[2])
    loaded = assemble(model, support.tokenizer(), support.IDENTITY)
    return EmbeddedUpstream(
        EmbeddedOptions(model="memory/tiny", max_queue=64, cache_tokens=cache_tokens), loaded=loaded
    )


async def generate(it):
    """One long answer in the same engine, whose steps the probes come between."""
    body = {"model": "x", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 200}
    reply = await it.send(Call("/v1/chat/completions", {**body, "stream": True}, stream=True))
    async for _ in reply.events:
        pass
    await reply.close()


@pytest.mark.parametrize("cache_tokens", [8192, 600, 0], ids=["cached", "crowded", "uncached"])
def test_embedded(expected, cache_tokens):
    async def run():
        it = upstream(cache_tokens)
        await it.start()
        answer = asyncio.create_task(generate(it))
        for _ in range(2):
            check(await asyncio.gather(*[it.scorer.score(p, PROBES) for p in PROMPTS]), expected)
        warm = [await it.scorer.score(p, PROBES) for p in PROMPTS]
        check(warm, expected)
        if cache_tokens == 8192:
            assert [s.cached_tokens for s in warm] == [len(p) for p in PROMPTS]
            assert {s.tokens_computed for s in warm} == {8}  # the probes' own tree
        elif not cache_tokens:
            assert {s.cached_tokens for s in warm} == {0}
        await answer
        await it.close()

    asyncio.run(run())


@pytest.mark.parametrize("cache_tokens", [8192, 600, 0], ids=["cached", "crowded", "uncached"])
def test_local(expected, cache_tokens):
    async def run():
        local = LocalScorer(support.model(), support.tokenizer(), support.IDENTITY, cache_tokens=cache_tokens)
        for _ in range(2):
            check(await asyncio.gather(*[local.score(p, PROBES) for p in PROMPTS]), expected)
        local.close()

    asyncio.run(run())
