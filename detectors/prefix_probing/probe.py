"""Prefix probing as a detector: a probe set bound to a scorer."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from detectors import first_token
from detectors.alignment import Alignment
from detectors.prefix_probing.artifact import Calibration, Linear, ProbeSet
from detectors.prefix_probing.score import aggregate, length_normalised
from detectors.scorers.base import Message, Scored, Scorer, Tool
from detectors.script import script_of
from guard.errors import ArtifactError, CheckUnavailable, GuardError

log = logging.getLogger("detectors.probe")

NAME = "probe"
# Above this many characters, work on a text is worth a thread of its own.
LONG = 4096
# Above this many tokens the gate is not asked: it was calibrated on short prompts and its bounds do not hold for long
# ones, whose probes cost little beside the prompt itself.
MOST_GATED = 256


class Detector(StrEnum):
    """What a probe set is scored by."""

    PREFIX_PROBE = "prefix_probe"  # the openings, with the first token as a gate before them where that pays
    FIRST_TOKEN_LR = "first_token_lr"  # noqa: S105 - a sparse logistic regression on the first answer token alone


class Stage(StrEnum):
    """How far the scoring had to go."""

    FIRST_TOKEN = "first_token"  # noqa: S105 - the answer's first token was enough; `value` is a prediction
    FULL = "full"  # all probes ran


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is higher for more harmful prompts; `per_prefix` are the l(s|x) in the order of the probe set.

    `stage` names how far the scoring had to go; without the last stage `per_prefix` is empty. `raw` is the score before
    the calibration's alignment of the prompt's `script` brought it onto the thresholds' scale.
    """

    value: float
    per_prefix: tuple[float, ...]
    stage: str
    tokens_computed: int
    cached_tokens: int
    raw: float
    script: str = ""


