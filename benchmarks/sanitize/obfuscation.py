"""What an ε keeps: the chance that a low-risk word stays, or that one of its neighbours takes its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from statistics import mean
from time import thread_time

import numpy as np

from sanitizers.obfuscate import Obfuscator
from sanitizers.obfuscate_embeddings import Embeddings
from sanitizers.obfuscate_mechanism import Mechanism, Stream

EPSILONS = (1.0, 5.0, 10.0, 15.0, 20.0, 30.0)
_CANDIDATES = (256, 2048)
_WORDS = 120
_RADII = 20


def measure(texts: Iterable[str], model: str = "bundled:tiny-chat") -> dict[str, Mapping[str, float]]:
    """By `candidates / ε`: mean chances over candidate words and radii, in [0, 1]; and ms for 2 KB of text."""
    embeddings = Embeddings.load(model)
    text = " ".join(texts)
    report: dict[str, Mapping[str, float]] = {}
    for candidates in _CANDIDATES:
        words, _ = embeddings.words(candidates)
        matrix = np.stack([embeddings.vector(word) for word in words])
        for epsilon in EPSILONS:
            mechanism = Mechanism(matrix, epsilon)
            same, near = [], []
            for index in range(0, len(words), max(1, len(words) // _WORDS)):
                distances = mechanism.distances(matrix[index])
                order = np.argsort(distances)
                stream = Stream(f"benchmark {index}".encode())
                for _ in range(_RADII):
                    chances = mechanism.probabilities(distances, mechanism.radius(stream))
                    same.append(float(chances[index]))
                    near.append(float(chances[order[:11]].sum()))
            obfuscator = Obfuscator(embeddings, epsilon, candidates=candidates)
            began = thread_time()
            obfuscator.obfuscate(text, [], b"benchmark")
            took = (thread_time() - began) * 1000 * 2048 / len(text)
            report[f"{candidates} / {epsilon:g}"] = {"same": mean(same), "same_or_near": mean(near), "ms_per_2kb": took}
    return report
