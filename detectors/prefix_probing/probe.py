"""Prefix probing as a detector: a probe set bound to a scorer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from detectors.prefix_probing.artifact import Calibration, ProbeSet
from detectors.prefix_probing.score import aggregate, length_normalised
from detectors.scorers.base import Message, Scorer, Tool
from guard.errors import CheckUnavailable, GuardError

log = logging.getLogger("detectors.probe")

NAME = "probe"
# Above this many characters, tokenising is worth a thread of its own.
_LONG = 4096


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is higher for more harmful prompts; `per_prefix` are the l(s|x) in the order of the probe set.

    `stage` names how far the scoring had to go (`full`: all probes).
    """

    value: float
    per_prefix: tuple[float, ...]
    stage: str
    tokens_computed: int
    cached_tokens: int


class PrefixProbe:
    """Scores conversations by the served model's own taste for refusing them."""

    def __init__(self, probes: ProbeSet, scorer: Scorer) -> None:
        """Raises `ArtifactError` when `probes` was built for another model than the scorer's."""
        probes.identity.require(scorer.identity, "probe set")
        dtype = getattr(scorer, "dtype", probes.dtype)
        if dtype != probes.dtype:
            log.warning("probe set was calibrated in %s, the model runs in %s: thresholds shift", probes.dtype, dtype)
        self.probes = probes
        self.scorer = scorer
        self._tokens = [list(p.tokens) for p in probes.prefixes]
        self._signs = [p.sign for p in probes.prefixes]
        self._deltas = [p.delta for p in probes.prefixes]

    @classmethod
    def load(cls, path: Path | str, scorer: Scorer) -> PrefixProbe:
        """Raises `ArtifactError` when the file is no probe set, or one for another model."""
        return cls(ProbeSet.load(path, scorer.identity), scorer)

    @property
    def calibration(self) -> Calibration:
        return self.probes.calibration

    async def score(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> Score:
        """Score one conversation. Raises `CheckUnavailable`: `render`, `garbage`, or the scorer's own reason; and what
        the scorer's template raises of our own errors (`RequestError` for messages the model cannot take)."""
        try:
            if sum(len(str(m.get("content", ""))) for m in messages) > _LONG:
                prompt = await asyncio.to_thread(self.scorer.render, messages, tools)
            else:
                prompt = self.scorer.render(messages, tools)
        except GuardError:
            raise
        except Exception:
            # Template errors may quote the conversation.
            raise CheckUnavailable(NAME, "render") from None
        return await self.score_ids(prompt)

    async def score_ids(self, prompt: Sequence[int]) -> Score:
        """Score a rendered prompt."""
        scored = await self.scorer.score(prompt, self._tokens)
        try:
            means = length_normalised(scored.logprobs, self._tokens)
        except (ValueError, AttributeError):
            raise CheckUnavailable(NAME, "garbage") from None
        value = float(aggregate(means, self._signs, self._deltas, self.probes.aggregation))
        return Score(value, tuple(means), "full", scored.tokens_computed, scored.cached_tokens)
