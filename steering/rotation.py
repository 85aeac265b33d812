"""Rotation of hidden states along the unit sphere (SLERP): pure torch, no data-dependent branch.

For a hidden state h in R^d with n = ‖h‖, a unit target v and θ = ∠(h, v), a strength α in [0, 1] gives

    h' = a·h + b·v,   a = sin((1-α)θ) / sin θ,   b = n · sin(αθ) / sin θ.

The norm is kept and the angle that remains is exactly (1-α)·θ: the strength is linear in angle. The method is
subspace concept rotation (CEE, arXiv 2504.13201); these formulas follow from its abstract, not from its code.
Every back end calls the functions here. All arithmetic is float32 whatever the dtype of h; the result has h's
dtype. Guards are selects, so a compiled or captured graph holds the same code for every row, and a row that is
not rotated is returned as it was, bit for bit. States without a direction (zero, not finite) come out of the
arithmetic as NaN angles and are caught by the same select as angles too small to define a plane.

Two forms of the target:

- `centroid_target`: one fixed direction, the safe centroid projected into the subspace. θ may exceed 90°.
- `projection_target`: the state's own projection onto the subspace (the per-request form). An unclamped projection
  that points away from the safe side would be pushed further away by the same factor (the sign trap). The basis
  is therefore oriented towards the safe prompts and negative coefficients are cut to zero, which makes
  v · centroid > 0 for every state that is rotated at all; a state with no positive coefficient is left alone.

Beside them stand the two forms of Angular Steering (arXiv 2510.26243; as an offset: Selective Steering, arXiv
2601.19375), which move a state only inside one plane of two directions (`safe_plane`, `rotate_in_plane`): as a target,
its angle in the plane shrinks to (1-α) of what it was; as an offset, it changes by a fixed angle times α in any case.

Which to take: the centroid moves every state, harmless ones too, and needs small strengths; the projection
amplifies what already leans to the safe side, so that harmless answers hold out longer at the same gain, but cannot
turn a state that leans wholly the other way. On the bundled model the projection cost fewer false refusals at equal
gain (rank 4), so fitting defaults to it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ANGLE_FLOOR = 1e-4
"""Radians. Closer than this to v or to -v the plane of rotation is not defined in float32: no rotation."""

ADDITIVE_FLOOR = 0.05
"""Radians that additive steering leaves between the state and its target, where the sum would grow without bound."""

PROJECTION_FLOOR = 1e-5
"""Share of ‖h‖ below which a projection has no meaningful direction: no rotation."""


def validate_strength(strength: float | Tensor, what: str = "strength") -> None:
    """Raise `ValueError` unless every strength is a number in [0, 1] (NaN and infinities are none)."""
    values = strength if isinstance(strength, Tensor) else torch.tensor(float(strength))
    if not values.dtype.is_floating_point:
        raise ValueError(f"{what} must be floating point, not {values.dtype}")
    # Written so that NaN, for which every comparison is false, fails.
    if not bool(((values >= 0) & (values <= 1)).all()):
        raise ValueError(f"{what} must lie in [0, 1]")


def rotate(h: Tensor, v: Tensor, strength: Tensor | float) -> Tensor:
    """Rotate h towards v by the share `strength` of the angle between them.

    h [..., d]; v [d] or [..., d], of any length (only its direction counts); strength [...] or scalar, in [0, 1]
    (see `validate_strength`; not checked here, where it would stall a GPU). Returns [..., d] in h's dtype.
    Left exactly as they are: rows with strength 0, with h = 0 or not finite, with v = 0, or with v along ±h.
    """
    x, n, unit = h.float(), _length(h), _unit(v)
    alpha = torch.as_tensor(strength, dtype=torch.float32, device=h.device)
    theta = _angle(x / n, unit)
    rotated = (theta >= ANGLE_FLOOR) & (theta <= math.pi - ANGLE_FLOOR) & (alpha > 0)
    sine = torch.sin(theta)
    a = torch.sin((1.0 - alpha) * theta) / sine
    b = torch.sin(alpha * theta) / sine
    moved = a.unsqueeze(-1) * x + (n * b.unsqueeze(-1)) * unit
    turned: Tensor = torch.where(rotated.unsqueeze(-1), moved.to(h.dtype), h)
    return turned


def rotate_by(h: Tensor, v: Tensor, angle: Tensor | float) -> Tensor:
    """Rotate h by a fixed `angle` (radians, [...] or scalar) in the plane of h and v, towards v.

    The control form: with a random v it moves h as far as a steered one, in a direction that means nothing.
    Unlike `rotate` it may pass v. Shapes and guards as in `rotate`; angle 0 leaves the row bit-identical.
    """
    n, unit = _length(h), _unit(v)
    by = torch.as_tensor(angle, dtype=torch.float32, device=h.device)
    direction = h.float() / n
    across = unit - (direction * unit).sum(-1, keepdim=True) * direction
    length = _length(across)
    rotated = (length >= ANGLE_FLOOR) & torch.isfinite(n) & (by != 0).unsqueeze(-1)
    moved = n * (torch.cos(by).unsqueeze(-1) * direction + torch.sin(by).unsqueeze(-1) * across / length)
    turned: Tensor = torch.where(rotated, moved.to(h.dtype), h)
    return turned


def add(h: Tensor, v: Tensor, strength: Tensor | float) -> Tensor:
    """Additive steering as a baseline: h + c·v/‖v‖ with the c that leaves the same angle to v as `rotate` would.

    c = n · sin(αθ) / sin((1-α)θ), so that only the norm differs: it grows by sin θ / sin((1-α)θ). The sum can come
    near v but never reach it, so the angle that remains is at least `ADDITIVE_FLOOR`. Shapes and guards as in
    `rotate`; strength 0 leaves the row bit-identical.
    """
    x, n, unit = h.float(), _length(h), _unit(v)
    alpha = torch.as_tensor(strength, dtype=torch.float32, device=h.device)
    theta = _angle(x / n, unit)
    rest = torch.maximum((1.0 - alpha) * theta, torch.clamp(theta, max=ADDITIVE_FLOOR))
    added = (theta >= ANGLE_FLOOR) & (theta <= math.pi - ANGLE_FLOOR) & (alpha > 0)
    size = torch.sin(theta - rest) / torch.sin(rest)
    moved = x + (n * size.unsqueeze(-1)) * unit
    sum_: Tensor = torch.where(added.unsqueeze(-1), moved.to(h.dtype), h)
    return sum_


def angle(h: Tensor, v: Tensor) -> Tensor:
    """The angle between h [..., d] and v ([d] or [..., d]) in radians, float32 [...]; 0 where either is zero."""
    return torch.nan_to_num(_angle(h.float() / _length(h), _unit(v)), nan=0.0)


def centroid_target(basis: Tensor, centroid: Tensor) -> Tensor:
    """The fixed target v = P m / ‖P m‖ [d], float32: the safe centroid m [d] inside the span of basis [k, d].

    Raises `ValueError` when the centroid has no component in the subspace.
    """
    wide = basis.float()
    inside = (centroid.float() @ wide.T) @ wide
    length = torch.linalg.vector_norm(inside)
    if not bool(length > PROJECTION_FLOOR * torch.linalg.vector_norm(centroid.float())):
        raise ValueError("the safe centroid has no component in the subspace")
    unit: Tensor = inside / length
    return unit


def projection_target(h: Tensor, basis: Tensor) -> Tensor:
    """The state's own safe direction: its projection on an oriented orthonormal basis, negative coefficients cut.

    h [..., d], basis [k, d] with orthonormal rows. Returns float32 [..., d], unit length, or all zero where less
    than `PROJECTION_FLOOR` of h points into the subspace (which `rotate` takes as "leave alone"). A ridge term
    would scale all coefficients alike and so vanish in the normalisation; hence there is none.
    """
    x, wide = h.float(), basis.float()
    inside = (x @ wide.T).clamp_min(0.0) @ wide
    length = torch.linalg.vector_norm(inside, dim=-1, keepdim=True)
    clear = length > PROJECTION_FLOOR * torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return torch.where(clear, inside / torch.where(clear, length, 1.0), 0.0)


def safe_plane(basis: Tensor, centroid: Tensor, opposite: Tensor) -> tuple[Tensor, Tensor]:
    """The plane of Angular Steering: unit vectors b1, b2 [d], float32, orthogonal to each other.

    b1: `centroid_target`. b2: the strongest direction of basis [k, d] that b1 leaves over, on the side of the opposite
    prototype [d]; so a negative angle turns from the opposite side to the safe one. Raises `ValueError` when the
    basis spans no second direction.
    """
    b1 = centroid_target(basis, centroid)
    rest = basis.float() - (basis.float() @ b1).unsqueeze(-1) * b1
    lengths = torch.linalg.vector_norm(rest, dim=-1)
    # The first that is not all but gone: the rows of a basis are in order of strength.
    clear = (lengths > 0.1).nonzero()
    if not len(clear):
        raise ValueError("angular steering needs a subspace of rank 2 or more")
    b2 = rest[clear[0, 0]] / lengths[clear[0, 0]]
    return b1, (-b2 if bool(opposite.float() @ b2 < 0) else b2)


def angle_in_plane(h: Tensor, b1: Tensor, b2: Tensor) -> Tensor:
    """The angle of h [..., d] from b1 to b2 inside their plane, in (-π, π], float32 [...]; 0 for no part in it."""
    x = h.float()
    return torch.atan2(x @ b2, x @ b1)


def rotate_in_plane(h: Tensor, b1: Tensor, b2: Tensor, by: Tensor | float) -> Tensor:
    """Turn the part of h inside the plane of b1 and b2 [d] (orthonormal), from b1 to b2, by an angle in radians [...].

    h' = h - P h + R(by) P h; the part outside of the plane stays, and so does the norm. h [..., d], returned in h's
    dtype. Left exactly as they are: rows with angle 0, with h not finite, or with less than `PROJECTION_FLOOR` of h
    inside the plane.
    """
    x, turn = h.float(), torch.as_tensor(by, dtype=torch.float32, device=h.device)
    p1, p2 = x @ b1, x @ b2
    c, s = torch.cos(turn), torch.sin(turn)
    inside = torch.hypot(p1, p2) > PROJECTION_FLOOR * _length(x).squeeze(-1)  # false for NaN and for inf > inf
    moved = x + ((c - 1) * p1 - s * p2).unsqueeze(-1) * b1 + (s * p1 + (c - 1) * p2).unsqueeze(-1) * b2
    turned: Tensor = torch.where((inside & (turn != 0)).unsqueeze(-1), moved.to(h.dtype), h)
    return turned


def gate(h: Tensor, safe: Tensor, opposite: Tensor, strength: Tensor | float, kappa: float, beta: float) -> Tensor:
    """Confidence gate of Spherical Steering (arXiv 2602.08169): the strength that is left, float32 [...].

    p = softmax(kappa · [cos(h, safe), cos(h, opposite)]);  δ = p_opposite - p_safe;
    strength · clip((δ - beta) / (1 - beta), 0, 1).  States that already lie on the safe side are left alone.
    h [..., d]; safe, opposite [d]; beta in [-1, 1).
    """
    direction = h.float() / _length(h)
    cosines = torch.stack([direction @ _unit(safe), direction @ _unit(opposite)], -1)
    p = torch.softmax(kappa * cosines, dim=-1)
    # A zero state has no side (NaN): it is not rotated anyway.
    share = ((p[..., 1] - p[..., 0] - beta) / (1.0 - beta)).clamp(0.0, 1.0)
    return torch.as_tensor(strength, dtype=torch.float32, device=h.device) * share


def _length(x: Tensor) -> Tensor:
    """‖x‖ as float32 [..., 1]."""
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    return length


def _unit(v: Tensor) -> Tensor:
    """v / ‖v‖ in float32; NaN for v = 0."""
    return v.float() / _length(v)


def _angle(direction: Tensor, unit: Tensor) -> Tensor:
    """θ between unit vectors, [...]; NaN where either is NaN, which every comparison then turns into "leave alone".

    By atan2: float32 `acos` cannot tell angles below about 3.5e-4 from zero.
    """
    cosine = (direction * unit).sum(-1, keepdim=True)
    return torch.atan2(_length(direction - cosine * unit), cosine).squeeze(-1)
