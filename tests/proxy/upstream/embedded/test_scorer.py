"""Probes and generation share one prompt KV."""

from __future__ import annotations

import asyncio

import pytest
import torch

from guard.errors import CheckUnavailable, RequestError
from proxy.upstream.embedded.model import LoadedModel
from tests.proxy.upstream.embedded.conftest import CONTEXT, Client, user

PROBES = [[5, 9, 12], [5, 9, 40], [7], [100, 101, 102, 103]]


def plain(loaded: LoadedModel, prompt: list[int], probe: list[int]) -> list[float]:
    with torch.inference_mode():
        rows = loaded.model(torch.tensor([[*prompt, *probe]])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
    return [float(rows[n, t]) for n, t in enumerate(probe)]


@pytest.mark.parametrize("text", ["hello", "你好，世界", "the quick brown fox " * 8])
def test_scores_are_those_of_plain_forwards_cold_and_warm(client: Client, loaded: LoadedModel, text: str) -> None:
    scorer = client.upstream.scorer
    prompt = scorer.render(user(text))
    cold, warm = (client.run(scorer.score(prompt, PROBES)) for _ in range(2))
    for scored in (cold, warm):
        for row, probe in zip(scored.logprobs, PROBES, strict=True):
            assert row == pytest.approx(plain(loaded, prompt, probe), abs=1e-4)
    assert warm.logprobs == cold.logprobs
    assert (warm.cached_tokens, cold.cached_tokens < len(prompt)) == (len(prompt), True)
    assert cold.tokens_computed - warm.tokens_computed == len(prompt) - cold.cached_tokens


def test_generation_reuses_what_the_probes_computed(client: Client) -> None:
    expected = client.chat("a king and a queen", max_tokens=10)
    client.forget()
    scorer = client.upstream.scorer
    client.run(scorer.score(scorer.render(user("a king and a queen")), PROBES))
    answer = client.chat("a king and a queen", max_tokens=10)
    assert answer["choices"] == expected["choices"]
    assert answer["usage"]["prompt_tokens_details"]["cached_tokens"] == answer["usage"]["prompt_tokens"]


def test_many_scores_at_once(client: Client) -> None:
    scorer = client.upstream.scorer
    prompts = [scorer.render(user(f"question {n}")) for n in range(6)]

    async def gather() -> list[object]:
        return list(await asyncio.gather(*[scorer.score(p, PROBES) for p in prompts]))

    together = client.run(gather())
    client.forget()
    alone = [client.run(scorer.score(p, PROBES)) for p in prompts]
    for a, b in zip(together, alone, strict=True):
        assert [x for row in a.logprobs for x in row] == pytest.approx([x for row in b.logprobs for x in row], abs=1e-4)


@pytest.mark.parametrize(
    ("prompt", "reason"), [([], "empty_prompt"), ([1] * CONTEXT, "prompt_too_long"), ([10**6], "engine_error")]
)
def test_what_cannot_be_scored_is_unavailable(client: Client, prompt: list[int], reason: str) -> None:
    with pytest.raises(CheckUnavailable) as caught:
        client.run(client.upstream.scorer.score(prompt, PROBES))
    assert (caught.value.check, caught.value.reason) == ("probe", reason)


def test_a_stopped_engine_is_unavailable(loaded: LoadedModel) -> None:
    it = Client(loaded)
    scorer = it.upstream.scorer
    it.run(it.upstream.close())
    with pytest.raises(CheckUnavailable):
        it.run(scorer.score([1, 2], PROBES))
    it.loop.close()


def test_render_refuses_media(client: Client) -> None:
    with pytest.raises(RequestError):
        client.upstream.scorer.render([{"role": "user", "content": [{"type": "input_audio"}]}])
