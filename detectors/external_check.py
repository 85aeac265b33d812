"""An external guard as a link of the guard's chain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detectors.check import Scope, scoped
from detectors.external import NAME, ExternalGuard, spoken
from detectors.guard_formats import Judgement
from guard.check import Exchange, OutputFilter
from guard.surface import Channel
from guard.verdict import Finding, Verdict

_LONGEST = 64


class ExternalCheck:
    """Blocks what the guard scores `flag_at` or more, or, where that is None, what the guard itself flags. It is told
    what everybody but the operator said in `scope`, as one user message: guard models take alternating turns only, and
    system prompts are nobody's business."""

    name = NAME

    def __init__(self, guard: ExternalGuard, *, flag_at: float | None = None, scope: Scope = Scope.LATEST_TURN) -> None:
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
        asked: list[Judgement] = []
        for text in filter(None, texts):
            asked.append(await self.guard.judge([{"role": "user", "content": text}]))
            if self._flags(asked[-1]):
                break
        if not asked:
            return Finding(self.name)
        worst = max(asked, key=lambda j: (self._flags(j), j.score))
        detail: dict[str, float | str] = {"probability": worst.score, "tokens": sum(j.tokens for j in asked)}
        if worst.categories:
            detail["categories"] = _names(worst.categories)
        verdict = Verdict.BLOCK if self._flags(worst) else Verdict.ALLOW
        return Finding(self.name, verdict, score=worst.score, detail=detail)

    def _flags(self, judgement: Judgement) -> bool:
        return judgement.flagged if self.flag_at is None else judgement.score >= self.flag_at

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None


def _names(categories: Sequence[str]) -> str:
    """As many of them as the audit log takes for a name, each without spaces."""
    out = ""
    for name in categories:
        more = f"{out}:{re.sub(r'[^A-Za-z0-9/_-]+', '-', name)}".removeprefix(":")
        out = more if len(more) <= _LONGEST else out
    return out
