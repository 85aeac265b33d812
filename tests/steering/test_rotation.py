from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steering.rotation import (
    angle,
    angle_in_plane,
    centroid_target,
    gate,
    projection_target,
    rotate,
    rotate_by,
    rotate_in_plane,
    safe_plane,
    validate_strength,
)

torch.set_num_threads(1)


def state(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def reference(h: torch.Tensor, v: torch.Tensor, alpha: float) -> torch.Tensor:
    """The textbook form in float64, with u explicitly orthogonal to v."""
    h, v = h.double(), v.double()
    v = v / v.norm()
    n = h.norm(dim=-1, keepdim=True)
    cos = (h / n) @ v
    theta = torch.acos(cos).unsqueeze(-1)
    u = (h / n - cos.unsqueeze(-1) * v) / torch.sin(theta)
    return n * (torch.cos((1 - alpha) * theta) * v + torch.sin((1 - alpha) * theta) * u)


def same_bits(a: torch.Tensor, b: torch.Tensor) -> bool:
    kind = {2: torch.int16, 4: torch.int32}[a.element_size()]
    return a.dtype == b.dtype and torch.equal(a.view(kind), b.view(kind))


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3, 0.5, 0.99, 1.0])
@pytest.mark.parametrize("width", [2, 64, 512])
def test_agrees_with_the_textbook_form(alpha: float, width: int) -> None:
    h, v = state(5, width), state(width, seed=1)
    assert torch.allclose(rotate(h, v, alpha).double(), reference(h, v, alpha), atol=2e-6 * width**0.5)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), alpha=st.floats(0, 1), width=st.integers(2, 96), size=st.floats(1e-3, 1e3))
