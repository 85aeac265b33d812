"""Sampling: what each parameter does to the distribution."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from proxy.upstream.embedded.sampling import Sampler, Sampling

LOGITS = torch.tensor([2.0, 1.0, 0.5, -1.0, -4.0])
DRAWS = 4000


def frequencies(**settings: float) -> list[float]:
    """Shares over independent draws (no penalties at work)."""
    counts: Counter[int] = Counter()
    sampler = Sampler(Sampling(seed=1, **settings), 0)  # type: ignore[arg-type]
    for _ in range(DRAWS):
        counts[sampler.pick(LOGITS)] += 1
    return [counts[i] / DRAWS for i in range(len(LOGITS))]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_temperature_scales_logits(temperature: float) -> None:
    assert frequencies(temperature=temperature) == pytest.approx((LOGITS / temperature).softmax(0).tolist(), abs=0.03)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"temperature": 0}, 1),
        ({"top_p": 0.0}, 1),
        ({"top_p": 0.6}, 1),
        ({"top_p": 0.65}, 2),
        ({"top_p": 0.9}, 3),
        ({"top_k": 2}, 2),
        ({"top_k": 99}, 5),
    ],
)
def test_nucleus_and_top_k_keep_the_best(settings: dict[str, float], kept: int) -> None:
    expected = LOGITS.softmax(0)
    expected[kept:] = 0
    assert frequencies(**settings) == pytest.approx((expected / expected.sum()).tolist(), abs=0.03)


def test_seeds_and_indices_make_streams() -> None:
    def draw(seed: int | None, index: int) -> list[int]:
        sampler = Sampler(Sampling(seed=seed, temperature=2.0), index)
        return [sampler.pick(torch.zeros(50)) for _ in range(20)]

    assert draw(5, 0) == draw(5, 0)
    assert draw(-5, 0) == draw(-5, 0)
    assert len({tuple(draw(s, i)) for s in (5, 6, -5) for i in (0, 1)}) == 6
    assert draw(None, 0) != draw(None, 0)


def test_penalties_act_on_what_was_generated() -> None:
    logits = torch.tensor([1.0, 0.0])
    for penalty in ({"presence_penalty": 1.5}, {"frequency_penalty": 1.5}):
        sampler = Sampler(Sampling(temperature=0, **penalty), 0)
        assert [sampler.pick(logits) for _ in range(3)] == [0, 1, 0]
    assert logits.tolist() == [1.0, 0.0]


def test_frequency_counts_and_presence_does_not() -> None:
    logits = torch.tensor([3.0, 0.0])
    frequency = Sampler(Sampling(temperature=0, frequency_penalty=1.0), 0)
    presence = Sampler(Sampling(temperature=0, presence_penalty=1.0), 0)
    assert 1 in [frequency.pick(logits) for _ in range(6)]
    assert 1 not in [presence.pick(logits) for _ in range(6)]


def test_bias_forces_and_forbids() -> None:
    assert Sampler(Sampling(logit_bias={4: 100.0}), 0).pick(LOGITS) == 4
    sampler = Sampler(Sampling(temperature=1.0, seed=0, logit_bias={0: -100.0}), 0)
    assert 0 not in {sampler.pick(LOGITS) for _ in range(200)}


@pytest.mark.parametrize("top_p", [0.3, 0.9999])
def test_a_nucleus_may_be_wider_than_the_first_candidates(top_p: float) -> None:
    sampler = Sampler(Sampling(seed=1, top_p=top_p), 0)
    drawn = {sampler.pick(torch.linspace(1e-3, 0, 5000)) for _ in range(3000)}
    assert max(drawn) > 512
    assert max(drawn) <= 5000 * top_p * 1.01
