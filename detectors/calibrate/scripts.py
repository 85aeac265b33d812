"""One scale for all scripts: each calibrated by itself, then mapped onto the scale of the one with most prompts.

A model's log-probabilities spread differently in its languages: at one pair of thresholds the language it knows less is
hardly ever blocked, or always. Mapped so that equal values mean equal false-positive rates, one pair serves them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

import numpy as np

from detectors.alignment import UNCHANGED, Alignment
from detectors.calibrate.thresholds import calibrate
from detectors.metrics import Floats
from detectors.prefix_probing.artifact import Calibration, OfScript

ENOUGH = 20
"""Prompts of each class that a script needs: with fewer, a threshold at 5 % false positives lies above them all."""

Scripts = tuple[Sequence[str], Sequence[str]]  # of the harmful and the harmless prompts


def calibrate_scripts(
    harmful: Floats,
    harmless: Floats,
    scripts: Scripts,
    *,
    block_fpr: float = 0.01,
    steer_fpr: float = 0.05,
    seed: int = 0,
) -> Calibration:
    """`calibrate`, with an alignment for each script that has enough prompts, where more than one has.

    Scores are those of the detector, before any alignment. The script with most harmless prompts keeps its scores.
    Raises `ArtifactError` as `calibrate` does.
    """
    fit = partial(calibrate, block_fpr=block_fpr, steer_fpr=steer_fpr, seed=seed)
    counts = [Counter(side) for side in scripts]
    names = [k for k, n in counts[1].most_common() if k and min(n, counts[0][k]) >= ENOUGH]
    if len(names) < 2:
        return fit(harmful, harmless)
    own = {
        k: fit(*(s[np.array(side) == k] for s, side in zip((harmful, harmless), scripts, strict=True))) for k in names
    }
    found = {k: OfScript(alignment=alignment(c, own[names[0]]), own=c) for k, c in own.items()}
    common = own[names[0]].model_copy(update={"scripts": dict(sorted(found.items()))})
    aligned = (common.aligned(s, side) for s, side in zip((harmful, harmless), scripts, strict=True))
    return fit(*aligned).model_copy(update={"scripts": common.scripts})


def alignment(own: Calibration, reference: Calibration) -> Alignment:
    """Takes the median harmless score, `steer_at` and `block_at` of `own` to those of `reference`."""
    if own == reference:
        return UNCHANGED
    points: list[tuple[float, float]] = []
    for a, b in reversed(list(zip(_anchors(own), _anchors(reference), strict=True))):
        if not points or (a < points[0][0] and b < points[0][1]):
            points.insert(0, (a, b))
    return Alignment(scores=tuple(a for a, _ in points), values=tuple(b for _, b in points))


def _anchors(c: Calibration) -> tuple[float, float, float]:
    return c.quantiles["harmless"]["0.5"], c.steer_at, c.block_at