def test_norm_is_kept_and_the_angle_is_linear(seed: int, alpha: float, width: int, size: float) -> None:
    h, v = state(width, seed=seed) * size, state(width, seed=seed + 1)
    turned = rotate(h, v, alpha)
    assert turned.norm().item() == pytest.approx(h.norm().item(), rel=1e-5)
    assert angle(turned, v).item() == pytest.approx((1 - alpha) * angle(h, v).item(), abs=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_strength_zero_changes_no_bit(dtype: torch.dtype) -> None:
    h = state(3, 4, 32, dtype=dtype)
    h[0, 0, 0] = -0.0
    h[1, 1] = 0.0
    assert same_bits(rotate(h, state(32, seed=1), 0.0), h)
    assert same_bits(rotate_by(h, state(32, seed=1), 0.0), h)


def test_rows_of_a_batch_do_not_touch_each_other() -> None:
    h, v = state(4, 3, 16), state(16, seed=1)
    strength = torch.tensor([0.0, 0.2, 0.0, 0.7]).unsqueeze(-1).expand(4, 3)
    out = rotate(h, v, strength)
    for row, alpha in enumerate([0.0, 0.2, 0.0, 0.7]):
        assert torch.allclose(out[row], rotate(h[row], v, alpha), atol=1e-6)
    assert same_bits(out[0], h[0]) and same_bits(out[2], h[2])


@pytest.mark.parametrize(
    ("name", "h", "v"),
    [
        ("zero state", torch.zeros(8), state(8)),
        ("negative zero state", torch.full((8,), -0.0), state(8)),
        ("zero target", state(8), torch.zeros(8)),
        ("already there", 3 * state(8), state(8)),
        ("opposite: no plane of rotation", -2 * state(8), state(8)),
        ("infinite", torch.full((8,), math.inf), state(8)),
        ("not a number", torch.full((8,), math.nan), state(8)),
    ],
)
def test_degenerate_states_are_left_alone(name: str, h: torch.Tensor, v: torch.Tensor) -> None:
    assert same_bits(rotate(h, v, 0.5), h), name


def test_small_angles_are_resolved() -> None:
    """acos in float32 would see no angle here."""
    v = torch.tensor([1.0, 0.0])
    h = torch.tensor([math.cos(3e-4), math.sin(3e-4)])
    assert angle(rotate(h, v, 0.5), v).item() == pytest.approx(1.5e-4, rel=1e-3)


def test_bfloat16_keeps_the_norm() -> None:
    h = state(64, 256, dtype=torch.bfloat16)
    turned = rotate(h, state(256, seed=1), 0.3)
    assert turned.dtype == torch.bfloat16
    assert torch.allclose(turned.float().norm(dim=-1), h.float().norm(dim=-1), rtol=1e-3)


@pytest.mark.parametrize("bad", [-0.01, 1.01, math.nan, math.inf, -math.inf])
def test_strengths_outside_of_the_range_are_refused(bad: float) -> None:
    for value in (bad, torch.tensor([0.5, bad])):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            validate_strength(value)


def test_strengths_inside_of_the_range_pass() -> None:
    validate_strength(0)
    validate_strength(1.0)
    validate_strength(torch.tensor([0.0, 0.5, 1.0]))
    with pytest.raises(ValueError, match="floating"):
        validate_strength(torch.tensor([1]))


def test_rotate_by_turns_by_the_angle_whatever_the_target() -> None:
    h, v = state(32), state(32, seed=1)
    turned = rotate_by(h, v, 0.4)
    assert angle(turned, h).item() == pytest.approx(0.4, abs=1e-5)
    assert turned.norm().item() == pytest.approx(h.norm().item(), rel=1e-6)
    assert torch.allclose(rotate_by(h, v, 0.25 * angle(h, v)), rotate(h, v, 0.25), atol=1e-5)


def oriented_basis(safe: torch.Tensor, rank: int) -> torch.Tensor:
    basis = torch.linalg.svd(safe, full_matrices=False).Vh[:rank]
    return basis * torch.where((safe @ basis.T).sum(0) < 0, -1.0, 1.0).unsqueeze(-1)


def test_projection_never_points_to_the_unsafe_side() -> None:
    """The sign trap: half of all random states project to the unsafe side; none is pushed further that way."""
    safe = state(20, 16) + 0.5
    basis, centroid = oriented_basis(safe, 4), safe.mean(0)
    h = state(500, 16, seed=3)
    v = projection_target(h, basis)
    towards = v @ centroid_target(basis, centroid)
    turned = v.norm(dim=-1) > 0
    assert turned.any()
    assert (towards[turned] > 0).all()
    assert ((h @ basis.T) @ (basis @ centroid) < 0).any(), "the trap was there"
    pure = -(basis.sum(0))
    assert same_bits(rotate(pure, projection_target(pure, basis), 0.5), pure)


def test_projection_of_a_state_inside_the_safe_cone_is_the_projection() -> None:
    basis = torch.eye(6)[:2]
    h = torch.tensor([1.0, 2.0, 3.0, 0.0, 0.0, 0.0])
    assert torch.allclose(projection_target(h, basis), torch.tensor([1.0, 2.0, 0, 0, 0, 0]) / 5**0.5)


def test_centroid_lies_in_the_subspace() -> None:
    basis, centroid = torch.eye(6)[:2], torch.tensor([3.0, 4.0, 9.0, 9.0, 9.0, 9.0])
    assert torch.allclose(centroid_target(basis, centroid), torch.tensor([0.6, 0.8, 0, 0, 0, 0]))
    with pytest.raises(ValueError, match="no component"):
        centroid_target(basis, torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]))


def plane(width: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    b1, b2 = torch.linalg.qr(state(width, 2, seed=seed)).Q.T
    return b1.contiguous(), b2.contiguous()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), by=st.floats(-3, 3), width=st.integers(3, 96), size=st.floats(1e-3, 1e3))
