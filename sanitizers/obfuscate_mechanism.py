"""One word for another under local differential privacy: RANTEXT's random adjacency, with a mechanism that keeps ε.

PRIV-QA obfuscates with RANTEXT (InferDPT): noise of Laplace(β_j) on each dimension of the word's embedding gives a
radius r = ‖η‖; words s within r of word t are adjacent, and u(t, s) = (r - ‖e(s) - e(t)‖) / r is their utility. It
draws among adjacent words only. Then a word that is not adjacent can never come out, which tells an observer what t
was not, and no ε holds. Here every other candidate has utility 0 instead: u lies in [0, 1], one word in place of
another changes it by at most Δu = 1, and the exponential mechanism

    Pr[s | t, r] ∝ exp(ε u(t, s) / (2 Δu))

is ε-differentially private for each word and each r; r does not depend on t, so it is for both together.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Floats = NDArray[np.float64]

# β_j = Δ_j / f(ε), Δ_j the range of dimension j: InferDPT's fit, its coefficients rounded as printed in the paper.
_FIT = (0.01658, 19.06, 38.13, 9.311)


def scale(epsilon: float) -> float:
    """β_j / Δ_j: 1/ε below 2, from there on nearly constant (about 1/9.2)."""
    a, b, c, d = _FIT
    if epsilon < 2:
        return 1 / epsilon
    # Just at 2 the logarithm has no value; the fit starts behind it.
    return 1 / (a * math.log(max(b * epsilon - c, 1e-3)) + d)


class Stream:
    """Uniform numbers from a key (SHAKE-256): without it they cannot be told from random ones."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._block = 0

    def uniform(self, count: int) -> Floats:
        """`count` numbers in (0, 1), 52 bits each."""
        raw = hashlib.shake_256(self._key + self._block.to_bytes(8, "big")).digest(8 * count)
        self._block += 1
        return ((np.frombuffer(raw, dtype=">u8") >> np.uint64(12)).astype(np.float64) + 0.5) / 2.0**52


class Mechanism:
    """Draws a candidate for a word. `candidates`: (n, d) embeddings, a public list; ε is spent by each `draw`."""

    def __init__(self, candidates: Vector, epsilon: float) -> None:
        if not epsilon > 0 or len(candidates) < 2:
            raise ValueError("ε must be positive and there must be two candidates at least")
        self.epsilon = epsilon
        self.candidates = candidates
        self._squares = np.einsum("nd,nd->n", candidates, candidates)
        self._beta = scale(epsilon) * (candidates.max(axis=0) - candidates.min(axis=0)).astype(np.float64)

    def distances(self, word: Vector) -> Floats:
        """(n,) Euclidean distances of the candidates to a word's embedding (d,)."""
        squares = (self._squares - 2 * (self.candidates @ word) + word @ word).astype(np.float64)
        return np.asarray(np.sqrt(np.maximum(squares, 0)))

    def radius(self, stream: Stream) -> float:
        """‖η‖ with η_j from Laplace(0, β_j)."""
        centred = stream.uniform(len(self._beta)) - 0.5
        noise = -self._beta * np.sign(centred) * np.log1p(-2 * np.abs(centred))
        return float(np.linalg.norm(noise))

    def probabilities(self, distances: Floats, radius: float) -> Floats:
        """(n,) Pr[s | t, r]."""
        utility = np.maximum(radius - distances, 0) / radius if radius > 0 else np.zeros_like(distances)
        weights = np.exp(self.epsilon / 2 * (utility - 1))  # the common factor keeps large ε finite
        return np.asarray(weights / weights.sum())

    def draw(self, distances: Floats, stream: Stream, barred: Any = None) -> int:
        """The index of the drawn candidate. `barred`: indices that may not come out, the same for every word."""
        probabilities = self.probabilities(distances, self.radius(stream))
        if barred is not None:
            probabilities[barred] = 0
        cumulated = np.cumsum(probabilities)
        at = np.searchsorted(cumulated, stream.uniform(1)[0] * cumulated[-1], side="right")
        return int(min(at, np.flatnonzero(probabilities)[-1]))  # the product may be rounded up to the sum
