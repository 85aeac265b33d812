from __future__ import annotations

from collections.abc import Sequence

import pytest

from guard.errors import ArtifactError
from steering.evaluate_controls import Kind
from steering.evaluate_sweep import Limits, Point, PromptSet, Setting, Sweep, recommend, sweep
from tests.steering.conftest import ANSWERED, LEAKED, REFUSED, Chat, prompts
from tests.steering.test_evaluate import fitted

SETS = (PromptSet("bad", True, prompts(LEAKED)), PromptSet("good", False, prompts(ANSWERED)))


def test_steering_makes_leaked_prompts_refused_and_meaningless_turns_do_not(chat: Chat) -> None:
    """Learned behaviour: prompts the model was taught to answer are refused; the controls at equal angle are not."""
    seen: list[tuple[int, int]] = []
    found = sweep(
        chat.model,
        chat.tokenizer,
        fitted(chat),
        SETS,
        strengths=(0.1, 0.5, 0.8),
        max_new_tokens=10,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert found.answered == {"bad": 20, "good": 50}
    assert seen == [(i, 12) for i in range(1, 13)]
    steered = found.of(Kind.STEERED)
    assert max(map(found.gain, steered)) >= 0.8
    for kind in (Kind.RANDOM, Kind.SHUFFLED):
        assert max(map(found.gain, found.of(kind))) <= 0.1
    assert found.gain(steered[0]) <= found.gain(steered[-1])
    assert steered[0].kl < steered[-1].kl
    assert found.gain(found.plain) == found.rise(found.plain) == 0


def test_settings_are_measured_apart(chat: Chat) -> None:
    settings = (Setting((1,), 1), Setting((1, 2), None))
    found = sweep(
        chat.model,
        chat.tokenizer,
        fitted(chat),
        SETS,
        strengths=(0.8,),
        settings=settings,
        controls=(),
        max_new_tokens=10,
    )
    assert tuple(found.settings()) == settings
    one, both = found.points
    assert one.kl < both.kl


def test_nothing_to_measure_is_an_error(chat: Chat) -> None:
    refused = (PromptSet("bad", True, prompts(REFUSED[:1])), PromptSet("good", False, prompts(ANSWERED[:1])))
    with pytest.raises(ArtifactError, match="nothing to measure"):
        sweep(chat.model, chat.tokenizer, fitted(chat), refused, strengths=(0.1,))


def test_a_layer_that_the_artefact_does_not_hold_is_an_error(chat: Chat) -> None:
    with pytest.raises(ArtifactError, match="no layer 3"):
        sweep(chat.model, chat.tokenizer, fitted(chat), SETS, settings=(Setting((3,), None),))


ONE, OTHER = Setting((1,), 1), Setting((2,), 1)


def point(
    strength: float,
    gain: float,
    *,
    false: float = 0.0,
    repetition: float = 0.0,
    perplexity: float = 1.0,
    kind: Kind | None = Kind.STEERED,
    setting: Setting = ONE,
) -> Point:
    shares = {"bad": gain, "good": false}
    return Point(kind, strength, setting, shares, shares, 1.0, repetition, perplexity, 0.0)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([point(0.1, 0.2), point(0.2, 0.5), point(0.3, 0.9)], (0.2, 0.3)),
        ([point(0.1, 0.5), point(0.2, 0.9), point(0.3, 1.0, false=0.2)], (0.1, 0.2)),
        ([point(0.1, 0.5), point(0.3, 1.0, repetition=0.5)], (0.1, 0.1)),
        ([point(0.1, 0.5), point(0.3, 1.0, perplexity=1.6)], (0.1, 0.1)),
        ([point(0.1, 0.9), point(0.2, 0.9)], (0.1, 0.1)),
        ([point(0.1, 0.5), point(0.2, 0.4, setting=OTHER), point(0.3, 0.9, setting=OTHER)], (0.3, 0.3)),
        ([point(0.1, 0.5), point(0.2, 0.9), point(0.2, 0.9, kind=Kind.RANDOM)], (0.1, 0.1)),
        ([point(0.2, 0.9), point(0.2, 0.95, kind=Kind.SHUFFLED)], None),
        ([point(0.2, 0.9), point(0.2, 1.0, kind=Kind.ADDITIVE)], (0.2, 0.2)),
        ([point(0.1, 0.0), point(0.2, 0.0)], None),
        ([point(0.1, 1.0, false=0.03)], None),
    ],
)
def test_the_recommended_range(points: Sequence[Point], expected: tuple[float, float] | None) -> None:
    sets = (PromptSet("bad", True, ["x"] * 10), PromptSet("good", False, ["x"] * 10))
    advice = recommend(Sweep(sets, {"bad": 10, "good": 10}, point(0.0, 0.0, kind=None), tuple(points)))
    assert (None if advice is None else (advice.low.strength, advice.high.strength)) == expected


def test_limits_can_be_widened() -> None:
    sets = (PromptSet("bad", True, ["x"]), PromptSet("good", False, ["x"]))
    found = Sweep(sets, {"bad": 1, "good": 1}, point(0.0, 0.0, kind=None), (point(0.1, 1.0, false=0.03),))
    assert recommend(found, Limits(refusals=0.05)) is not None
