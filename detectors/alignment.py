"""A monotone map from the scores of one script to the scale that thresholds are given in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, model_validator


class Alignment(BaseModel):
    """Linear between the points (`scores`, `values`), slope 1 outside; without points a score stays what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    scores: tuple[float, ...] = ()
    values: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _monotone(self) -> Alignment:
        if len(self.scores) != len(self.values):
            raise ValueError("not one value per score")
        if any(b <= a for side in (self.scores, self.values) for a, b in pairwise(side)):
            raise ValueError("not monotone")
        return self

    def of(self, scores: ArrayLike) -> NDArray[np.float64]:
        """`scores` of any shape on the common scale."""
        raw = np.asarray(scores, dtype=np.float64)
        if not self.scores:
            return raw
        inside = np.clip(raw, self.scores[0], self.scores[-1])
        return np.asarray(np.interp(inside, self.scores, self.values) + (raw - inside), dtype=np.float64)


UNCHANGED = Alignment()
