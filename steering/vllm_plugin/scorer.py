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
import threading
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from detectors.scorers.base import Message, Scored, Tool
from detectors.scorers.template import ChatTemplate
from guard.errors import CheckUnavailable
from guard.model_identity import ModelIdentity
from steering.vllm_plugin.orders import Orders

_CHECK = "probe"
_ROUNDING = 1e-4
_MOST_TOKENS = 128  # that one request may ask for by `logprob_token_ids`
_SAMPLE = [{"role": "user", "content": "x"}]


@dataclass(frozen=True, slots=True)
class Served:
    """The request being served, for which a probe must share its KV.

    salt: its cache salt. rank: its data-parallel engine. messages, rendered: its conversation and the token ids that
    vLLM has made of it, which need not be made again.
    """

    salt: str | None = None
    rank: int | None = None
    messages: Sequence[Message] = ()
    rendered: Sequence[int] = ()


SERVED: ContextVar[Served] = ContextVar("guardchain_served", default=Served())  # noqa: B039 - frozen


class EngineScorer:
    """Implements `detectors.scorers.base.Scorer` over vLLM's engine client."""

    def __init__(
        self,
        client: Any,
        tokenizer: Any,
        identity: ModelIdentity,
        *,
        v2: bool,
        max_length: int,
        dtype: str,
        vocabulary_size: int | None = None,
    ) -> None:
        """tokenizer: one of our own, not the server's. v2: whether the engine runs model runner V2. max_length: tokens
        of prompt, probe and one more. vocabulary_size: None where unknown. Raises `ArtifactError` for a
        model without a chat template."""
        self.reads_first_token = v2
        self.identity = identity
        self.dtype = dtype
        self.vocabulary_size = vocabulary_size
        self._template = ChatTemplate(tokenizer)
        # Where the model may think before it answers, probes stand behind the thoughts, not where vLLM's prompt ends.
        served = tokenizer.apply_chat_template(_SAMPLE, add_generation_prompt=True, return_dict=False)
        self._as_served = list(served) == self._template.answer_start(_SAMPLE, None)
        self._tokenizing = threading.Lock()  # fast tokenizers refuse to be borrowed twice
        self._client = client
        self._v2 = v2
        self._max = max_length

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> list[int]:
        """The prompt's token ids, up to where the answer begins; taken over from vLLM where they are the same."""
        served = SERVED.get()
        if self._as_served and served.rendered and list(messages) == list(served.messages):
            return list(served.rendered)
        with self._tokenizing:
            return self._template.answer_start(messages, tools)

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """See `Scorer.score`. Raises `CheckUnavailable`: `too_long`, `empty_prompt`, `engine` or `garbage`."""
        if not prompt:
            raise CheckUnavailable(_CHECK, "empty_prompt")
        if len(prompt) + max(map(len, probes), default=0) + 1 > self._max:
            raise CheckUnavailable(_CHECK, "too_long")
        if self._v2 and 1 < len(probes) <= _MOST_TOKENS and all(len(p) == 1 for p in probes):
            return await self._first_token(list(prompt), [p[0] for p in probes])
        found = await asyncio.gather(*(self._probe(list(prompt), list(p)) for p in probes))
        cached = [c for _, c in found]
        computed = sum(len(prompt) + len(p) - c for p, c in zip(probes, cached, strict=True))
        return Scored([row for row, _ in found], computed, min(cached, default=0))

    async def _first_token(self, prompt: list[int], tokens: list[int]) -> Scored:
        """All of them from one step. Runner V2 only: V1 would overwrite the log-probabilities of other rows."""
        from vllm import SamplingParams

        parameters = SamplingParams(
            max_tokens=1, temperature=0.0, detokenize=False, logprob_token_ids=sorted(set(tokens))
        )
        output = await self._run(prompt, parameters)
        try:
            row = output.outputs[0].logprobs[0]
            values = [float(row[token].logprob) for token in tokens]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise CheckUnavailable(_CHECK, "garbage") from None
        cached = int(output.num_cached_tokens or 0)
        return Scored([[_believed(v)] for v in values], len(prompt) - cached, cached)

    async def _probe(self, prompt: list[int], probe: list[int]) -> tuple[list[float], int]:
        """(log-probabilities, prompt tokens found in the cache) of one probe."""
        output = await self._run(prompt + probe, self._parameters(len(prompt), probe))
        cached = int(output.num_cached_tokens or 0)
        if cached > len(prompt) - 1:
            raise CheckUnavailable(_CHECK, "garbage")
        row = _token_scores(output, probe) if self._v2 else _prompt_scores(output, probe)
        return [_believed(v) for v in row], cached

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
        served = SERVED.get()
        if served.salt is not None:
            prompt["cache_salt"] = served.salt
        try:
            answers: AsyncIterator[Any] = self._client.generate(
                prompt, parameters, f"guardchain-{secrets.token_hex(8)}", data_parallel_rank=served.rank
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


def _believed(value: float) -> float:
    """Raises `CheckUnavailable` for what is no log-probability."""
    if not (math.isfinite(value) and value <= _ROUNDING):
        raise CheckUnavailable(_CHECK, "garbage")
    return value


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
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CheckUnavailable(_CHECK, "garbage") from None