def test_a_turn_in_the_plane(seed: int, by: float, width: int, size: float) -> None:
    """Angular Steering's h - P h + R(by) P h, in float64 by matrices; norm and the rest of the state are kept."""
    h, (b1, b2) = state(width, seed=seed) * size, plane(width, seed + 1)
    turned = rotate_in_plane(h, b1, b2, by)
    axes = torch.stack([b1, b2]).double()
    turn = torch.tensor([[math.cos(by), -math.sin(by)], [math.sin(by), math.cos(by)]], dtype=torch.float64)
    inside = axes @ h.double()
    expected = h.double() - inside @ axes + (turn @ inside) @ axes
    assert torch.allclose(turned.double(), expected, atol=1e-5 * size * width**0.5)
    assert turned.norm().item() == pytest.approx(h.norm().item(), rel=1e-5)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_angular_steering_is_linear_in_the_angle(share: float) -> None:
    h, (b1, b2) = state(40, 16), plane(16)
    before = angle_in_plane(h, b1, b2)
    target = rotate_in_plane(h, b1, b2, -share * before)
    assert torch.allclose(angle_in_plane(target, b1, b2), (1 - share) * before, atol=1e-4)
    offset = angle_in_plane(rotate_in_plane(h, b1, b2, -share), b1, b2) - before
    assert torch.allclose(torch.remainder(offset + share + 1, 2 * math.pi), torch.ones(40), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_is_not_turned_in_the_plane_keeps_its_bits(dtype: torch.dtype) -> None:
    b1, b2 = plane(8)
    h = state(6, 8, dtype=dtype)
    h[0] = 0.0
    h[1, 0] = math.inf
    h[2, 0] = math.nan
    h[3] = (h[3].float() - (h[3].float() @ b1) * b1 - (h[3].float() @ b2) * b2).to(dtype)  # nearly none of it inside
    by = torch.tensor([0.5, 0.5, 0.5, 0.0, 0.0, 0.5])
    out = rotate_in_plane(h, b1, b2, by)
    assert same_bits(out[:5], h[:5]) and not same_bits(out[5], h[5])
    outside = torch.zeros(8).index_fill_(0, torch.tensor([2]), 3.0)
    assert same_bits(rotate_in_plane(outside, torch.eye(8)[0], torch.eye(8)[1], 0.5), outside)


def test_the_plane_turns_from_the_opposite_side_to_the_safe_one() -> None:
    basis, opposite = torch.eye(6)[:3], torch.tensor([-1.0, -2.0, 0.5, 7.0, 0.0, 0.0])
    b1, b2 = safe_plane(basis, torch.tensor([1.0, 0.0, 0.0, 4.0, 0.0, 0.0]), opposite)
    assert torch.allclose(b1, torch.eye(6)[0]) and torch.allclose(b2, -torch.eye(6)[1])
    before = angle_in_plane(opposite, b1, b2)
    assert 0 < angle_in_plane(rotate_in_plane(opposite, b1, b2, -0.3), b1, b2) < before
    with pytest.raises(ValueError, match="rank 2"):
        safe_plane(basis[:1], torch.eye(6)[0], opposite)


def test_gate_spares_states_on_the_safe_side() -> None:
    safe, opposite = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    left = gate(torch.stack([safe, opposite, safe + opposite]), safe, opposite, 0.5, kappa=20.0, beta=0.0)
    assert left[0].item() == 0.0
    assert left[1].item() == pytest.approx(0.5, abs=1e-3)
    assert left[2].item() == pytest.approx(0.0, abs=1e-3)


def test_compiles_to_one_graph() -> None:
    """No data-dependent branch: a captured graph serves every strength."""
    explained = torch.export.export(
        _Rotation(), (state(2, 3, 8), state(8, seed=1), torch.full((2, 3), 0.3)), strict=True
    )
    h, v = state(2, 3, 8, seed=5), state(8, seed=6)
    for alpha in (0.0, 0.4):
        out = explained.module()(h, v, torch.full((2, 3), alpha))
        assert torch.allclose(out, rotate(h, v, alpha), atol=1e-6)


class _Rotation(torch.nn.Module):
    def forward(self, h: torch.Tensor, v: torch.Tensor, strength: torch.Tensor) -> torch.Tensor:
        return rotate(h, v, strength)
