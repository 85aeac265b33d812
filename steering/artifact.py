"""The subspace artefact: what was fitted, for which model, in safetensors with JSON metadata. Nothing is unpickled."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import Tensor

from guard.errors import ArtifactError
from guard.files import write_atomically
from guard.model_identity import ModelIdentity
from steering.rotation import (
    angle,
    angle_in_plane,
    centroid_target,
    gate,
    projection_target,
    rotate,
    rotate_in_plane,
    safe_plane,
)

FORMAT = "guardchain.subspace"
VERSION = 1

Operator = Callable[[Tensor, Tensor], Tensor]
"""(h [..., d], strength [...]) -> h' [..., d]."""


class Target(StrEnum):
    """What a state is rotated towards, and where; see `steering.rotation`.

    The angular forms turn inside one plane only: to its safe axis, or by a right angle times the strength.
    """

    CENTROID = "centroid"
    PROJECTION = "projection"
    ANGULAR_TARGET = "angular-target"
    ANGULAR_OFFSET = "angular-offset"

    @property
    def in_plane(self) -> bool:
        return self in (Target.ANGULAR_TARGET, Target.ANGULAR_OFFSET)


@dataclass(frozen=True, slots=True)
class Gate:
    """Confidence gate (see `steering.rotation.gate`): sharpness `kappa` > 0, threshold `beta` in [-1, 1)."""

    kappa: float = 20.0
    beta: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.kappa) and self.kappa > 0 and -1 <= self.beta < 1):
            raise ArtifactError("gate: kappa must be positive and beta in [-1, 1)")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's subspace: basis [k, d] with orthonormal rows oriented to the safe side, centroid [d] of the safe
    prompts (relative to the fit's origin), and prototypes `safe` and `opposite` [d] of both sides in absolute
    coordinates, for the gate."""

    basis: Tensor
    centroid: Tensor
    safe: Tensor
    opposite: Tensor


@dataclass(frozen=True, slots=True)
class Subspace:
    """Safety subspaces of a model's decoder layers (numbered from 0; a layer's state is its output).

    `scale` in (0, 1] maps the strength of a request to the share of the angle turned in each layer.
    `window`: how many tokens are turned, counted from the last prompt token; None turns all that follow. Small
    models lose the thread when every token they say is turned; one turned prompt token decides the answer, too.
    `fitted` records how it was made (counts, variant, separability), for people to read.
    """

    identity: ModelIdentity
    layers: Mapping[int, Layer]
    target: Target = Target.CENTROID
    scale: float = 1.0
    window: int | None = None
    gate: Gate | None = None
    dtype: str = "float32"
    fitted: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _validate(self)

    @property
    def width(self) -> int:
        """d, the size of the hidden state."""
        return int(next(iter(self.layers.values())).basis.shape[1])

    @property
    def rank(self) -> int:
        return max(int(layer.basis.shape[0]) for layer in self.layers.values())

    def rotations(self, device: torch.device | str = "cpu") -> dict[int, Rotation]:
        """One rotation per layer, its tensors on `device`."""
        return {i: Rotation.of(self, layer, torch.device(device)) for i, layer in self.layers.items()}

    def save(self, path: Path | str) -> None:
        """Write the file whole or not at all. Raises `ArtifactError`."""
        meta = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.identity.to_dict(),
            "layers": sorted(self.layers),
            "rank": self.rank,
            "width": self.width,
            "target": self.target.value,
            "scale": self.scale,
            "window": self.window,
            "gate": None if self.gate is None else {"kappa": self.gate.kappa, "beta": self.gate.beta},
            "dtype": self.dtype,
            "fitted": dict(self.fitted),
        }
        tensors = {
            f"layers.{i}.{name}": getattr(layer, name).detach().cpu().contiguous().clone()
            for i, layer in self.layers.items()
            for name in _TENSORS
        }
        # Not save_file, which makes files that only their owner can read.
        write_atomically(path, serialised(tensors, {FORMAT: json.dumps(meta, ensure_ascii=False, sort_keys=True)}))

    @classmethod
    def load(cls, path: Path | str, *, identity: ModelIdentity | None = None) -> Subspace:
        """Read and validate. With `identity`, the model it is to steer, a differing digest is an error.

        Raises `ArtifactError`: missing or corrupt file, foreign format, wrong shapes, values that are not finite,
        or a subspace made for another model (the message names the digests).
        """
        tensors, meta = _read(Path(path))
        try:
            layers = {
                int(i): Layer(**{name: tensors[f"layers.{int(i)}.{name}"] for name in _TENSORS}) for i in meta["layers"]
            }
            found = cls(
                identity=ModelIdentity.from_dict(meta["model"]),
                layers=layers,
                target=Target(meta["target"]),
                scale=float(meta["scale"]),
                window=None if meta["window"] is None else int(meta["window"]),
                gate=None if meta["gate"] is None else Gate(**{k: float(v) for k, v in meta["gate"].items()}),
                dtype=str(meta["dtype"]),
                fitted=dict(meta["fitted"]),
            )
        except KeyError as missing:
            raise ArtifactError(f"{path}: the subspace is incomplete: {missing} is missing") from None
        except (TypeError, ValueError, AttributeError):
            raise ArtifactError(f"{path}: the subspace's metadata is malformed") from None
        if len(tensors) != len(layers) * len(_TENSORS):
            raise ArtifactError(f"{path}: holds tensors that its metadata does not name")
        if identity is not None:
            found.identity.require(identity, f"steering subspace {path}")
        return found


@dataclass(frozen=True, slots=True)
class Rotation:
    """One layer's operator: what a state is turned towards, and by which share of the angle.

    basis [k, d]; fixed [d], the safe direction; aside [d], the second axis of the angular plane (zero without one).
    """

    target: Target
    scale: float
    gate: Gate | None
    basis: Tensor
    fixed: Tensor
    aside: Tensor
    safe: Tensor
    opposite: Tensor

    @classmethod
    def of(cls, subspace: Subspace, layer: Layer, device: torch.device) -> Rotation:
        """Raises `ValueError` for a layer whose subspace has no such target."""
        if subspace.target.in_plane:
            fixed, aside = safe_plane(layer.basis, layer.centroid, layer.opposite)
        else:
            fixed = centroid_target(layer.basis, layer.centroid)
            aside = torch.zeros_like(fixed)
        tensors = (layer.basis, fixed, aside, layer.safe, layer.opposite)
        return cls(subspace.target, subspace.scale, subspace.gate, *(t.to(device) for t in tensors))

    def __call__(self, h: Tensor, strength: Tensor) -> Tensor:
        """h [..., d], strength [...] in [0, 1] -> h' [..., d] in h's dtype; strength 0 leaves h bit-identical."""
        share = self.share(h, strength)
        if self.target is Target.ANGULAR_TARGET:
            return rotate_in_plane(h, self.fixed, self.aside, -share * angle_in_plane(h, self.fixed, self.aside))
        if self.target is Target.ANGULAR_OFFSET:
            return rotate_in_plane(h, self.fixed, self.aside, -share * (math.pi / 2))
        return rotate(h, self.towards(h), share)

    def towards(self, h: Tensor) -> Tensor:
        """The unit vector that a state is turned towards, [d] or [..., d]."""
        return projection_target(h, self.basis) if self.target is Target.PROJECTION else self.fixed

    def moved(self, h: Tensor, strength: Tensor) -> Tensor:
        """By which angle a state is turned in all, radians [...]; exactly 0 where the strength is."""
        if not self.target.in_plane:
            return self.share(h, strength) * angle(h, self.towards(h))
        return torch.where(strength > 0, angle(h, self(h, strength)), 0.0)

    def share(self, h: Tensor, strength: Tensor) -> Tensor:
        """The share of the angle that is turned, [...]: the strength, scaled and gated."""
        scaled = strength * self.scale
        if self.gate is None:
            return scaled
        return gate(h, self.safe, self.opposite, scaled, self.gate.kappa, self.gate.beta)


_TENSORS = ("basis", "centroid", "safe", "opposite")


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    if not path.is_file():
        raise ArtifactError(f"steering subspace {path} does not exist")
    try:
        with safe_open(path, framework="pt") as f:
            raw = (f.metadata() or {}).get(FORMAT)
            tensors = {name: f.get_tensor(name) for name in f.keys()}  # noqa: SIM118 (not a mapping)
        meta = json.loads(raw) if raw is not None else None
    except (SafetensorError, OSError, ValueError, RuntimeError):
        raise ArtifactError(f"{path} is not a readable safetensors file; fit it again or restore it") from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise ArtifactError(f"{path} is a safetensors file, but not a steering subspace")
    if meta.get("version") != VERSION:
        raise ArtifactError(f"{path} has subspace format version {meta.get('version')!r}; this release reads {VERSION}")
    return tensors, meta


def _validate(subspace: Subspace) -> None:
    if not subspace.layers:
        raise ArtifactError("a steering subspace needs at least one layer")
    if not (math.isfinite(subspace.scale) and 0 < subspace.scale <= 1):
        raise ArtifactError("scale must lie in (0, 1]")
    if subspace.window is not None and subspace.window < 1:
        raise ArtifactError("window must be at least one token")
    first = next(iter(subspace.layers.values()))
    width = first.centroid.shape[-1] if first.centroid.ndim == 1 else -1
    for i, layer in subspace.layers.items():
        if i < 0:
            raise ArtifactError(f"layer {i} does not exist")
        if layer.basis.ndim != 2 or not 0 < layer.basis.shape[0] <= layer.basis.shape[1]:
            raise ArtifactError(f"layer {i}: basis must be [rank, width], not {list(layer.basis.shape)}")
        for name in _TENSORS:
            tensor: Tensor = getattr(layer, name)
            if tensor.shape[-1] != width or (name != "basis" and tensor.ndim != 1):
                raise ArtifactError(f"layer {i}: {name} has shape {list(tensor.shape)}, expected width {width}")
            if tensor.dtype != torch.float32 or not bool(torch.isfinite(tensor).all()):
                raise ArtifactError(f"layer {i}: {name} must hold finite float32 numbers")
        gram = layer.basis @ layer.basis.T
        if not torch.allclose(gram, torch.eye(gram.shape[0]), atol=1e-3):
            raise ArtifactError(f"layer {i}: the basis is not orthonormal")
        if not bool((layer.basis @ layer.centroid >= -1e-4 * torch.linalg.vector_norm(layer.centroid)).all()):
            raise ArtifactError(f"layer {i}: the basis is not oriented towards the safe centroid")
        try:
            Rotation.of(subspace, layer, layer.basis.device)
        except ValueError as error:
            raise ArtifactError(f"layer {i}: {error}") from None
