"""The bundled taggers: hashed features, dilated convolutions (Strubell et al. 2017), a constrained decode. NumPy only.

Trained by `recipes.ner`. With width 128 and five layers, 2 KB of English take about 4 ms on one core.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from guard.errors import ArtifactError
from sanitizers.detect.ner_features import Features, Floats, features

# Tokens taken at once: what a window costs in memory stays bounded whatever the text.
WINDOW = 2048
_CACHED_WORDS = 20_000
_VERSION = 1
_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Entity:
    """`text[start:end]` is an entity; `score` is the chance of one there, its odds raised by `outside`."""

    start: int
    end: int
    label: str
    score: float


class Tagger:
    """`config`: features, rows, labels, dilations, calibration, and outside: the log-odds by which a find is preferred
    to none, in the decode and in the scores, because a name that stays readable costs more than a word hidden in vain.

    `arrays`: `table` [rows, width] int8 with `table_scale` [rows], `project` [dense, width], by layer `mix_<i>`
    [3 * width, width] and `shift_<i>` [width], `out` [width, 1 + 4 * labels] and `out_shift`; `features.*` belong to
    the features.
    Tags are O, then B, I, E, S by label. Thread-safe.
    """

    def __init__(self, config: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self.config = dict(config)
        self.labels: tuple[str, ...] = tuple(config["labels"])
        own = {k.removeprefix("features."): v for k, v in arrays.items() if k.startswith("features.")}
        self.features: Features = features(config["features"], own, int(config["rows"]))
        self._arrays = dict(arrays)
        self._table = _floats(arrays["table"]) * _floats(arrays["table_scale"])[:, None]
        self._project = _floats(arrays["project"])
        self._dilations = tuple(int(d) for d in config["dilations"])
        self._mix = [_floats(arrays[f"mix_{i}"]) for i in range(len(self._dilations))]
        self._shift = [_floats(arrays[f"shift_{i}"]) for i in range(len(self._dilations))]
        self._out, self._out_shift = _floats(arrays["out"]), _floats(arrays["out_shift"])
        self._calibration = np.asarray(config["calibration"], np.float32)
        self._words = _Words(self._embed, self._project.shape[1])

    @classmethod
    def load(cls, folder: Path) -> Tagger:
        """What `save` wrote. Raises `ArtifactError` when files are missing, unreadable or of another version."""
        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "weights.safetensors")
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot read the NER weights in {folder}: {type(error).__name__}") from None
        if config.get("version") != _VERSION:
            raise ArtifactError(
                f"NER weights of version {config.get('version')} in {folder}; this release reads {_VERSION}"
            )
        return cls(config, arrays)

    def save(self, folder: Path) -> None:
        """`config.json` and `weights.safetensors` in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        config = {**self.config, "version": _VERSION}
        (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
        save_file(self._arrays, folder / "weights.safetensors")

    def weights(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays it was made from."""
        return dict(self._arrays)

    @property
    def reach(self) -> int:
        """Tokens to either side that a tag may depend on."""
        return sum(self._dilations) + self.features.reach

    def find(self, text: str) -> list[Entity]:
        """Disjoint entities in order."""
        tokens = self.features.split(text)
        if not tokens:
            return []
        scores = self.log_probabilities([token for _, _, token in tokens])
        return [
            Entity(tokens[start][0], tokens[end - 1][1], self.labels[label], self._score(scores[start:end], label))
            for start, end, label in self._decode(scores)
        ]

    def log_probabilities(self, tokens: Sequence[str]) -> Floats:
        """[tokens, tags]; the same whatever the length, because windows overlap by what a tag depends on."""
        reach = self.reach
        parts = []
        for start in range(0, len(tokens), WINDOW):
            first, last = max(start - reach, 0), min(start + WINDOW + reach, len(tokens))
            out = self._forward(tokens[first:last])
            parts.append(out[start - first : start - first + WINDOW])
        return np.concatenate(parts)

    def _embed(self, tokens: Sequence[str]) -> Floats:
        ids, dense = self.features.encode(tokens)
        summed = dense @ self._project
        for column in ids.T:
            summed += self._table[column]
        return np.asarray(summed, np.float32)

    def _forward(self, tokens: Sequence[str]) -> Floats:
        x = self._embed(tokens) if self.features.contextual else self._words.get(tokens)
        count, width = x.shape
        spread = np.empty((count, 3 * width), np.float32)
        for mix, shift, d in zip(self._mix, self._shift, self._dilations, strict=True):
            h = _normalise(x)
            spread[:d, :width] = spread[-d:, 2 * width :] = 0
            spread[:, width : 2 * width] = h
            if count > d:
                spread[d:, :width] = h[:-d]
                spread[:-d, 2 * width :] = h[d:]
            y = spread @ mix
            y += shift
            np.maximum(y, 0, out=y)
            y += x
            x = y
        z = _normalise(x) @ self._out + self._out_shift
        z -= z.max(1, keepdims=True)
        return np.asarray(z - np.log(np.exp(z).sum(1, keepdims=True)), np.float32)

    def _decode(self, scores: Floats) -> list[tuple[int, int, int]]:
        """The best sequence of tags in which every entity is whole, found only where O is not beyond doubt."""
        biased = scores.copy()
        biased[:, 0] -= self.config["outside"]
        doubtful = np.flatnonzero(biased[:, 1:].max(1) > biased[:, 0] - 6.0)
        return [
            (first + start, first + end, label)
            for first, last in _stretches(doubtful)
            for start, end, label in _best(biased[first:last])
        ]

    def _score(self, scores: Floats, label: int) -> float:
        """The mean probability of the label over an entity's tokens, through the calibration, with the preference."""
        raw = np.exp(scores[:, 1 + 4 * label : 5 + 4 * label]).sum(1).mean()
        right = float(np.interp(raw, self._calibration[0], self._calibration[1]))
        preferred = right * math.exp(self.config["outside"])
        return preferred / (preferred + 1 - right)


def _floats(array: npt.NDArray[np.generic]) -> Floats:
    return np.ascontiguousarray(array, dtype=np.float32)


def _normalise(x: Floats) -> Floats:
    width = np.float32(x.shape[1])
    h: Floats = np.subtract(x, np.add.reduce(x, 1, keepdims=True) / width, dtype=np.float32)
    scale: Floats = np.sqrt(np.einsum("ij,ij->i", h, h) / width + np.float32(_EPSILON), dtype=np.float32)
    h /= scale[:, None]
    return h


class _Words:
    """Embedded words, remembered in one matrix until it is full."""

    def __init__(self, embed: Any, width: int) -> None:
        self._embed = embed
        self._matrix = np.empty((_CACHED_WORDS, width), np.float32)
        self._rows: dict[str, int] = {}
        self._lock = threading.Lock()

    def get(self, tokens: Sequence[str]) -> Floats:
        with self._lock:
            fresh = sorted({t for t in tokens if t not in self._rows})
            if len(self._rows) + len(fresh) > len(self._matrix):
                self._rows.clear()
                fresh = sorted(set(tokens))
                if len(fresh) > len(self._matrix):
                    rows = {token: i for i, token in enumerate(fresh)}
                    return np.asarray(self._embed(fresh)[[rows[t] for t in tokens]], np.float32)
            if fresh:
                at = len(self._rows)
                self._matrix[at : at + len(fresh)] = self._embed(fresh)
                self._rows.update(zip(fresh, range(at, at + len(fresh)), strict=True))
            return self._matrix[[self._rows[t] for t in tokens]]


def _stretches(indices: npt.NDArray[np.intp]) -> list[tuple[int, int]]:
    """Runs of consecutive indices as half-open intervals."""
    if not len(indices):
        return []
    cuts = np.flatnonzero(np.diff(indices) > 1) + 1
    return [(int(run[0]), int(run[-1]) + 1) for run in np.split(indices, cuts)]


def _best(scores: Floats) -> list[tuple[int, int, int]]:
    """Viterbi over O | S | B I* E: entities as (start, end, label) within a stretch that O surrounds."""
    count = (scores.shape[1] - 1) // 4
    outside: float = 0.0  # best score of a sequence that ends here with no entity open
    ends: list[tuple[int, int]] = []  # by token: where its entity began (or -1 for O), and the label
    opened = [(-np.inf, 0)] * count  # by label: best score of a sequence with one open, and where it began
    for at, row in enumerate(scores.tolist()):
        best, how = outside + row[0], (-1, 0)
        still: list[tuple[float, int]] = []
        for label in range(count):
            begin, inside, end, single = row[1 + 4 * label : 5 + 4 * label]
            score, since = opened[label]
            if outside + single > best:
                best, how = outside + single, (at, label)
            if score + end > best:
                best, how = score + end, (since, label)
            still.append((outside + begin, at) if outside + begin > score + inside else (score + inside, since))
        outside, opened = best, still
        ends.append(how)
    found = []
    at = len(ends) - 1
    while at >= 0:
        start, label = ends[at]
        if start >= 0:
            found.append((start, at + 1, label))
            at = start
        at -= 1
    return found[::-1]
