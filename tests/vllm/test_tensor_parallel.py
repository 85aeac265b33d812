"""Two tensor-parallel workers: each turns the whole, already reduced state, so both must turn it alike."""

from __future__ import annotations

from tests.vllm.engine import Engine, Wanted
from tests.vllm.models import Reference
from tests.vllm.test_accuracy import EFFECT, TOLERANCE, error, prompt


def test_mixed_batch(pair: tuple[Engine, Reference]) -> None:
    running, reference = pair
    wanted = [
        Wanted(prompt(33), 0.3, start=32),
        Wanted(prompt(64), 1.0, start=10),
        Wanted(prompt(40)),
        Wanted(prompt(200), 0.5),
    ]
    for got, asked in zip(running.generate(*wanted), wanted, strict=True):
        assert error(got, asked, reference) < TOLERANCE, asked
        if asked.strength:
            assert error(got, asked, reference, strength=0.0) > EFFECT, asked
