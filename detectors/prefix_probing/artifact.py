"""The probe set on disk: strict JSON that names the model it was built for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from detectors.alignment import UNCHANGED, Alignment
from detectors.prefix_probing.score import Aggregation, Sign
from detectors.probability import Probability
from guard.errors import ArtifactError
from guard.files import write_atomically
from guard.model_identity import ModelIdentity

_MAX_BYTES = 1 << 20

Token = Annotated[int, Field(ge=0, lt=1 << 31)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
# No model's score, weight or Δ is as far from 0, and sums and products of what is nearer stay within a float.
FARTHEST = 1e9
Bounded = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST)]
_ROUNDING = 1e-9
Count = Annotated[int, Field(ge=0, le=1 << 40)]
LogProbability = Annotated[float, Field(ge=-1e9, le=1e-4)]  # rounding may lift one over 0
T = TypeVar("T")


def _in_order(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[1] < bounds[0] - _ROUNDING:
        raise ValueError("an interval ends before it begins")
    return bounds


def _shares(quantiles: dict[str, float]) -> dict[str, float]:
    """Share of the prompts, as a decimal → the score that so many of them do not exceed."""
    try:
        known = sorted((float(q), value) for q, value in quantiles.items())
    except ValueError:
        raise ValueError("a quantile's key is no number") from None
    if not known or not all(0 <= q <= 1 for q, _ in known):
        raise ValueError("quantiles need keys between 0 and 1")
    if any(b[0] <= a[0] or b[1] < a[1] - _ROUNDING for a, b in pairwise(known)):
        raise ValueError("quantiles must rise with their keys")
    return quantiles


def _of_both(table: dict[str, T]) -> dict[str, T]:
    if set(table) != {"harmful", "harmless"}:
        raise ValueError("must name harmful and harmless, and nothing else")
    return table


Interval = Annotated[tuple[Bounded, Bounded], AfterValidator(_in_order)]
Quantiles = Annotated[dict[str, Bounded], AfterValidator(_shares)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Prefix(_Strict):
    """An opening of the answer as token ids; `text` is for people and never tokenised again.

    `delta` is the gap Δ = μ_harmless − μ_harmful on the construction prompts in `script` (all of them if empty).
    `adds` is what the prefix brought to the set when it was chosen: AUROC and TPR at 1 % FPR on the selection prompts,
    after minus before.
    """

    sign: Sign
    tokens: Annotated[tuple[Token, ...], Field(min_length=1)]
    text: str
    delta: Bounded
    script: str = ""
    adds: dict[str, float] = {}

    @model_validator(mode="after")
    def _sign_of_delta(self) -> Prefix:
        if (self.delta > 0) != (self.sign is Sign.AGREEMENT) or self.delta == 0:
            raise ValueError("the sign does not fit Δ")
        return self


class Part(_Strict):
    """The prompts of one split: how many, the sha256 over them in order (a later calibration: over digests), and
    the beginning of each one's own (ten hex digits, sorted, joined, of ten thousand at most), by which a prompt is
    found again that is measured with later."""

    harmful: Count
    harmless: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    digests: Annotated[str, Field(pattern="^([0-9a-f]{10})*$")] = ""


class Threshold(_Strict):
    """A threshold at a target false-positive rate, with the 95 % bootstrap interval and what it reached; the rates'
    intervals are exact (Clopper-Pearson)."""

    value: Bounded
    target_fpr: Share
    interval: Interval
    fpr: Share
    tpr: Share
    fpr_interval: Interval | None = None
    tpr_interval: Interval | None = None


class Calibration(_Strict):
    """Thresholds on the score, fitted on the calibration part: allow below `steer_at`, block from `block_at` on.
    `quantiles` of both classes' scores let a later calibration see drift; `probability` maps a score to one.

    One scale serves all prompts: what the model finds of a prompt in one of `scripts` is mapped onto it first. Of any
    other script a score stays what it is.
    """

    steer: Threshold
    block: Threshold
    harmful: Annotated[Count, Field(ge=1)]
    harmless: Annotated[Count, Field(ge=1)]
    auroc: Share
    auroc_interval: Interval
    f1_at: Bounded
    f1: Share
    quantiles: Annotated[dict[str, Quantiles], AfterValidator(_of_both)]
    probability: Probability | None = None
    scripts: dict[str, OfScript] = {}

    def alignment(self, script: str) -> Alignment:
        """From a script's own scores to the scale of this calibration."""
        found = self.scripts.get(script)
        return UNCHANGED if found is None else found.alignment

    def aligned(self, scores: ArrayLike, scripts: Sequence[str]) -> NDArray[np.float64]:
        """`scores` [n] before any alignment, each of a prompt in the script beside it, on the scale of this one."""
        pairs = zip(np.asarray(scores, float), scripts, strict=True)
        return np.array([float(self.alignment(script).of(score)) for score, script in pairs])

    @property
    def steer_at(self) -> float:
        return self.steer.value

    @property
    def block_at(self) -> float:
        return self.block.value

    @model_validator(mode="after")
    def _ordered(self) -> Calibration:
        if self.block.value < self.steer.value:
            raise ValueError("block_at is below steer_at")
        return self

    @field_validator("scripts")
    @classmethod
    def _flat(cls, scripts: dict[str, OfScript]) -> dict[str, OfScript]:
        if any(of.own.scripts for of in scripts.values()):
            raise ValueError("a script's own calibration has scripts again, which nobody would read")
        return scripts


