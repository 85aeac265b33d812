"""The training loop: deterministic for a seed, and the same after an interruption."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from recipes.tiny_chat import corpus, train
from recipes.tiny_chat.copying import sample
from recipes.tiny_chat.fastnet import check
from recipes.tiny_chat.tokenizer import save_fast, train_tokenizer

OPTIONS = ["--data", "unused", "--batch-tokens", "256", "--threads", "1", "--save-every", "2", "--steps", "4"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first part of the recipe leaves behind, for 40 copying dialogues."""
    out = tmp_path_factory.mktemp("prepared")
    rng = random.Random(0)
    drawn = [sample(rng, lang) for lang in ("en", "zh") * 20]
    examples = [corpus.Example(turns, answer, "copy", "en") for turns, answer in drawn]
    corpus.save(out / "corpus.jsonl", examples)
    texts = [text for example in examples for _, text in example.turns]
    save_fast(train_tokenizer(texts, 400), out / "tokenizer")
    np.savez(out / "prepared.npz", vectors=np.zeros((1, 384), np.float32), start=np.zeros((0, 0), np.float32))
    return out


def run(prepared: Path, out: Path, seed: int = 1) -> dict[str, torch.Tensor]:
    """Weights after a run in ``out``."""
    out.mkdir(exist_ok=True)
    for name in ("corpus.jsonl", "prepared.npz", "tokenizer"):
        if not (out / name).exists():
            (out / name).symlink_to(prepared / name)
    train.main([*OPTIONS, "--out", str(out), "--seed", str(seed)])
    weights: dict[str, torch.Tensor] = load_file(out / "model" / "model.safetensors")
    return weights


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_same_seed_same_weights_and_another_seed_others(prepared: Path, tmp_path: Path) -> None:
    first = run(prepared, tmp_path / "a")
    assert same(first, run(prepared, tmp_path / "b"))
    assert not same(first, run(prepared, tmp_path / "c", seed=2))


def test_a_run_killed_after_a_checkpoint_ends_with_the_same_weights(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(prepared, tmp_path / "whole")

    def die(out: Path, curve: list[dict[str, float]]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(train, "save_curve", die)
        run(prepared, tmp_path / "killed")
    assert torch.load(tmp_path / "killed" / "checkpoint.pt", weights_only=True)["step"] == 2
    assert same(whole, run(prepared, tmp_path / "killed"))


def test_the_lean_forward_pass_agrees_with_transformers() -> None:
    """Up to the rounding of bf16 activations."""
    from transformers import AutoModelForCausalLM

    bundled = Path(train.__file__).parents[2] / "guard/assets/tiny-chat"
    model = AutoModelForCausalLM.from_pretrained(bundled, dtype=torch.float32)
    ids = torch.randint(3, 9000, (2, 24), generator=torch.Generator().manual_seed(0))
    assert check(model, ids) < 0.1
