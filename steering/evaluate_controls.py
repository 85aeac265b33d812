"""What steering is held against, at equal angle, layer by layer: an effect that these show too is damage or mere force.

`random`: towards one random direction a layer. `shuffled`: towards the subspace's own target with its coordinates
permuted, so that it has the same numbers and means nothing. `additive`: towards the subspace's own target, but by
adding a vector instead of rotating: it leaves the same angle and does not keep the norm.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial

import torch
from torch import Tensor

from steering.artifact import Operator, Rotation, Subspace
from steering.rotation import ANGLE_FLOOR, add, angle, rotate_by


class Kind(StrEnum):
    """What is done to the states: the subspace's own rotation, or one of its controls."""

    STEERED = "steered"
    RANDOM = "random"
    SHUFFLED = "shuffled"
    ADDITIVE = "additive"


CONTROLS = (Kind.RANDOM, Kind.SHUFFLED, Kind.ADDITIVE)


def operators(
    subspace: Subspace, kind: Kind, *, device: torch.device | str = "cpu", seed: int = 0
) -> dict[int, Operator]:
    """One operator per layer; the same seed gives the same ones."""
    generator = torch.Generator().manual_seed(seed)
    made: dict[int, Operator] = {}
    for i, rotation in sorted(subspace.rotations(device).items()):
        if kind is Kind.RANDOM:
            made[i] = partial(_random, rotation, torch.randn(subspace.width, generator=generator).to(device))
        elif kind is Kind.SHUFFLED:
            made[i] = partial(_shuffled, rotation, torch.randperm(subspace.width, generator=generator).to(device))
        else:
            made[i] = rotation if kind is Kind.STEERED else partial(_additive, rotation)
    return made


def _random(rotation: Rotation, direction: Tensor, h: Tensor, strength: Tensor) -> Tensor:
    return rotate_by(h, direction, rotation.moved(h, strength))


def _shuffled(rotation: Rotation, order: Tensor, h: Tensor, strength: Tensor) -> Tensor:
    return rotate_by(h, rotation.towards(h)[..., order], rotation.moved(h, strength))


def _additive(rotation: Rotation, h: Tensor, strength: Tensor) -> Tensor:
    target = rotation.towards(h)
    share = rotation.moved(h, strength) / angle(h, target).clamp_min(ANGLE_FLOOR)
    return add(h, target, share.clamp_max(1.0))
