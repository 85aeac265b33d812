"""The seam between a detector and the model that serves: prompt ids and probe ids in, log-probabilities out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from guard.model_identity import ModelIdentity

Message = Mapping[str, Any]
Tool = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scorer measured for one prompt.

    `logprobs[k][l]` is log p(probe k's token l | prompt, probe k's tokens before l), natural log, one row per
    probe and one number per probe token.
    `tokens_computed` counts the tokens that went through the model for this call (prompt and probes, padding not
    counted); `cached_tokens` counts the prompt tokens whose KV was already there.
    """

    logprobs: list[list[float]]
    tokens_computed: int
    cached_tokens: int


class Scorer(Protocol):
    """Scores token sequences with one model. Safe to call from many tasks at once.

    Raises `guard.errors.CheckUnavailable` when it cannot score (overloaded, prompt too long, model gone). Callers
    check the numbers themselves: a scorer behind a network may return anything.

    A scorer for which probes of one token cost nothing but the prompt, however many they are, and that keeps the
    prompt's state for the next call, says so with an attribute `reads_first_token = True`: then a cascade pays.

    A scorer that knows of some prompts before tokenising that they are too long may have a method
    `refuse_too_long(messages, tools)`, which raises for these what `score` would.

    One that cannot see the weights it scores with may have a method `expect(prompt, probes, logprobs)`: what the right
    model says. Once told it answers with scores of that model only.

    One that knows how many tokens its model has says so with an attribute `vocabulary_size`: then artefacts that name
    others are refused when they are loaded.
    """

    @property
    def identity(self) -> ModelIdentity:
        """The model whose log-probabilities these are."""
        ...

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> list[int]:
        """The prompt's token ids as the model will be served them, up to where its answer begins: behind the assistant
        header and, for a model that thinks first, behind an empty block of thoughts."""
        ...

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """Teacher-forced log-probabilities of each probe directly after `prompt`; probes are not joined as text."""
        ...