class OfScript(_Strict):
    """Prompts in one writing system: how their scores come onto the common scale, and their own calibration before."""

    alignment: Alignment
    own: Calibration


class Linear(_Strict):
    """bias + Σ weight · log-odds over a few tokens of the first answer token's distribution."""

    tokens: tuple[Token, ...]
    weights: tuple[Bounded, ...]
    bias: Bounded

    @model_validator(mode="after")
    def _parallel(self) -> Linear:
        if len(self.tokens) != len(self.weights) or len(set(self.tokens)) < len(self.tokens):
            raise ValueError("not one weight per token")
        return self


def _looks(model: Linear) -> Linear:
    """A fit may find nothing to look at; in an artefact it would give every prompt the same score."""
    if not model.tokens:
        raise ValueError("no tokens to look at")
    return model


Reading = Annotated[Linear, AfterValidator(_looks)]


class Gate(_Strict):
    """Stage 1 of the cascade: predicts the probe's score from the first answer token.

    `low` ≤ 0 ≤ `high` bound what the full score may be away from the prediction (the quantiles of the error on the
    calibration part that leave out `outside`). `full` is the share of the calibration prompts of each class whose
    interval reaches a threshold, so that all probes had to run; `wrong` is the share of all whose verdict changed.
    Both hold for the thresholds of the build, and are None with later ones.
    """

    model: Reading
    low: Annotated[Bounded, Field(le=0.0)]
    high: Annotated[Bounded, Field(ge=0.0)]
    outside: Share
    full: Annotated[dict[str, Share], AfterValidator(_of_both)] | None = None
    wrong: Share | None = None

    def settles(self, predicted: float, steer_at: float, block_at: float, alignment: Alignment = UNCHANGED) -> bool:
        """Whether the full score must fall on the same side of both thresholds, allowed or blocked. `alignment` is
        that of the prompt's script, which `predicted` comes before."""
        low, high = alignment.of((predicted + self.low, predicted + self.high))
        return bool(high < steer_at or low >= block_at)


class FirstToken(_Strict):
    """A detector of its own beside the probes: sparse logistic regression on the first answer token."""

    model: Reading
    calibration: Calibration


class Witness(_Strict):
    """What the model said when the set was built: log-probabilities of `probes` behind `prompt`, token by token. By
    them a server is known whose weights nobody but itself can read."""

    prompt: Annotated[tuple[Token, ...], Field(min_length=1)]
    probes: Annotated[tuple[Annotated[tuple[Token, ...], Field(min_length=1)], ...], Field(min_length=1)]
    logprobs: tuple[tuple[LogProbability, ...], ...]

    @model_validator(mode="after")
    def _complete(self) -> Witness:
        if [len(p) for p in self.probes] != [len(row) for row in self.logprobs]:
            raise ValueError("not one log-probability per token of the probes")
        return self


