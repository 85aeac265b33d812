"""Probe log-probabilities from the running engine: one short request per probe, all on the prompt's one KV.

Requests that are admitted together share blocks within the step. A block that holds row P - 1 or later is keyed by a
nonce (`block_keys`), for were it found in the cache, the row that predicts the first probe token would never be
computed: runner V2 then returns nothing, V1 uninitialised memory. A row is believed only when the engine says that
it was computed, and when it is a log-probability.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import secrets
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from typing import Any

from detectors.scorers.base import Message, Scored, Tool
from guard.errors import CheckUnavailable
from guard.model_identity import ModelIdentity
from steering.vllm_plugin.orders import Orders

_CHECK = "probe"
_ROUNDING = 1e-4

SALT: ContextVar[str | None] = ContextVar("guardchain_salt", default=None)
"""Cache salt of the request being served: without it a probe would share nothing with it."""

RANK: ContextVar[int | None] = ContextVar("guardchain_rank", default=None)
"""Data-parallel rank of the request being served, likewise."""


class EngineScorer:
    """Implements `detectors.scorers.base.Scorer` over vLLM's engine client, except that it cannot render."""

    def __init__(self, client: Any, identity: ModelIdentity, *, v2: bool, max_length: int, dtype: str) -> None:
        """v2: whether the engine runs model runner V2. max_length: tokens of prompt, probe and one more."""
        self.identity = identity
        self.dtype = dtype
        self._client = client
        self._v2 = v2
        self._max = max_length

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> list[int]:
        """Not here: the server's own renderer has made the token ids already."""
        raise CheckUnavailable(_CHECK, "render")

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """See `Scorer.score`. Raises `CheckUnavailable`: `too_long`, `empty_prompt`, `engine` or `garbage`."""
        if not prompt:
            raise CheckUnavailable(_CHECK, "empty_prompt")
        if len(prompt) + max(map(len, probes), default=0) + 1 > self._max:
            raise CheckUnavailable(_CHECK, "too_long")
        found = await asyncio.gather(*(self._probe(list(prompt), list(p)) for p in probes))
        cached = [c for _, c in found]
        computed = sum(len(prompt) + len(p) - c for p, c in zip(probes, cached, strict=True))
        return Scored([row for row, _ in found], computed, min(cached, default=0))

    async def _probe(self, prompt: list[int], probe: list[int]) -> tuple[list[float], int]:
        """(log-probabilities, prompt tokens found in the cache) of one probe."""
        output = await self._run(prompt + probe, self._parameters(len(prompt), probe))
        cached = int(output.num_cached_tokens or 0)
        if cached > len(prompt) - 1:
            raise CheckUnavailable(_CHECK, "garbage")
        row = _token_scores(output, probe) if self._v2 else _prompt_scores(output, probe)
        if len(row) != len(probe) or not all(math.isfinite(v) and v <= _ROUNDING for v in row):
            raise CheckUnavailable(_CHECK, "garbage")
        return row, cached

    def _parameters(self, length: int, probe: list[int]) -> Any:
        from vllm import SamplingParams

        wanted: dict[str, Any] = (
            {"prompt_logprob_token_ids": [[t] for t in probe], "prompt_logprob_start": length - 1}
            if self._v2
            else {"prompt_logprobs": 0}
        )
        return SamplingParams(
            max_tokens=1,
            temperature=0.0,
            detokenize=False,  # of rows that were not computed it would choke
            skip_reading_prefix_cache=False,
            extra_args=Orders(probe_from=length, nonce=secrets.token_hex(8)).to_extra_args(),
            **wanted,
        )

    async def _run(self, tokens: list[int], parameters: Any) -> Any:
        prompt: dict[str, Any] = {"type": "token", "prompt_token_ids": tokens}
        if (salt := SALT.get()) is not None:
            prompt["cache_salt"] = salt
        try:
            answers: AsyncIterator[Any] = self._client.generate(
                prompt, parameters, f"guardchain-{secrets.token_hex(8)}", data_parallel_rank=RANK.get()
            )
            async with contextlib.aclosing(answers):  # type: ignore[type-var]
                outputs = [output async for output in answers]
        except asyncio.CancelledError:
            raise
        except Exception:
            # Its text may quote the prompt.
            raise CheckUnavailable(_CHECK, "engine") from None
        if not outputs:
            raise CheckUnavailable(_CHECK, "engine")
        return outputs[-1]


def _token_scores(output: Any, probe: Sequence[int]) -> list[float]:
    """Runner V2: exactly the asked-for tokens, [L, 1]."""
    scores = output.prompt_token_id_logprobs
    if scores is None or tuple(scores.shape) != (len(probe), 1):
        raise CheckUnavailable(_CHECK, "garbage")
    return [float(v) for v in scores[:, 0]]


def _prompt_scores(output: Any, probe: Sequence[int]) -> list[float]:
    """Runner V1: the last L rows, each with the token that stands there."""
    rows = (output.prompt_logprobs or [])[-len(probe) :]
    try:
        return [float(row[token].logprob) for row, token in zip(rows, probe, strict=True)]
    except (KeyError, TypeError, ValueError):
        raise CheckUnavailable(_CHECK, "garbage") from None
