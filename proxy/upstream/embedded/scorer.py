"""The embedded model as a detectors `Scorer`: probes run on the KV its generations will reuse."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from detectors.scorers.base import Scored
from guard.errors import CheckUnavailable, GuardError
from guard.model_identity import ModelIdentity
from proxy.upstream.embedded.engine import Engine
from proxy.upstream.embedded.jobs import Score
from proxy.upstream.embedded.model import LoadedModel


class EmbeddedScorer:
    """Implements `detectors.scorers.base.Scorer`. Scores on the engine's thread; cancelling a task drops its job."""

    reads_first_token = True

    def __init__(self, loaded: LoadedModel, engine: Engine) -> None:
        self.vocabulary_size = loaded.vocabulary_size
        self._loaded = loaded
        self._engine = engine

    @property
    def identity(self) -> ModelIdentity:
        return self._loaded.identity

    def render(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None
    ) -> list[int]:
        """Token ids ending where the answer begins. Raises `RequestError` for messages the model cannot take."""
        return self._loaded.template.answer_start(messages, tools)

    def refuse_too_long(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        """Raises `CheckUnavailable` for what needs no tokenising to be known as too long."""
        if self._loaded.template.fewest(messages, tools) > self._loaded.context:
            raise CheckUnavailable("probe", "prompt_too_long")

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """Log-probabilities of the probes after `prompt`. Raises `CheckUnavailable` ("probe") when it cannot."""
        if not prompt or len(prompt) + max(map(len, probes), default=0) > self._loaded.context:
            raise CheckUnavailable("probe", "prompt_too_long" if prompt else "empty_prompt")
        job = Score(prompt, probes)
        try:
            self._engine.submit(job)
            scored: Scored = await asyncio.wrap_future(job.future)
        except GuardError as error:
            raise CheckUnavailable("probe", getattr(error, "reason", "error")) from error
        finally:
            job.cancel()
        return scored
