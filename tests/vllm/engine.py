"""A vLLM engine in a process of its own, driven by JSON lines on stdin and answering on stdout.

A process, because runner, compile mode and Triton's interpreter are chosen by the environment before vLLM is
imported. Run as a script it is the engine; `Engine` is its handle for tests.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guard.model_identity import ModelIdentity

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

BLOCK = 32
MAX_LENGTH = 512


@dataclass(frozen=True)
class Wanted:
    """One request to generate."""

    prompt: Sequence[int]
    strength: float = 0.0
    start: int = 0
    window: int | None = None
    max_tokens: int = 3
    extra: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Got:
    """tokens [n] and, per token, the five likeliest ids with their log-probabilities."""

    tokens: list[int]
    logprobs: list[dict[int, float]]
    cached: int


class Engine:
    """Handle of an engine process: which configuration it is, its model's directory and the subspace's file."""

    name: str
    model: Path
    subspace: Path

    def __init__(self, options: dict[str, Any], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "engine.py"), json.dumps(options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **base_environment(), **environment},
                cwd=log.parent,
            )
        self.info: dict[str, Any] = {}

    def wait(self) -> None:
        """Until it takes orders. Raises `EngineFailed` with the end of its log when it does not start."""
        self.info = self.info or self._read()

    def generate(self, *wanted: Wanted) -> list[Got]:
        """All in one batch. Raises `EngineFailed` when the engine answers with an error."""
        answer = self._ask({"op": "generate", "requests": [w.__dict__ for w in wanted]})
        return [
            Got(g["tokens"], [{int(k): v for k, v in row.items()} for row in g["logprobs"]], g["cached"])
            for g in answer["outputs"]
        ]

    def one(self, *args: Any, **kwargs: Any) -> Got:
        return self.generate(Wanted(*args, **kwargs))[0]

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        return self._ask({"op": op, **arguments})

    def close(self) -> None:
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@@"):  # everything else is what libraries print
                answer: dict[str, Any] = json.loads(line[2:])
                if "error" in answer:
                    raise EngineFailed(answer["error"])
                return answer
        self._process.wait()
        raise EngineFailed(f"the engine ended ({self._process.returncode}): {self._log.read_text()[-6000:]}")


class EngineFailed(Exception):
    """The engine's own words."""


def base_environment() -> dict[str, str]:
    """What every vLLM process of these tests runs under."""
    return {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_PLUGINS": "guardchain,guardchain_routes",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
    }


def main() -> None:
    options = json.loads(sys.argv[1])
    try:
        from vllm import LLM

        inspect_here()
        fill_unattended()
        llm = LLM(**options)
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"})
        raise
    core = llm.llm_engine.engine_core.engine_core
    driver = getattr(core.model_executor, "driver_worker", None)
    runner = driver.worker.model_runner if driver is not None else None  # None: workers have processes of their own
    say(
        {
            "runner": [f"{c.__module__}.{c.__name__}" for c in type(runner).__mro__],
            "model": type(runner.get_model()).__name__ if runner is not None else None,
        }
    )
    for line in sys.stdin:
        question = json.loads(line)
        try:
            say(OPERATIONS[question.pop("op")](llm, core, **question))
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})
    core.shutdown()  # workers that have processes of their own
    os._exit(0)  # taking an engine down in order takes many seconds, and nobody waits for what it would save


def inspect_here() -> None:
    """vLLM looks at a registered model class in a process of its own, lest CUDA be initialised in this one. That costs
    a second import of vLLM at every start, and there is no CUDA here. (The server's tests leave it as it is.)"""
    from vllm.model_executor.models import registry

    registry._run_in_subprocess = lambda look: look()


def fill_unattended() -> None:
    """vLLM's profiling run attends to nothing. Back ends for GPUs then fill their output with zeros, the one for CPUs
    leaves it unwritten: whatever lay in that memory goes on to the sampler, where Triton's interpreter takes a row of
    NaN for an error. So it is filled here, as on a GPU. (`MALLOC_PERTURB_` of the compiled engines makes sure that
    without this every start fails, and not one in many.)"""
    from vllm.v1.attention.backends.cpu_attn import CPUAttentionBackendImpl as Attention

    original = Attention.forward

    def forward(
        self: Any,
        layer: Any,
        query: Any,
        key: Any,
        value: Any,
        kv_cache: Any,
        attn_metadata: Any,
        output: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        if attn_metadata is None:
            output.fill_(0)
        return original(self, layer, query, key, value, kv_cache, attn_metadata, output, *args, **kwargs)

    Attention.forward = forward


def generate(llm: Any, core: Any, requests: list[dict[str, Any]]) -> dict[str, Any]:
    from vllm import SamplingParams

    from steering.vllm_plugin.orders import Orders

    params = []
    for r in requests:
        orders = Orders(strength=r["strength"], start=r["start"], window=r["window"])
        extra = {**orders.to_extra_args(), **dict(r["extra"])}
        params.append(
            SamplingParams(temperature=0, max_tokens=r["max_tokens"], logprobs=5, ignore_eos=True, extra_args=extra)
        )
    outputs = llm.generate([{"prompt_token_ids": r["prompt"]} for r in requests], params, use_tqdm=False)
    return {
        "outputs": [
            {
                "tokens": list(o.outputs[0].token_ids),
                "logprobs": [{k: v.logprob for k, v in row.items()} for row in o.outputs[0].logprobs],
                "cached": o.num_cached_tokens,
            }
            for o in outputs
        ]
    }


def preemptions(llm: Any, core: Any) -> dict[str, Any]:
    return {"count": sum(int(m.value) for m in llm.get_metrics() if m.name == "vllm:num_preemptions")}


def forget(llm: Any, core: Any) -> dict[str, Any]:
    """Empty the prefix cache."""
    return {"done": bool(llm.reset_prefix_cache())}


def canary(llm: Any, core: Any) -> dict[str, Any]:
    from steering.vllm_plugin.canary import check_llm

    return {"report": check_llm(llm)}


def score(llm: Any, core: Any, jobs: list[list[Any]]) -> dict[str, Any]:
    """Score (prompt, probes) pairs, all at once, by the plugin's own scorer."""
    from steering.vllm_plugin.scorer import EngineScorer

    config = llm.llm_engine.vllm_config
    scorer = EngineScorer(
        Client(llm.llm_engine),
        llm.get_tokenizer(),
        ModelIdentity.of(config.model_config.model),
        v2=bool(config.use_v2_model_runner),
        max_length=config.model_config.max_model_len,
        dtype="float32",
    )

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(scorer.score(prompt, probes) for prompt, probes in jobs))

    return {"scored": [dataclasses.asdict(s) for s in asyncio.run(all_of_them())]}


class Client:
    """The one method of an engine client that the plugin calls, over the engine in this process."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._done: dict[str, Any] = {}

    async def generate(self, prompt: Any, params: Any, request_id: str, **_: Any) -> AsyncIterator[Any]:
        self._engine.add_request(request_id, prompt, params)
        while request_id not in self._done:
            await asyncio.sleep(0)  # until all have been added
            if request_id not in self._done:
                self._done |= {o.request_id: o for o in self._engine.step() if o.finished}
        yield self._done.pop(request_id)


OPERATIONS = {"generate": generate, "preemptions": preemptions, "forget": forget, "canary": canary, "score": score}


def say(answer: dict[str, Any]) -> None:
    print("@@" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
