"""vLLM has an environment of its own, which `make test` sets up and runs first; elsewhere these tests are skipped."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from steering.artifact import Gate, Target
from tests.support.tools import need
from tests.vllm import fleet
from tests.vllm.engine import BLOCK, MAX_LENGTH, Engine
from tests.vllm.models import BUNDLED, Reference, random_model, subspace
from tests.vllm.server import Server

HERE = Path(__file__).parent
HAVE_VLLM = importlib.util.find_spec("vllm.v1") is not None if importlib.util.find_spec("vllm") else False

_EAGER = {"TORCH_COMPILE_DISABLE": "1"}
_V2 = {"V2SHIM": "1", "VLLM_USE_V2_MODEL_RUNNER": "1", "PYTHONPATH": f"{HERE / 'shim'}{os.pathsep}{HERE.parents[1]}"}
# What is allocated holds huge numbers until it is written, in every run alike.
_COMPILED = {"MALLOC_PERTURB_": "128", "MALLOC_MMAP_THRESHOLD_": str(32 << 20)}
_GATE = Gate(kappa=2.0, beta=-0.9)


class Configuration(NamedTuple):
    """An engine: options of `LLM`, environment, architecture (None: the bundled model), and how it is steered."""

    options: dict[str, Any]
    environment: dict[str, str]
    architecture: str | None = None
    target: Target = Target.PROJECTION
    gate: Gate | None = None


MAIN = {
    "v1-eager": Configuration({"enforce_eager": True}, _EAGER),
    "v1-compiled": Configuration({}, _COMPILED, gate=_GATE),
    "v2-eager": Configuration({"enforce_eager": True}, {**_EAGER, **_V2}, target=Target.ANGULAR_OFFSET),
    "v2-compiled": Configuration({}, {**_COMPILED, **_V2}, target=Target.ANGULAR_TARGET),
}
"""Both runners, eager and compiled, all on the bundled model. V2 runs under Triton's interpreter: see shim/."""

OTHERS = {
    "llama": Configuration({"enforce_eager": True}, _EAGER, "llama", Target.CENTROID),
    "mistral": Configuration({"enforce_eager": True}, _EAGER, "mistral", Target.ANGULAR_TARGET, _GATE),
    "qwen3": Configuration({"enforce_eager": True}, _EAGER, "qwen3", Target.CENTROID, _GATE),
    "pair": Configuration(
        {"enforce_eager": True, "tensor_parallel_size": 2},
        {**_EAGER, "VLLM_CPU_OMP_THREADS_BIND": "0|1"},
        target=Target.ANGULAR_OFFSET,
    ),
    # vLLM starts without a plugin that was not named, silently.
    "unguarded": Configuration({"enforce_eager": True}, {**_EAGER, "VLLM_PLUGINS": "another"}),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(900))  # a compiling engine on a busy machine takes its time
            if not HAVE_VLLM:
                item.add_marker(pytest.mark.skip(reason="vLLM is not in this environment; `make test` makes one"))


@pytest.fixture(scope="session")
def processes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[fleet.Fleet]:
    makers: dict[str, Callable[[], Any]] = {
        name: _engine_maker(name, configuration, tmp_path_factory) for name, configuration in (MAIN | OTHERS).items()
    }
    makers["server"] = lambda: Server(tmp_path_factory.mktemp("server"))
    caches = tmp_path_factory.mktemp("caches")  # of this run: compiled by this code, and by nobody beside us
    os.environ |= {"VLLM_CACHE_ROOT": str(caches / "vllm"), "TORCHINDUCTOR_CACHE_DIR": str(caches / "inductor")}
    running = fleet.Fleet(makers, fleet.order(request.session.items, makers))
    yield running
    running.close()


def _engine_maker(name: str, configuration: Configuration, temporary: pytest.TempPathFactory) -> Callable[[], Engine]:
    def make() -> Engine:
        directory = temporary.mktemp(name)
        layers = (1, 2, 3)
        model = BUNDLED
        if configuration.architecture is not None:
            model, layers = random_model(configuration.architecture, directory / name), (0, 2)
        file = subspace(
            model,
            directory / "subspace.safetensors",
            layers=layers,
            target=configuration.target,
            gate=configuration.gate,
        )
        variables = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", **configuration.environment}
        engine = Engine(_options(model, file, **configuration.options), variables, directory / "engine.log")
        engine.name, engine.model, engine.subspace = name, model, file
        return engine

    return make


def _options(model: Path, file: Path, **more: Any) -> dict[str, Any]:
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
        "additional_config": {"guardchain": {"subspace": str(file)}},
        **more,
    }


@pytest.fixture(scope="session", params=list(MAIN))
def engine(request: pytest.FixtureRequest, processes: fleet.Fleet) -> Iterator[Engine]:
    """The bundled model, steerable, in every main configuration."""
    if request.param.endswith("compiled"):
        need("g++")
    running: Engine = processes.take(request.param)
    yield running
    running.close()


@pytest.fixture(scope="session")
def reference(engine: Engine) -> Reference:
    """Of `engine`."""
    return Reference(engine.model, engine.subspace)


@pytest.fixture(scope="module", params=["llama", "mistral", "qwen3"])
def other(request: pytest.FixtureRequest, processes: fleet.Fleet) -> Iterator[tuple[Engine, Reference]]:
    """Another architecture."""
    running: Engine = processes.take(request.param)
    yield running, Reference(running.model, running.subspace)
    running.close()


@pytest.fixture(scope="module")
def pair(processes: fleet.Fleet) -> Iterator[tuple[Engine, Reference]]:
    """Two tensor-parallel workers."""
    running: Engine = processes.take("pair")
    yield running, Reference(running.model, running.subspace)
    running.close()


@pytest.fixture(scope="module")
def unguarded(processes: fleet.Fleet) -> Iterator[Engine]:
    """An engine that was told of a subspace and has no plugin."""
    running: Engine = processes.take("unguarded")
    yield running
    running.close()


@pytest.fixture(scope="module")
def server(processes: fleet.Fleet) -> Iterator[Server]:
    running: Server = processes.take("server")
    yield running
    running.close()


@pytest.fixture(scope="session")
def subspace_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the bundled model."""
    return subspace(BUNDLED, tmp_path_factory.mktemp("subspace") / "bundled.safetensors")
