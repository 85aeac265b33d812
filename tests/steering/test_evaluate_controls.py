from __future__ import annotations

import pytest
import torch

from steering.artifact import Gate, Target
from steering.evaluate_controls import Kind, operators
from steering.rotation import ADDITIVE_FLOOR, add, angle
from tests.steering.models import small_subspace

H = torch.randn(20, 32, generator=torch.Generator().manual_seed(2))
STRENGTH = torch.full((20,), 0.4)


@pytest.mark.parametrize("kind", [Kind.RANDOM, Kind.SHUFFLED, Kind.ADDITIVE])
@pytest.mark.parametrize("gate", [None, Gate(kappa=2.0, beta=-0.99)])
@pytest.mark.parametrize("target", list(Target))
def test_controls_turn_by_the_same_angle(kind: Kind, target: Target, gate: Gate | None) -> None:
    subspace = small_subspace((1,), target=target, gate=gate)
    steered = operators(subspace, Kind.STEERED)[1](H, STRENGTH)
    control = operators(subspace, kind, seed=3)[1](H, STRENGTH)
    assert torch.allclose(angle(H, steered), angle(H, control), atol=1e-4)
    assert not torch.allclose(steered, control, atol=0.1)
    assert torch.equal(operators(subspace, kind, seed=3)[1](H, STRENGTH), control)
    assert torch.equal(operators(subspace, kind, seed=3)[1](H, torch.zeros(20)), H)


def test_adding_points_where_the_rotation_does() -> None:
    subspace = small_subspace((1,))
    steered, added = (operators(subspace, kind)[1](H, STRENGTH) for kind in (Kind.STEERED, Kind.ADDITIVE))
    assert torch.allclose(
        steered / steered.norm(dim=-1, keepdim=True), added / added.norm(dim=-1, keepdim=True), atol=1e-5
    )


@pytest.mark.parametrize("kind", [Kind.RANDOM, Kind.SHUFFLED])
def test_seeds_differ(kind: Kind) -> None:
    one, other = (operators(small_subspace((1,)), kind, seed=s)[1](H, STRENGTH) for s in (1, 2))
    assert not torch.allclose(one, other, atol=0.1)


def test_adding_stays_finite_where_the_rotation_would_end_at_its_target() -> None:
    v = small_subspace((1,)).layers[1].centroid
    added = add(H, v, torch.ones(20))
    assert bool(torch.isfinite(added).all())
    assert torch.allclose(angle(added, v), torch.full((20,), ADDITIVE_FLOOR), atol=1e-3)