class PrefixProbe:
    """Scores conversations by the served model's own taste for refusing them.

    Where the probe set has a gate, the distribution of the first answer token decides first. It costs nothing but the
    prompt, whose state the scorer keeps; the probes run only when its prediction is too near a threshold to tell.
    """

    def __init__(
        self,
        probes: ProbeSet,
        scorer: Scorer,
        *,
        detector: Detector | str = Detector.PREFIX_PROBE,
        cascade: bool = True,
    ) -> None:
        """`cascade` False runs all probes always, and so do scorers that do not set `reads_first_token`.

        Raises `ArtifactError` when `probes` was built for another model than the scorer's, names tokens that the model
        does not have, or lacks the regression that `detector` asks for.
        """
        probes.identity.require(scorer.identity, "probe set")
        if (size := getattr(scorer, "vocabulary_size", None)) is not None:
            probes.require_vocabulary(size)
        dtype = getattr(scorer, "dtype", probes.dtype)
        if dtype != probes.dtype:
            log.warning("probe set was calibrated in %s, the model runs in %s: thresholds shift", probes.dtype, dtype)
        self.probes = probes
        self.scorer = scorer
        self._identity = scorer.identity
        self.detector = Detector(detector)
        if self.detector is Detector.FIRST_TOKEN_LR and probes.first_token is None:
            raise ArtifactError("the probe set holds no first-token regression; build it again")
        if probes.witness is not None and (expect := getattr(scorer, "expect", None)) is not None:
            expect(probes.witness.prompt, probes.witness.probes, probes.witness.logprobs)
        self._gate = probes.gate if cascade and getattr(scorer, "reads_first_token", False) else None
        self._tokens = [list(p.tokens) for p in probes.prefixes]
        self._signs = [p.sign for p in probes.prefixes]
        self._deltas = [p.delta for p in probes.prefixes]

    @classmethod
    def load(
        cls,
        path: Path | str,
        scorer: Scorer,
        *,
        detector: Detector | str = Detector.PREFIX_PROBE,
        cascade: bool = True,
    ) -> PrefixProbe:
        """Raises `ArtifactError` when the file is no probe set, or one for another model."""
        return cls(ProbeSet.load(path, scorer.identity), scorer, detector=detector, cascade=cascade)

    @property
    def calibration(self) -> Calibration:
        """The thresholds of the detector in use."""
        if self.detector is Detector.FIRST_TOKEN_LR and self.probes.first_token is not None:
            return self.probes.first_token.calibration
        return self.probes.calibration

    async def score(
        self,
        messages: Sequence[Message],
        tools: Sequence[Tool] | None = None,
        *,
        thresholds: tuple[float, float] | None = None,
    ) -> Score:
        """Score one conversation. Raises `CheckUnavailable`: `render`, `garbage`, `model_changed`, or the scorer's own
        reason; and what the scorer's template raises of our own errors (`RequestError` for messages the model cannot
        take). `thresholds` (steer_at, block_at) are those the gate has to tell the score from, by default the
        calibration's."""
        prompt = await self.render(messages, tools)
        return await self.score_ids(prompt, script=script_of(messages), thresholds=thresholds)

    async def render(
        self, messages: Sequence[Message], tools: Sequence[Tool] | None = None, *, whole: bool = True
    ) -> list[int]:
        """The prompt's token ids, ending where the answer begins. Raises as `score` does; with `whole` False also what
        is too long for the model is rendered, to be scored in pieces."""
        try:
            if sum(len(str(m.get("content", ""))) for m in messages) > LONG:
                return await asyncio.to_thread(self._render_long, messages, tools, whole)
            return self.scorer.render(messages, tools)
        except GuardError:
            raise
        except Exception:
            # Template errors may quote the conversation.
            raise CheckUnavailable(NAME, "render") from None

    def _render_long(self, messages: Sequence[Message], tools: Sequence[Tool] | None, whole: bool) -> list[int]:
        refuse = getattr(self.scorer, "refuse_too_long", None)
        if whole and refuse is not None:
            refuse(messages, tools)
        return self.scorer.render(messages, tools)

    async def score_ids(
        self, prompt: Sequence[int], *, script: str = "", thresholds: tuple[float, float] | None = None
    ) -> Score:
        """Score a rendered prompt. `script` is the writing system of what the user said in it."""
        align = self.calibration.alignment(script)
        at = thresholds or (self.calibration.steer_at, self.calibration.block_at)
        found = await self._raw(prompt, at, align)
        value = float(align.of(found.raw))
        if not math.isfinite(value):
            raise CheckUnavailable(NAME, "garbage")
        return replace(found, value=value, script=script)

    async def _raw(self, prompt: Sequence[int], thresholds: tuple[float, float], align: Alignment) -> Score:
        """The score before alignment, by as many stages as telling it from the `thresholds` behind it takes."""
        if self.detector is Detector.FIRST_TOKEN_LR and self.probes.first_token is not None:
            return await self._first(prompt, self.probes.first_token.model)
        if self._gate is None or len(prompt) > MOST_GATED:
            return await self._full(prompt)
        first = await self._first(prompt, self._gate.model)
        if self._gate.settles(first.raw, *thresholds, align):
            return first
        full = await self._full(prompt)
        computed = first.tokens_computed + full.tokens_computed
        return replace(full, tokens_computed=computed, cached_tokens=first.cached_tokens)

    async def _first(self, prompt: Sequence[int], model: Linear) -> Score:
        scored, log_p = await self._scored(prompt, [[t] for t in model.tokens])
        value = float(first_token.score(model, log_p))
        return Score(value, (), Stage.FIRST_TOKEN, scored.tokens_computed, scored.cached_tokens, value)

    async def _full(self, prompt: Sequence[int]) -> Score:
        scored, means = await self._scored(prompt, self._tokens)
        value = float(aggregate(means, self._signs, self._deltas, self.probes.aggregation))
        return Score(value, tuple(means), Stage.FULL, scored.tokens_computed, scored.cached_tokens, value)

    async def _scored(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> tuple[Scored, list[float]]:
        """What the scorer says, and the mean log-probability of each probe."""
        scored = await self.scorer.score(prompt, probes)
        if self.scorer.identity != self._identity:
            raise CheckUnavailable(NAME, "model_changed")
        try:
            return scored, length_normalised(scored.logprobs, probes)
        except (ValueError, AttributeError):
            raise CheckUnavailable(NAME, "garbage") from None
