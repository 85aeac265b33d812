"""A stock vLLM server behind its OpenAI API: served as any such API, and lent as a scorer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from detectors.scorers.vllm_stock import VllmStockScorer
from guard.config import StockVllm
from guard.errors import CheckUnavailable
from proxy.upstream.http import HttpUpstream

log = logging.getLogger("proxy")


class StockVllmUpstream(HttpUpstream):
    """An `HttpUpstream` whose server can also be asked for log-probabilities of chosen tokens.

    `scorer` is there once started. A server that cannot be reached then is compared with its model's files at the first
    score; one that does not fit is an error at the start.
    """

    def __init__(self, name: str, make: Callable[[], VllmStockScorer], **options: Any) -> None:
        """`make` reads the model's files, which takes a moment; `options` are those of `HttpUpstream`."""
        super().__init__(name, **options)
        self._make = make
        self.scorer: VllmStockScorer | None = None

    async def start(self) -> None:
        """Raises `ArtifactError` or `ConfigError` when the server's model, tokenizer or runner does not fit."""
        await super().start()
        self.scorer = await asyncio.to_thread(self._make)
        try:
            await self.scorer.start()
        except CheckUnavailable as error:
            log.warning("upstream %s cannot score yet: %s", self.name, error.reason)

    async def outdated(self) -> bool:
        """See `Filed`."""
        return self.scorer is not None and await asyncio.to_thread(self.scorer.outdated)

    async def close(self) -> None:
        if self.scorer is not None:
            await self.scorer.close()
        await super().close()


def stock_scorer(base_url: str, spec: StockVllm, api_key: str | None) -> Callable[[], VllmStockScorer]:
    """What makes the scorer that `spec` describes. It raises `ConfigError` or `ArtifactError` for a missing model."""

    def make() -> VllmStockScorer:
        from proxy.upstream.embedded.model import locate

        return VllmStockScorer(
            base_url,
            spec.served_name,
            locate(spec.model),
            api_key=api_key,
            runner=spec.runner,
            max_logprobs=spec.max_logprobs,
        )

    return make
