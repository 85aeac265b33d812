"""The in-process scorer: exact whatever its cache holds, counted, bounded, off the event loop."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
import torch

from detectors.scorers.local import LocalScorer
from guard.errors import ArtifactError, CheckUnavailable
from tests.detectors import support
from tests.detectors.scorers.test_forward import PROBES, ids, plain

PROBE_TOKENS = 6 + 2  # the distinct beginnings in PROBES: of the long one, which begin like [9], and of the last


def scorer(family="Qwen2", **options):
    return LocalScorer(support.model(family), support.tokenizer(), support.IDENTITY, **options)


def check_exact(scored, family, prompt):
    for row, probe in zip(scored.logprobs, PROBES, strict=True):
        assert row == pytest.approx(plain(support.model(family), prompt, probe), abs=1e-4)


@pytest.mark.parametrize("family", ["Qwen2", "Gemma2"])
def test_cache_reuse_is_exact_and_counted(family):
    async def run():
        local = scorer(family)
        base = ids(60)
        table = [  # prompt, prompt tokens found in the cache (full attention, sliding window)
            (base, 0, 0),
            (base, 60, 60),
            ([*base, *ids(20, seed=2)], 60, 60),
            (base[:30], 29, 0),
            ([*base[:40], 5, 6, 7], 40, 30),
            (ids(5, seed=9), 0, 0),
        ]
        for prompt, full, sliding in table:
            scored = await local.score(prompt, PROBES)
            check_exact(scored, family, prompt)
            cached = full if family == "Qwen2" else sliding
            assert scored.cached_tokens == cached
            assert scored.tokens_computed == len(prompt) - cached + PROBE_TOKENS
        assert local.cached_tokens == sum(row[1 if family == "Qwen2" else 2] for row in table)
        local.close()

    asyncio.run(run())


def test_cache_is_bounded():
    async def run():
        local = scorer(cache_tokens=50)
        a, b = ids(30, seed=1), ids(30, seed=2)
        assert [(await local.score(p, PROBES)).cached_tokens for p in (a, a, b, a, b, b)] == [0, 30, 0, 0, 0, 30]
        too_large = ids(60, seed=3)
        assert [(await local.score(too_large, PROBES)).cached_tokens for _ in range(2)] == [0, 0]
        local.close()

    asyncio.run(run())


def test_runs_beside_the_event_loop_and_in_any_order():
    async def run():
        local = scorer()
        seen = []
        now = local.score_now
        local.score_now = lambda *a: (seen.append(threading.current_thread()), now(*a))[1]
        prompts = [ids(n, seed=n) for n in (5, 50, 17, 16, 1, 5)]
        for prompt, scored in zip(
            prompts, await asyncio.gather(*[local.score(p, PROBES) for p in prompts]), strict=True
        ):
            check_exact(scored, "Qwen2", prompt)
        assert threading.main_thread() not in seen
        assert len(set(seen)) == 1
        local.close()

    asyncio.run(run())


def test_limits():
    async def run():
        local = scorer(max_queue=2)
        with pytest.raises(CheckUnavailable) as error:
            await local.score(ids(1020), PROBES)
        assert error.value.reason == "too_long"
        gate = threading.Event()
        now = local.score_now
        local.score_now = lambda *a: (gate.wait(5), now(*a))[1]
        waiting = [asyncio.create_task(local.score(ids(3), PROBES)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(CheckUnavailable) as error:
            await local.score(ids(3), PROBES)
        assert error.value.reason == "queue_full"
        waiting[1].cancel()
        gate.set()
        await waiting[0]
        await asyncio.sleep(0.05)
        await local.score(ids(3), PROBES)  # both places are free again
        local.close()

    asyncio.run(run())


def test_render_ends_where_the_answer_begins():
    """The template itself is tested with `ChatTemplate`; here only that media do not stop a scorer that sees text."""
    local, header = scorer(), support.tokenizer().encode("<|start|>assistant\n")
    prompt = local.render([{"role": "user", "content": "ab"}])
    assert prompt[-len(header) :] == header
    media = {"type": "image_url", "image_url": {"url": "x"}}
    assert local.render([{"role": "user", "content": [{"type": "text", "text": "ab"}, media]}]) == prompt
    assert len(local.render([{"role": "user", "content": "ab"}], tools=[{"name": "f"}])) > len(prompt)


def test_load(tmp_path):
    support.model().save_pretrained(tmp_path)
    support.tokenizer().save_pretrained(tmp_path)
    local = LocalScorer.load(tmp_path)
    assert local.dtype == "float32"
    assert local.identity.name == tmp_path.name
    prompt = tuple(local.render([{"role": "user", "content": "hello"}]))
    check_exact(local.score_now(prompt, PROBES), "Qwen2", list(prompt))
    assert LocalScorer.load(tmp_path, dtype="bfloat16").dtype == "bfloat16"
    with pytest.raises(ArtifactError):
        LocalScorer.load(tmp_path / "nowhere")
    (tmp_path / "chat_template.jinja").unlink()
    config = tmp_path / "tokenizer_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "chat_template": None}))
    with pytest.raises(ArtifactError, match="chat template"):
        LocalScorer.load(tmp_path)
    assert torch.get_num_threads() == 1
