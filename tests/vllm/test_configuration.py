"""What is refused at the start, before an engine is built: configurations, artefacts, environments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.vllm.engine import base_environment
from tests.vllm.models import BUNDLED, random_model, subspace

CHECK = """
import json, sys
from vllm.engine.arg_utils import EngineArgs
from vllm.plugins import load_general_plugins
from tests.vllm.engine import inspect_here
inspect_here()
load_general_plugins()
for line in sys.stdin:
    try:
        config = EngineArgs(**json.loads(line)).create_engine_config()
        answer = {"additional": config.additional_config, "hash": config.compute_hash()}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print("@@" + json.dumps(answer), flush=True)
"""

Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Makes vLLM's config from options of `EngineArgs`, in a process that goes on after an error."""
    directory = tmp_path_factory.mktemp("config")
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", CHECK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **base_environment()},
            cwd=directory,
        )

    def answer(**options: Any) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"model": str(BUNDLED), "dtype": "float32", **options}) + "\n")
        process.stdin.flush()
        line = next((line for line in process.stdout if line.startswith("@@")), None)
        assert line is not None, (directory / "log").read_text()[-4000:]
        found: dict[str, Any] = json.loads(line[2:])
        return found

    yield answer
    process.stdin.close()
    process.wait(30)


def ours(file: Path | str, **more: Any) -> dict[str, Any]:
    return {"additional_config": {"guardchain": {"subspace": str(file), **more}}}


def test_the_config_hash_names_the_subspace(ask: Ask, subspace_file: Path, tmp_path: Path) -> None:
    """So that no compiled graph of another subspace, or of none, is loaded."""
    same = [ask(**ours(subspace_file)) for _ in range(2)]
    other = ask(**ours(subspace(BUNDLED, tmp_path / "other.safetensors", seed=1)))
    none = ask()
    assert same[0]["hash"] == same[1]["hash"]
    assert len({same[0]["hash"], other["hash"], none["hash"]}) == 3
    assert len(same[0]["additional"]["guardchain"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"pipeline_parallel_size": 2, "distributed_executor_backend": "mp"}, "pipeline parallelism"),
        (
            {"speculative_config": {"method": "ngram", "num_speculative_tokens": 2, "prompt_lookup_max": 2}},
            "speculative decoding",
        ),
        ({"enable_dbo": True}, "dual batch overlap (--enable-dbo) and microbatches"),
        ({"ubatch_size": 2}, "dual batch overlap (--enable-dbo) and microbatches"),
        ({"enable_lora": True}, "LoRA adapters (--enable-lora)"),
        ({"runner": "pooling"}, "runner other than 'generate'"),
        (ours("/nowhere.safetensors"), "cannot read /nowhere.safetensors"),
        ({"additional_config": {"guardchain": 5}}, "must be"),
        ({"additional_config": {"guardchain": {"subspace": "x", "version": 99}}}, "another version of the plugin"),
    ],
)
def test_refused(ask: Ask, subspace_file: Path, options: dict[str, Any], says: str) -> None:
    answer = ask(**{**ours(subspace_file), **options})
    assert says in answer.get("error", ""), answer


def test_artefacts(ask: Ask, subspace_file: Path, tmp_path: Path) -> None:
    corrupt = tmp_path / "corrupt.safetensors"
    corrupt.write_bytes(subspace_file.read_bytes()[:-40])
    assert "not a readable safetensors file" in ask(**ours(corrupt))["error"]

    foreign = subspace(random_model("qwen3", tmp_path / "qwen3"), tmp_path / "foreign.safetensors")
    assert "was made for model" in ask(**ours(foreign))["error"]

    beyond = subspace(BUNDLED, tmp_path / "beyond.safetensors", layers=(1, 40))
    assert "steers layer 40" in ask(**ours(beyond))["error"]

    narrow = subspace(BUNDLED, tmp_path / "narrow.safetensors", width=64)
    assert "width 64" in ask(**ours(narrow))["error"]

    assert "not the file" in ask(**ours(subspace_file, sha256="0" * 64))["error"]


def test_unknown_architecture(ask: Ask, tmp_path: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = tmp_path / "gpt2"
    GPT2LMHeadModel(GPT2Config(n_layer=2, n_embd=64, n_head=2, vocab_size=10240)).save_pretrained(model)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (model / name).write_bytes((BUNDLED / name).read_bytes())
    file = subspace(model, tmp_path / "gpt2.safetensors", width=64, layers=(0,))
    answer = ask(**{**ours(file), "model": str(model)})
    assert "steering knows no architecture 'GPT2LMHeadModel'" in answer["error"]


def test_without_our_part_nothing_is_checked(ask: Ask) -> None:
    assert "error" not in ask(additional_config={"theirs": 1})
