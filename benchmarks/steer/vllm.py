"""vLLM's offline engine, without the plugin and with it: compiled, one process each, both loaded all the time.

Runs in vLLM's own environment. What an idle engine costs is the memory that it holds.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.steer.rounds import Row, compare
from steering.artifact import Subspace

RANDOM = "random"
"""Name of a Llama with random weights, 134 M parameters: a size at which the arithmetic outweighs the calls."""

_SHAPE = {"hidden_size": 768, "intermediate_size": 2048, "num_hidden_layers": 12, "num_attention_heads": 12}
_VOCABULARY = 32_000


def random_llama(directory: Path, tokenizer: Path) -> Path:
    """Write the model; its tokenizer is a copy, since nobody reads what it says."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=_VOCABULARY, num_key_value_heads=4, max_position_embeddings=2048, tie_word_embeddings=False, **_SHAPE
    )
    LlamaForCausalLM(config).to(torch.float32).save_pretrained(directory)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(tokenizer / name, directory / name)
    return directory


def random_subspace(model: Path, file: Path, layers: Sequence[int], rank: int = 4) -> Path:
    """For the random model: directions that mean nothing cost as much as others."""
    import torch

    from guard.model_identity import ModelIdentity
    from steering.artifact import Layer
    from steering.subspace import safe_basis

    torch.manual_seed(0)
    made = {}
    for i in layers:
        rows = torch.randn(16, _SHAPE["hidden_size"]) + torch.randn(_SHAPE["hidden_size"])
        mean = rows.mean(0).contiguous()
        made[i] = Layer(safe_basis(rows, rank), mean, mean.clone(), -mean)
    Subspace(identity=ModelIdentity.of(model), layers=made).save(file)
    return file


class Bench:
    """An engine in a process of its own. subspace None: without the plugin."""

    def __init__(self, options: dict[str, Any], subspace: Path | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, options, subspace), daemon=True)
        self._process.start()

    def wait(self) -> int:
        """Until it is ready; the size of its vocabulary."""
        return int(self._answer())

    def once(self, prompts: Sequence[Sequence[int]], strengths: Sequence[float], tokens: int) -> tuple[float, float]:
        self._pipe.send((prompts, strengths, tokens))
        clock, processor = self._answer()
        return clock, processor

    def close(self) -> None:
        self._pipe.close()
        self._process.join(30)
        self._process.kill()

    def _answer(self) -> Any:
        answer = self._pipe.recv()  # EOFError: the engine died, and has said why
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(pipe: Connection, options: dict[str, Any], subspace: Path | None) -> None:
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # so that this process's clock is the engine's
        "VLLM_PLUGINS": "none" if subspace is None else "guardchain",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
    }
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
    from vllm import LLM, SamplingParams

    from steering.vllm_plugin.orders import Orders

    window = None if subspace is None else Subspace.load(subspace).window
    if subspace is not None:
        options["additional_config"] = {"guardchain": {"subspace": str(subspace)}}
    llm = LLM(**options)
    pipe.send(llm.model_config.get_vocab_size())
    while True:
        try:
            prompts, strengths, tokens = pipe.recv()
        except EOFError:
            return
        wanted = [
            SamplingParams(
                temperature=0,
                max_tokens=tokens,
                ignore_eos=True,
                detokenize=False,
                extra_args=Orders(strength=s, start=-1, window=window).to_extra_args() if s else None,
            )
            for s in strengths
        ]
        started, busy = time.perf_counter(), time.process_time()
        said = llm.generate([{"prompt_token_ids": p} for p in prompts], wanted, use_tqdm=False)
        spent = time.perf_counter() - started, time.process_time() - busy
        whole = all(len(o.outputs[0].token_ids) == tokens for o in said)
        pipe.send(spent if whole else AssertionError("an answer ended early: the ways did not do the same work"))


async def run(
    model: Path, subspace: Path, batches: Sequence[int], *, repeats: int, tokens: int, length: int, dtype: str
) -> list[Row]:
    options = {
        "model": str(model),
        "dtype": dtype,
        "max_model_len": max(2 * (length + tokens), 256),
        "max_num_seqs": max(*batches, 2),
        "block_size": 32,
    }
    benches = [Bench(dict(options), None), Bench(dict(options), subspace)]
    try:
        vocabulary = min([bench.wait() for bench in benches])

        async def measure(
            way: str, prompts: Sequence[Sequence[int]], strengths: Sequence[float]
        ) -> tuple[float, float]:
            return benches[0 if way == "without" else 1].once(prompts, strengths, tokens)

        return await compare(measure, range(3, vocabulary), batches, repeats=repeats, length=length, tokens=tokens)
    finally:
        for bench in benches:
            bench.close()