class ProbeSet(_Strict):
    """Everything a probe needs, and what it was made from. Without `gate` all probes always run.

    `data` names the parts of the build; on `calibration` the thresholds were fitted, those of `first_token` too unless
    there is a part of that name. Version 2 may calibrate per script (`Calibration.scripts`); version 1 knows one
    calibration for all, and loads.
    """

    format: Literal["guardchain.prefix_probes"] = "guardchain.prefix_probes"
    version: Literal[1, 2] = 2
    model: dict[str, str]
    dtype: str
    aggregation: Aggregation
    prefixes: Annotated[tuple[Prefix, ...], Field(min_length=2)]
    search: dict[str, int | float | str]
    data: dict[str, Part]
    calibration: Calibration
    gate: Gate | None = None
    first_token: FirstToken | None = None
    witness: Witness | None = None

    @field_validator("prefixes")
    @classmethod
    def _usable(cls, prefixes: tuple[Prefix, ...]) -> tuple[Prefix, ...]:
        if len({p.sign for p in prefixes}) < 2:
            raise ValueError("prefixes of both signs are needed")
        if len({p.tokens for p in prefixes}) < len(prefixes):
            raise ValueError("a prefix stands twice")
        return prefixes

    @field_validator("model")
    @classmethod
    def _named(cls, model: dict[str, str]) -> dict[str, str]:
        if missing := [k for k in ("name", "weights", "tokenizer", "template") if k not in model]:
            raise ValueError(f"{missing[0]} is missing")
        return model

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity.from_dict(dict(self.model))

    def scored_by(self) -> list[object]:
        """What a score depends on before it is aligned, and a new calibration leaves as it is; plain data."""
        linear = self.first_token.model.model_dump(mode="json") if self.first_token is not None else None
        return [self.model, self.dtype, self.aggregation, [p.tokens for p in self.prefixes], linear]

    def fingerprint(self, detector: str) -> str:
        """What a score log calls the set by whose `detector` a score was made; the same after a new calibration."""
        text = json.dumps([str(detector), *self.scored_by()], sort_keys=True, default=str)
        return "p:" + hashlib.sha256(text.encode()).hexdigest()[:12]

    def calibration_of(self, detector: str) -> Calibration:
        """Of `prefix_probe` or `first_token_lr`. Raises `ArtifactError` when the set holds no such regression."""
        if detector != "first_token_lr":
            return self.calibration
        if self.first_token is None:
            raise ArtifactError("the probe set holds no first-token regression; build it again")
        return self.first_token.calibration

    def recalibrated(self, detector: str, calibration: Calibration, fitted_on: Part | None = None) -> ProbeSet:
        """The same set with another calibration for `detector`, without what the set said of the one before. The gate
        knows thresholds only when it is asked."""
        data = dict(self.data)
        if self.first_token is not None and "calibration" in data:
            data.setdefault("first_token", data["calibration"])
        first = self.first_token if detector == "first_token_lr" else None
        name = "calibration" if first is None else "first_token"
        data.pop(name, None)
        if fitted_on is not None:
            data[name] = fitted_on
        new: dict[str, object] = {"version": 2, "data": data}
        if first is not None:
            new["first_token"] = first.model_copy(update={"calibration": calibration})
        else:
            new["calibration"] = calibration
            new["gate"] = self.gate and self.gate.model_copy(update={"full": None, "wrong": None})
        return self.model_copy(update=new)

    def require_vocabulary(self, size: int) -> None:
        """Raises `ArtifactError` naming the first field with a token that a model of `size` tokens does not have."""
        fields = {f"prefixes.{i}.tokens": p.tokens for i, p in enumerate(self.prefixes)}
        if self.gate is not None:
            fields["gate.model.tokens"] = self.gate.model.tokens
        if self.first_token is not None:
            fields["first_token.model.tokens"] = self.first_token.model.tokens
        if self.witness is not None:
            fields["witness.prompt"] = self.witness.prompt
            fields |= {f"witness.probes.{n}": probe for n, probe in enumerate(self.witness.probes)}
        for field, tokens in fields.items():
            if max(tokens) >= size:
                raise ArtifactError(f"probe set: {field}: the model has no token {max(tokens)}, only {size} of them")

    def save(self, path: Path | str) -> None:
        """Write the file whole or not at all."""
        text = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, allow_nan=False)
        write_atomically(Path(path), text + "\n")

    @classmethod
    def load(cls, path: Path | str, identity: ModelIdentity | None = None) -> ProbeSet:
        """Read and validate; with `identity`, also require that the set was made for that model.

        Raises `ArtifactError` naming the file and the first wrong field, or the digests that differ.
        """
        file = Path(path)
        try:
            if file.stat().st_size > _MAX_BYTES:
                raise ArtifactError(f"{file} is too large for a probe set")
            probes = cls.model_validate_json(file.read_bytes(), strict=True)
        except OSError as error:
            raise ArtifactError(f"cannot read probe set {file}: {error.strerror or type(error).__name__}") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the document"
            raise ArtifactError(f"{file} is not a valid probe set: {where}: {first['msg']}") from None
        if identity is not None:
            probes.identity.require(identity, f"probe set {file.name}")
        return probes
