"""A monotone map from a score to the probability of harm, small enough to be stored and read without scikit-learn."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Probability(BaseModel):
    """`platt`: 1 / (1 + e^−(slope · score + intercept)). `isotonic`: linear between the points (`scores`, `values`),
    constant outside. `prevalence` is the share of harmful prompts that the probabilities assume."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["platt", "isotonic"]
    prevalence: Share
    slope: Annotated[float, Field(ge=0.0)] = 0.0
    intercept: float = 0.0
    scores: tuple[float, ...] = ()
    values: tuple[Share, ...] = ()

    @model_validator(mode="after")
    def _monotone(self) -> Probability:
        if len(self.scores) != len(self.values) or (self.kind == "isotonic" and not self.scores):
            raise ValueError("not one value per score")
        if any(b <= a for a, b in pairwise(self.scores)) or any(b < a for a, b in pairwise(self.values)):
            raise ValueError("not monotone")
        return self

    def of(self, score: float) -> float:
        """The probability that a prompt with this score is harmful."""
        if self.kind == "isotonic":
            return float(np.interp(score, self.scores, self.values))
        z = self.slope * score + self.intercept
        return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
