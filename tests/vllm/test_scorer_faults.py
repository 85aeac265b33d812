"""What the plugin's scorer makes of an engine that fails or answers garbage: no score, ever.

A real engine gives such rows only with faults of its own (rows that were never computed, a server that dies), so one
is scripted here, with vLLM's own parameters and outputs around it.
"""

from __future__ import annotations

import asyncio
import math
import traceback
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from guard.errors import CheckUnavailable
from guard.model_identity import ModelIdentity
from steering.vllm_plugin.scorer import EngineScorer
from tests.detectors import support

PROMPT, PROBES = [5, 6, 7], [[8, 9], [10, 11, 12]]
IDENTITY = ModelIdentity("tiny", "w" * 16, "t" * 16, "c" * 16)


def token(value: Any) -> Any:
    return SimpleNamespace(logprob=value)


def output(**fields: Any) -> Any:
    return SimpleNamespace(
        **{
            "num_cached_tokens": 0,
            "prompt_token_id_logprobs": None,
            "prompt_logprobs": None,
            "outputs": [SimpleNamespace(logprobs=None)],
            **fields,
        }
    )


def v2(values: Any) -> Any:
    return output(prompt_token_id_logprobs=torch.tensor(values, dtype=torch.float64)[:, None])


def v1(*rows: Any) -> Any:
    return output(prompt_logprobs=[None, *rows])


def first(row: Any) -> Any:
    return output(outputs=[SimpleNamespace(logprobs=[row])])


def score(answers: list[Any] | Exception, *, runner: str, probes: Any) -> Any:
    class Client:
        async def generate(self, *_: Any, **__: Any) -> Any:
            if isinstance(answers, Exception):
                raise answers
            for answer in answers:
                yield answer

    scorer = EngineScorer(Client(), support.tokenizer(), IDENTITY, v2=runner == "v2", max_length=64, dtype="float32")
    return asyncio.run(scorer.score(PROMPT, probes))


@pytest.mark.parametrize(
    ("runner", "probes", "answers", "reason"),
    [
        ("v2", PROBES[:1], RuntimeError("secret words"), "engine"),
        ("v2", PROBES[:1], [], "engine"),
        ("v2", PROBES[:1], [output()], "garbage"),
        ("v2", PROBES[:1], [v2([-1.0])], "garbage"),
        ("v2", PROBES[:1], [v2([-1.0, -1.0, -1.0])], "garbage"),
        ("v2", PROBES[:1], [v2([-1.0, math.nan])], "garbage"),
        ("v2", PROBES[:1], [v2([-1.0, -math.inf])], "garbage"),
        ("v2", PROBES[:1], [v2([2.5e17, -1.0])], "garbage"),
        ("v2", PROBES[:1], [output(num_cached_tokens=3, prompt_token_id_logprobs=v2([-1.0, -1.0]))], "garbage"),
        ("v1", PROBES[:1], [output()], "garbage"),
        ("v1", PROBES[:1], [v1({9: token(-1.0)})], "garbage"),
        ("v1", PROBES[:1], [v1({8: token(-1.0)}, {7: token(-1.0)})], "garbage"),
        ("v1", PROBES[:1], [v1({8: token(-1.0)}, None)], "garbage"),
        ("v1", PROBES[:1], [v1({8: token(-1.0)}, {9: None})], "garbage"),
        ("v1", PROBES[:1], [v1({8: token(2.5e17)}, {9: token(-1.0)})], "garbage"),
        ("v2", [[8], [9]], [first({8: token(-1.0)})], "garbage"),
        ("v2", [[8], [9]], [first(None)], "garbage"),
        ("v2", [[8], [9]], [output()], "garbage"),
        ("v2", [[8], [9]], [first({8: token(-1.0), 9: token("x")})], "garbage"),
        ("v2", [[8], [9]], [first({8: token(-1.0), 9: None})], "garbage"),
        ("v2", [[8], [9]], [first({8: token(-1.0), 9: token(0.5)})], "garbage"),
    ],
)
def test_no_score(runner: str, probes: list[list[int]], answers: Any, reason: str) -> None:
    with pytest.raises(CheckUnavailable) as error:
        score(answers, runner=runner, probes=probes)
    assert error.value.reason == reason
    assert "secret" not in "".join(traceback.format_exception(error.value))


def test_what_is_one_is_taken() -> None:
    """The same shapes with numbers that can be: else the table above would prove nothing."""
    assert score([v2([-1.0, -2.0])], runner="v2", probes=PROBES[:1]).logprobs == [[-1.0, -2.0]]
    good = [v1({8: token(-1.0)}, {9: token(-2.0)})]
    assert score(good, runner="v1", probes=PROBES[:1]).logprobs == [[-1.0, -2.0]]
    both = [first({8: token(-1.0), 9: token(-2.0)})]
    assert score(both, runner="v2", probes=[[8], [9]]).logprobs == [[-1.0], [-2.0]]
