"""Two tensor-parallel workers: each turns the whole, already reduced state, so both must turn it alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vllm.conftest import environment, options
from tests.vllm.engine import Engine, Wanted
from tests.vllm.models import BUNDLED, Reference
from tests.vllm.test_accuracy import EFFECT, TOLERANCE, error, prompt


@pytest.fixture(scope="module")
def pair(subspace_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    running = Engine(
        options(BUNDLED, subspace_file, enforce_eager=True, tensor_parallel_size=2),
        environment(TORCH_COMPILE_DISABLE="1", VLLM_CPU_OMP_THREADS_BIND="0|1"),
        tmp_path_factory.mktemp("pair") / "engine.log",
    )
    yield running
    running.close()


def test_mixed_batch(pair: Engine, reference: Reference) -> None:
    wanted = [
        Wanted(prompt(33), 0.3, start=32),
        Wanted(prompt(64), 1.0, start=10),
        Wanted(prompt(40)),
        Wanted(prompt(200), 0.5),
    ]
    for got, asked in zip(pair.generate(*wanted), wanted, strict=True):
        assert error(got, asked, reference) < TOLERANCE, asked
        if asked.strength:
            assert error(got, asked, reference, strength=0.0) > EFFECT, asked
