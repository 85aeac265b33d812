"""An external guard as a link of the guard's chain."""

from __future__ import annotations

from detectors.check import Scope, scoped
from detectors.external import NAME, ExternalGuard, spoken
from guard.check import Exchange, OutputFilter
from guard.surface import Channel
from guard.verdict import Finding, Verdict


class ExternalCheck:
    """Blocks what the guard scores `flag_at` or more. It is told what everybody but the operator said in `scope`, as
    one user message: guard models take alternating turns only, and system prompts are nobody's business."""

    name = NAME

    def __init__(self, guard: ExternalGuard, *, flag_at: float = 0.5, scope: Scope = Scope.LATEST_TURN) -> None:
        self.guard = guard
        self.flag_at = flag_at
        self.scope = scope

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """The worst of several prompts decides, the first that has to be blocked ends the asking. An endpoint that
        generates nothing is allowed without a score.

        Raises `CheckUnavailable` when the guard cannot be reached or gives no judgement.
        """
        texts = [spoken(scoped(exchange.messages(), self.scope))] if exchange.messages is not None else []
        texts += exchange.prompts() if exchange.prompts is not None else []
        worst: float | None = None
        tokens = 0
        for text in filter(None, texts):
            found = await self.guard.judge([{"role": "user", "content": text}])
            worst, tokens = max(found.score, worst or 0.0), tokens + found.tokens
            if worst >= self.flag_at:
                break
        if worst is None:
            return Finding(self.name)
        verdict = Verdict.BLOCK if worst >= self.flag_at else Verdict.ALLOW
        return Finding(self.name, verdict, score=worst, detail={"probability": worst, "tokens": tokens})

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None
