"""Probe log-probabilities by the engine against a plain transformers forward, float32."""

from __future__ import annotations

import pytest

from tests.vllm.engine import BLOCK, Engine, Wanted
from tests.vllm.models import Reference
from tests.vllm.test_accuracy import TOLERANCE, error, prompt

PROBES = [[40, 50, 60], [40, 51], [77], [900, 901, 902, 903, 904]]
LENGTHS = [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 500]


def wrong_by(scored: dict, tokens: list[int], probes: list[list[int]], reference: Reference) -> float:
    """Largest difference; every probe has a number for every token."""
    worst = 0.0
    for row, probe in zip(scored["logprobs"], probes, strict=True):
        truth = reference.logprobs([*tokens, *probe])
        expected = [float(truth[len(tokens) - 1 + i, t]) for i, t in enumerate(probe)]
        worst = max(worst, *(abs(a - b) for a, b in zip(row, expected, strict=True)))
    return worst


def test_every_length_cold_repeated_and_mixed(engine: Engine, reference: Reference) -> None:
    jobs = [[prompt(n, 3), PROBES] for n in LENGTHS]
    engine.ask("forget")
    for attempt in ("cold", "repeated", "again"):
        for (tokens, probes), scored in zip(jobs, engine.ask("score", jobs=jobs)["scored"], strict=True):
            assert wrong_by(scored, tokens, probes, reference) < TOLERANCE, (attempt, len(tokens))
    for job in jobs:  # alone
        (scored,) = engine.ask("score", jobs=[job])["scored"]
        assert wrong_by(scored, *job, reference) < TOLERANCE, len(job[0])


def test_long_prompt_costs_little_more_than_its_prefill(engine: Engine, reference: Reference) -> None:
    """500 tokens and 8 probes: at most one and a half prefills; the generation that follows finds the prompt's KV."""
    tokens, probes = prompt(500, 4), [[10 + i, 20 + i, 30 + i, 40, 50] for i in range(8)]
    engine.ask("forget")
    (scored,) = engine.ask("score", jobs=[[tokens, probes]])["scored"]
    assert wrong_by(scored, tokens, probes, reference) < TOLERANCE
    assert scored["tokens_computed"] <= 1.5 * len(tokens)
    assert engine.one(tokens).cached == (len(tokens) - 1) // BLOCK * BLOCK
    steered = Wanted(tokens, 0.5, start=len(tokens) - 1)
    got = engine.generate(steered)[0]
    assert got.cached == (len(tokens) - 1) // BLOCK * BLOCK
    assert error(got, steered, reference) < TOLERANCE


@pytest.mark.parametrize("length", [2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1])
def test_probing_after_the_whole_prompt_was_cached(engine: Engine, reference: Reference, length: int) -> None:
    """A generation has left all blocks of the prompt in the cache; the row before the probe is computed again."""
    tokens = prompt(length, 5)
    engine.ask("forget")
    engine.one(tokens)
    for _ in range(2):
        (scored,) = engine.ask("score", jobs=[[tokens, PROBES]])["scored"]
        assert wrong_by(scored, tokens, PROBES, reference) < TOLERANCE
        assert scored["cached_tokens"] <= length - 1


def test_probes_do_not_reach_generations(engine: Engine, reference: Reference) -> None:
    """A prompt that goes on as a probe did is not served the probe's own blocks, and is right."""
    tokens, probe = prompt(BLOCK - 2, 6), prompt(BLOCK, 9)
    engine.ask("forget")
    engine.ask("score", jobs=[[tokens, [probe]]])
    follow = Wanted([*tokens, *probe, 5])
    got = engine.generate(follow)[0]
    assert got.cached == 0
    assert error(got, follow, reference) < TOLERANCE


def test_first_token(engine: Engine, reference: Reference) -> None:
    """Many probes of one token."""
    tokens, probes = prompt(2 * BLOCK, 10), [[t] for t in range(100, 112)]
    engine.ask("forget")
    for _ in range(2):
        (scored,) = engine.ask("score", jobs=[[tokens, probes]])["scored"]
        assert wrong_by(scored, tokens, probes, reference) < TOLERANCE


def test_steered_neighbours_do_not_disturb(engine: Engine, reference: Reference) -> None:
    tokens = prompt(70, 11)
    engine.ask("forget")
    engine.generate(Wanted(tokens, 0.9, start=0))
    (scored,) = engine.ask("score", jobs=[[tokens, PROBES]])["scored"]
    assert wrong_by(scored, tokens, PROBES, reference) < TOLERANCE


def test_canary(engine: Engine) -> None:
    report = engine.ask("canary")["report"]
    assert report["prompt"] > 0.01
    assert report["generated"] > 0.01
    assert report["left_alone"] < 1e-3
