"""Log-probabilities of the engine against plain transformers with the same rotation, float32."""

from __future__ import annotations

import pytest
import torch

from tests.vllm.engine import Engine, Got, Wanted
from tests.vllm.models import VOCABULARY, Reference

TOLERANCE = 1e-4
EFFECT = 0.05


def prompt(length: int, seed: int = 0) -> list[int]:
    generator = torch.Generator().manual_seed(1000 * seed + length)
    return torch.randint(10, VOCABULARY, (length,), generator=generator).tolist()


def error(got: Got, wanted: Wanted, reference: Reference, *, strength: float | None = None) -> float:
    """Largest difference over everything the engine reported; `strength` in place of the wanted one."""
    tokens = [*wanted.prompt, *got.tokens[:-1]]
    truth = reference.logprobs(tokens, wanted.strength if strength is None else strength, wanted.start, wanted.window)[
        len(wanted.prompt) - 1 :
    ]
    return max(abs(float(truth[i, k]) - v) for i, row in enumerate(got.logprobs) for k, v in row.items())


def test_runner(engine: Engine) -> None:
    wanted = "vllm.v1.worker.gpu.model_runner" if engine.name.startswith("v2") else "vllm.v1.worker.gpu_model_runner"
    assert any(name.startswith(wanted) for name in engine.info["runner"])
    assert engine.info["model"] == "SteeredQwen2ForCausalLM"


def test_mixed_batch(engine: Engine, reference: Reference) -> None:
    """Strengths, starts, windows and unsteered rows side by side; one prompt longer than a step takes."""
    wanted = [
        Wanted(prompt(5), 0.0),
        Wanted(prompt(33), 0.3, start=32),
        Wanted(prompt(64), 1.0, start=10),
        Wanted(prompt(100), 0.7, start=99),
        Wanted(prompt(40), 0.0),
        Wanted(prompt(50), 0.6, start=49, window=1),
        Wanted(prompt(50, 1), 0.9, start=20, window=31),
        Wanted(prompt(200), 0.5, start=0),
        Wanted(prompt(31), 1.0, start=31),
    ]
    for got, asked in zip(engine.generate(*wanted), wanted, strict=True):
        assert error(got, asked, reference) < TOLERANCE, asked
        if asked.strength:
            assert error(got, asked, reference, strength=0.0) > EFFECT, asked


def test_decoding(engine: Engine, reference: Reference) -> None:
    asked = Wanted(prompt(60), 0.4, start=59, max_tokens=16)
    got = engine.generate(asked)[0]
    assert len(got.tokens) == 16
    assert error(got, asked, reference) < TOLERANCE


def test_chunked_prefill(engine: Engine, reference: Reference) -> None:
    """More prompt tokens than one step takes; the rotation begins inside a later chunk."""
    asked = [Wanted(prompt(300), 0.8, start=211), Wanted(prompt(290), 0.0)]
    for got, one in zip(engine.generate(*asked), asked, strict=True):
        assert error(got, one, reference) < TOLERANCE, one


def test_preemption(engine: Engine, reference: Reference) -> None:
    """More than the KV cache holds: requests are thrown out, computed again, and still right."""
    before = engine.ask("preemptions")["count"]
    asked = [Wanted(prompt(62, i), i / 10, start=30 + 5 * i, max_tokens=10) for i in range(8)]
    found = engine.generate(*asked)
    assert engine.ask("preemptions")["count"] > before
    for got, one in zip(found, asked, strict=True):
        assert error(got, one, reference) < TOLERANCE, one


def test_strength_zero_is_a_no_op(engine: Engine) -> None:
    """Bit for bit, and although another row of the batch is rotated."""
    engine.ask("forget")
    alone = engine.generate(Wanted(prompt(45), max_tokens=6), Wanted(prompt(45, 2), max_tokens=6))
    engine.ask("forget")
    beside = engine.generate(Wanted(prompt(45), max_tokens=6), Wanted(prompt(45, 2), 1.0, start=1, max_tokens=6))
    assert beside[0].tokens == alone[0].tokens
    assert beside[0].logprobs == alone[0].logprobs
    assert beside[1].logprobs != alone[1].logprobs


def test_other_architectures(other: tuple[Engine, Reference]) -> None:
    running, truth = other
    wanted = [Wanted(prompt(70), 0.5, start=40), Wanted(prompt(70), 0.0), Wanted(prompt(20), 1.0, start=19)]
    for got, asked in zip(running.generate(*wanted), wanted, strict=True):
        assert error(got, asked, truth) < TOLERANCE, asked
        if asked.strength:
            assert error(got, asked, truth, strength=0.0) > EFFECT, asked


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"guardchain_strength": float("nan")}, "must be a number in [0, 1]"),
        ({"guardchain_strength": 1.5}, "must be a number in [0, 1]"),
        ({"guardchain_strength": -0.1}, "must be a number in [0, 1]"),
        ({"guardchain_strength": "0.5"}, "must be a number in [0, 1]"),
        ({"guardchain_strength": True}, "must be a number in [0, 1]"),
        ({"guardchain_strength": 0.5, "guardchain_start": 1.5}, "must be a whole number"),
        ({"guardchain_strength": 0.5, "guardchain_window": 0}, "must be a whole number"),
        ({"guardchain_strenght": 0.5}, "unknown field"),
    ],
)
def test_orders_are_checked_before_the_engine(engine: Engine, extra: dict[str, object], says: str) -> None:
    from tests.vllm.engine import EngineFailed

    with pytest.raises(EngineFailed, match="ValueError") as failure:
        engine.one(prompt(10), extra=tuple(extra.items()))
    assert says in str(failure.value)
    assert engine.one(prompt(10)).tokens  # and lives on
