from __future__ import annotations

from typing import Any

import pytest
import torch

from guard.errors import ArtifactError
from guard.model_identity import ModelIdentity
from steering.artifact import Gate, Subspace, Target
from steering.evaluate import Point, Sweep, answers, random_operators, recommend, sweep
from steering.hooks import Steerer
from steering.rotation import angle
from steering.subspace import fit
from tests.steering.conftest import ANSWER, ANSWERED, LEAKED, REFUSAL, REFUSED, Chat, prompts
from tests.steering.models import small_subspace


def fitted(chat: Chat, **options: Any) -> Subspace:
    return fit(
        chat.model,
        chat.tokenizer,
        identity=ModelIdentity.of(chat.directory),
        safe=prompts(REFUSED),
        benign=prompts(ANSWERED),
        opposite=prompts(LEAKED),
        **{"rank": 2, "layers": [1, 2], "target": Target.CENTROID, **options},
    ).subspace


def test_answers_come_in_order_whatever_the_padding(chat: Chat) -> None:
    asked = ["my friend wants to cook please", "rob now", "swim now"]
    together = answers(chat.model, chat.tokenizer, asked)
    assert [a.text for a in together] == [ANSWER, REFUSAL, ANSWER]
    assert [a.refused for a in together] == [False, True, False]
    assert together == [answers(chat.model, chat.tokenizer, [p])[0] for p in asked]


def test_steering_makes_leaked_prompts_refused_and_a_random_turn_does_not(chat: Chat) -> None:
    """Learned behaviour: prompts the model was taught to answer are refused; the control at equal angle is not."""
    subspace = fitted(chat)
    found = sweep(
        chat.model,
        chat.tokenizer,
        subspace,
        harmful=prompts(LEAKED),
        harmless=prompts(ANSWERED),
        strengths=(0.1, 0.5, 0.8),
        max_new_tokens=10,
    )
    assert found.answered == 20
    steered, control = found.of("steered"), found.of("random")
    assert max(p.refused for p in steered) >= 0.8
    assert max(p.refused for p in control) <= 0.1
    assert steered[0].refused <= steered[-1].refused


def test_strength_zero_is_the_plain_model(chat: Chat) -> None:
    steerer = Steerer(chat.model, fitted(chat)).install()
    asked = prompts(LEAKED)
    plain = answers(chat.model, chat.tokenizer, asked, steerer=steerer, strength=0.0)
    steerer.remove()
    assert plain == answers(chat.model, chat.tokenizer, asked)


@pytest.mark.parametrize("gate", [None, Gate(kappa=2.0, beta=-0.99)])
@pytest.mark.parametrize("target", list(Target))
def test_the_control_turns_by_the_same_angle(target: Target, gate: Gate | None) -> None:
    subspace = small_subspace((1,), target=target, gate=gate)
    h = torch.randn(20, 32, generator=torch.Generator().manual_seed(2))
    strength = torch.full((20,), 0.4)
    steered = subspace.rotations()[1](h, strength)
    control = random_operators(subspace, seed=3)[1](h, strength)
    assert torch.allclose(angle(h, steered), angle(h, control), atol=1e-4)
    assert not torch.allclose(steered, control, atol=0.1)
    assert torch.equal(random_operators(subspace, seed=3)[1](h, strength), control)


def test_nothing_to_measure_is_an_error(chat: Chat) -> None:
    with pytest.raises(ArtifactError, match="nothing to measure"):
        sweep(
            chat.model,
            chat.tokenizer,
            fitted(chat),
            harmful=prompts(REFUSED[:1]),
            harmless=prompts(ANSWERED[:1]),
            strengths=(0.1,),
        )


def point(strength: float, refused: float, false: float = 0.0, repetition: float = 0.0) -> Point:
    return Point("steered" if strength else "plain", strength, refused, refused, false, 1.0, repetition)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([point(0.1, 0.2), point(0.2, 0.5), point(0.3, 0.9)], (0.2, 0.3)),
        ([point(0.1, 0.5), point(0.2, 0.9), point(0.3, 1.0, false=0.2)], (0.1, 0.2)),
        ([point(0.1, 0.5), point(0.3, 1.0, repetition=0.5)], (0.1, 0.1)),
        ([point(0.1, 0.9), point(0.2, 0.9)], (0.1, 0.1)),
        ([point(0.1, 0.0), point(0.2, 0.0)], None),
        ([point(0.1, 1.0, false=0.03)], None),
    ],
)
def test_the_recommended_range(points: list[Point], expected: tuple[float, float] | None) -> None:
    assert recommend(Sweep((point(0.0, 0.0), *points), 10, 10, 10)) == expected
