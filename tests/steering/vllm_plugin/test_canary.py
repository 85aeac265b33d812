"""What the canary lets pass; that it sees the engine is shown in tests/vllm."""

from __future__ import annotations

import pytest

from guard.errors import ConfigError
from steering.vllm_plugin.canary import difference, judge, orders, prompt_for

PLAIN = [{1: -0.5, 2: -2.0}, {3: -1.0, 4: -1.5}]


def moved(rows: list[dict[int, float]], *by: float) -> list[dict[int, float]]:
    return [{k: v + step for k, v in row.items()} for row, step in zip(rows, by, strict=True)]


def test_passes() -> None:
    report = judge(PLAIN, moved(PLAIN, 0.2, 0.2), moved(PLAIN, 0.0, 0.3))
    assert report == pytest.approx({"prompt": 0.2, "generated": 0.3, "left_alone": 0.0})


@pytest.mark.parametrize(
    ("steered", "behind", "where"),
    [
        ((0.0, 0.0), (0.0, 0.3), "prompt"),
        ((1e-5, 0.0), (0.0, 0.3), "prompt"),
        ((0.2, 0.2), (0.0, 0.0), "generated"),
        ((0.2, 0.2), (0.19, 0.3), "prompt"),  # no more than rows that nothing has turned
        ((float("nan"), 0.2), (0.0, 0.3), "prompt"),
    ],
)
def test_fails(steered: tuple[float, ...], behind: tuple[float, ...], where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        judge(PLAIN, moved(PLAIN, *steered), moved(PLAIN, *behind))


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        ({1: -1.0, 2: -2.0}, {1: -1.5, 2: -2.0}, 0.5),
        ({1: -1.0, 2: -2.0}, {3: -1.0, 4: -2.0}, 1.0),  # nothing in common: at least this much, and finite
        ({1: -1.0, 2: -2.0}, {1: -1.0, 3: -1.5}, 0.5),
        ({1: -1.0, 2: -1.5}, {1: -1.0, 3: -1.5}, 0.0),  # two that tie for the last place
    ],
)
def test_difference(a: dict[int, float], b: dict[int, float], apart: float) -> None:
    assert difference(a, b) == pytest.approx(apart)
    assert difference(b, a) == pytest.approx(apart)


def test_prompts_are_token_ids() -> None:
    for vocabulary in (2, 100, 150_000):
        prompt = prompt_for(vocabulary)
        assert all(0 <= token < vocabulary for token in prompt)
        assert orders()[2].start == len(prompt)
