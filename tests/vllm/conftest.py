"""vLLM has an environment of its own (`make test-vllm`); elsewhere these tests are skipped.

One engine process per configuration, started when the first test asks for it and shared by all that follow.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.vllm.engine import BLOCK, MAX_LENGTH, Engine, EngineFailed
from tests.vllm.models import BUNDLED, Reference, random_model, subspace

HERE = Path(__file__).parent
HAVE_VLLM = importlib.util.find_spec("vllm.v1") is not None if importlib.util.find_spec("vllm") else False

_EAGER = {"TORCH_COMPILE_DISABLE": "1"}
_V2 = {"V2SHIM": "1", "VLLM_USE_V2_MODEL_RUNNER": "1", "PYTHONPATH": f"{HERE / 'shim'}{os.pathsep}{HERE.parents[1]}"}

CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "v1-eager": ({"enforce_eager": True}, _EAGER),
    "v1-compiled": ({}, {}),
    "v2-eager": ({"enforce_eager": True}, {**_EAGER, **_V2}),
    # Below the model's length the dummy run of V2 fails on CPU when compiled, with this plugin or without.
    "v2-compiled": ({"max_num_batched_tokens": MAX_LENGTH}, _V2),
}
"""Name to (options of `LLM`, environment). V2 runs under Triton's interpreter: see shim/sitecustomize.py."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))  # a compiling engine on a busy machine takes its time
            if not HAVE_VLLM:
                item.add_marker(pytest.mark.skip(reason="vLLM is not in this environment; run `make test-vllm`"))


def options(model: Path, subspace_file: Path, **more: Any) -> dict[str, Any]:
    """Options of `LLM`. The KV cache is small, so that a full batch is preempted; prompts above 128 tokens come in
    chunks."""
    return {
        "model": str(model),
        "dtype": "float32",
        "max_model_len": MAX_LENGTH,
        "block_size": BLOCK,
        "num_gpu_blocks_override": 24,
        "max_num_seqs": 16,
        "max_num_batched_tokens": 128,
        "disable_log_stats": False,
        "additional_config": {"guardchain": {"subspace": str(subspace_file)}},
        **more,
    }


def environment(**more: str) -> dict[str, str]:
    return {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", **more}


@pytest.fixture(scope="session")
def subspace_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the bundled model."""
    return subspace(BUNDLED, tmp_path_factory.mktemp("subspace") / "bundled.safetensors")


@pytest.fixture(scope="session")
def reference(subspace_file: Path) -> Reference:
    return Reference(BUNDLED, subspace_file)


@pytest.fixture(scope="session", params=list(CONFIGURATIONS))
def engine(
    request: pytest.FixtureRequest, subspace_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The bundled model, steerable, in every configuration."""
    more, variables = CONFIGURATIONS[request.param]
    log = tmp_path_factory.mktemp("engine") / f"{request.param}.log"
    running = started(options(BUNDLED, subspace_file, **more), environment(**variables), log)
    running.name = request.param
    yield running
    running.close()


def started(wanted: dict[str, Any], variables: dict[str, str], log: Path) -> Engine:
    """Compiled, V2's dummy run samples from memory that nothing has written; under Triton's interpreter NaN there is
    an error, with this plugin or without. It comes and goes, so the start is tried again."""
    for _ in range(3):
        try:
            return Engine(wanted, variables, log)
        except EngineFailed as failure:
            if "All-NaN slice" not in str(failure):
                raise
    return Engine(wanted, variables, log)


@pytest.fixture(params=["llama", "mistral", "qwen3"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Reference]]:
    """Another architecture, eager."""
    model = random_model(request.param, tmp_path / request.param)
    file = subspace(model, tmp_path / "subspace.safetensors", layers=(0, 2))
    running = Engine(options(model, file, enforce_eager=True), environment(**_EAGER), tmp_path / "engine.log")
    yield running, Reference(model, file)
    running.close()
