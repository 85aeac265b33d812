from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from guard.errors import ArtifactError
from steering.artifact import FORMAT, Gate, Layer, Subspace, Target
from tests.steering.models import IDENTITY, WIDTH, small_subspace


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    made = replace(
        small_subspace((0, 3), target=Target.PROJECTION, gate=Gate(kappa=5.0, beta=-0.25)),
        scale=0.5,
        window=3,
        fitted={"variant": "contrastive", "separability": {"0": 0.9}},
    )
    path = tmp_path / "deep" / "cee.safetensors"
    made.save(path)
    found = Subspace.load(path, identity=IDENTITY)
    assert (
        found.identity,
        found.target,
        found.gate,
        found.scale,
        found.window,
        found.fitted,
        found.rank,
        found.width,
    ) == ((made.identity, made.target, made.gate, made.scale, made.window, made.fitted, 3, WIDTH))
    assert sorted(found.layers) == [0, 3]
    for i, layer in made.layers.items():
        for name in ("basis", "centroid", "safe", "opposite"):
            assert torch.equal(getattr(found.layers[i], name), getattr(layer, name))
    assert [p.name for p in path.parent.iterdir()] == ["cee.safetensors"]
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode, "readable by whoever may read new files here"


@pytest.mark.parametrize("digest", ["weights", "tokenizer", "template"])
def test_another_model_is_refused_by_the_digest_that_differs(tmp_path: Path, digest: str) -> None:
    path = tmp_path / "cee.safetensors"
    small_subspace().save(path)
    with pytest.raises(ArtifactError, match=f"different {digest}"):
        Subspace.load(path, identity=replace(IDENTITY, **{digest: "other"}))


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("a pickle was executed",))


def _rewritten(path: Path, change: dict[str, object]) -> None:
    with safe_open(path, framework="pt") as f:
        meta = json.loads(f.metadata()[FORMAT])
        tensors = {k: f.get_tensor(k) for k in f.keys()}  # noqa: SIM118
    for key, value in change.items():
        if isinstance(value, torch.Tensor):
            tensors[key] = value
        elif value is None:
            meta.pop(key, None)
            tensors.pop(key, None)
        else:
            meta[key] = value
    save_file(tensors, path, metadata={FORMAT: json.dumps(meta)})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 99}, "version 99"),
        ({"format": "other"}, "not a steering subspace"),
        ({"layers": [1, 2, 3]}, "layers.3.basis"),
        ({"layers": [1]}, "does not name"),
        ({"layers": []}, "at least one layer"),
        ({"layers": ["x"]}, "malformed"),
        ({"target": "elsewhere"}, "malformed"),
        ({"scale": 0}, "scale"),
        ({"scale": float("nan")}, "scale"),
        ({"window": 0}, "window"),
        ({"window": "x"}, "malformed"),
        ({"gate": {"kappa": -1, "beta": 0}}, "gate"),
        ({"gate": {"sharpness": 1}}, "malformed"),
        ({"model": {"name": "x"}}, "does not name its model"),
        ({"model": None}, "model"),
        ({"layers.1.centroid": None}, "layers.1.centroid"),
        ({"layers.1.centroid": torch.full((WIDTH,), float("nan"))}, "finite"),
        ({"layers.1.centroid": torch.ones(WIDTH + 1)}, "shape"),
        ({"layers.1.safe": torch.ones(WIDTH, dtype=torch.float16)}, "float32"),
        ({"layers.1.basis": torch.ones(3, WIDTH)}, "orthonormal"),
        ({"layers.1.basis": torch.eye(WIDTH)[0]}, "rank"),
        ({"layers.1.centroid": torch.zeros(WIDTH)}, "no component"),
    ],
)
def test_a_damaged_artefact_is_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    path = tmp_path / "cee.safetensors"
    small_subspace((1, 2)).save(path)
    _rewritten(path, change)
    with pytest.raises(ArtifactError, match=says):
        Subspace.load(path)


def test_files_that_are_no_artefact(tmp_path: Path) -> None:
    whole = tmp_path / "whole.safetensors"
    small_subspace().save(whole)
    plain = tmp_path / "plain.safetensors"
    save_file({"x": torch.ones(1)}, plain)
    cases = {
        "nowhere": (tmp_path / "nowhere", "does not exist"),
        "directory": (tmp_path, "does not exist"),
        "cut": (_write(tmp_path / "cut", whole.read_bytes()[:-40]), "not a readable"),
        "empty": (_write(tmp_path / "empty", b""), "not a readable"),
        "noise": (_write(tmp_path / "noise", b"\xff" * 4096), "not a readable"),
        "pickle": (_write(tmp_path / "pickle", pickle.dumps(_Bomb())), "not a readable"),
        "other": (plain, "not a steering subspace"),
    }
    for name, (path, says) in cases.items():
        with pytest.raises(ArtifactError, match=says):
            pytest.fail(f"{name} was loaded: {Subspace.load(path)}")


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_basis_that_points_away_from_the_safe_side_is_refused() -> None:
    good = small_subspace((1,)).layers[1]
    turned = Layer(basis=-good.basis, centroid=good.centroid, safe=good.safe, opposite=good.opposite)
    with pytest.raises(ArtifactError, match="oriented"):
        Subspace(identity=IDENTITY, layers={1: turned})


@pytest.mark.parametrize("target", [Target.ANGULAR_TARGET, Target.ANGULAR_OFFSET])
def test_an_angular_target_needs_a_plane(target: Target) -> None:
    with pytest.raises(ArtifactError, match="layer 1: angular steering needs a subspace of rank 2"):
        small_subspace((1,), rank=1, target=target)


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("gate", [None, Gate(kappa=2.0, beta=-0.9)])
def test_rotations_turn_by_scaled_strength(target: Target, gate: Gate | None) -> None:
    made = replace(small_subspace((1,), target=target, gate=gate), scale=0.5)
    h = torch.randn(2, 5, WIDTH, generator=torch.Generator().manual_seed(4))
    turn = made.rotations()[1]
    assert torch.equal(turn(h, torch.zeros(2, 5)), h)
    half = replace(made, scale=1.0).rotations()[1](h, torch.full((2, 5), 0.3))
    assert torch.allclose(turn(h, torch.full((2, 5), 0.6)), half, atol=1e-5)
    assert not torch.allclose(half, h)
