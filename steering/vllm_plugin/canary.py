"""The start-up canary: does a strength reach the logits, through compile caches and captured graphs, or not?

Two ways, since prompts and single generated tokens run through different graphs: a prompt that is rotated from its
first token, and a prompt that is left alone while what follows it is rotated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from guard.errors import ConfigError
from steering.vllm_plugin.orders import Orders

Rows = Sequence[dict[int, float]]
"""Per generated token, log-probabilities by token id."""

TOKENS = 3
_PROMPT = 48
_LEAST = 1e-3
"""Nats. Far above what another batch or another order of sums changes, far below what strength 1 does."""


def prompt_for(vocabulary: int) -> list[int]:
    """Token ids spread over the vocabulary, the same at every start."""
    return [(7919 * (i + 1)) % max(vocabulary - 1, 1) for i in range(_PROMPT)]


def orders() -> tuple[Orders, Orders, Orders]:
    """Not rotated; rotated from the first token; rotated behind the prompt."""
    return Orders(), Orders(strength=1.0), Orders(strength=1.0, start=_PROMPT)


def judge(plain: Rows, steered: Rows, behind: Rows) -> dict[str, float]:
    """How far the rotations moved the log-probabilities, in nats. Raises `ConfigError` when one had no effect."""
    report = {
        "prompt": difference(plain[0], steered[0]),
        "generated": difference(plain[1], behind[1]),
        "left_alone": difference(plain[0], behind[0]),
    }
    for where in ("prompt", "generated"):
        if not report[where] > max(_LEAST, 2 * report["left_alone"]):
            raise ConfigError(
                f"steering has no effect: strength 1 and 0 give the same log-probabilities ({where} tokens, difference "
                f"{report[where]:.2g}). The running model is not the plugin's, or its subspace turns nothing"
            )
    return report


def difference(a: dict[int, float], b: dict[int, float]) -> float:
    """Largest difference over the ids of both rows. One that a row does not hold lies below all that it holds."""
    below_a, below_b = min(a.values()), min(b.values())
    return max(
        *(abs(v - b[k]) if k in b else v - below_b for k, v in a.items()),
        *(v - below_a for k, v in b.items() if k not in a),
        0.0,
    )


def sampling(order: Orders) -> Any:
    """Sampling parameters of a canary request."""
    from vllm import SamplingParams

    return SamplingParams(
        temperature=0.0,
        max_tokens=TOKENS,
        logprobs=5,
        ignore_eos=True,
        detokenize=False,
        extra_args=order.to_extra_args(),
    )


def rows(output: Any) -> Rows:
    return [{k: float(v.logprob) for k, v in row.items()} for row in output.outputs[0].logprobs]


def check_llm(llm: Any) -> dict[str, float]:
    """For vLLM's offline `LLM`. Raises `ConfigError` when steering has no effect."""
    prompt = {"prompt_token_ids": prompt_for(llm.model_config.get_vocab_size())}
    outputs = llm.generate([prompt] * 3, [sampling(o) for o in orders()], use_tqdm=False)
    return judge(*[rows(o) for o in outputs])


async def check_client(
    generate: Callable[[dict[str, Any], Any, str], AsyncIterator[Any]], vocabulary: int
) -> dict[str, float]:
    """For a server's engine client, given its `generate`. Raises `ConfigError` when steering has no effect."""
    found = []
    for i, order in enumerate(orders()):
        prompt = {"type": "token", "prompt_token_ids": prompt_for(vocabulary)}
        outputs = [o async for o in generate(prompt, sampling(order), f"guardchain-canary-{i}")]
        found.append(rows(outputs[-1]))
    return judge(*found)
