"""The probe as a link of the guard's chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from detectors.prefix_probing.probe import NAME, PrefixProbe, Score
from detectors.scorers.base import Message
from guard.check import Exchange, OutputFilter
from guard.errors import ConfigError
from guard.surface import Channel
from guard.verdict import Finding, Verdict

_STANDING = ("system", "developer")  # they hold in every turn


class Scope(StrEnum):
    """What of a conversation is scored."""

    LATEST_TURN = "latest_turn"  # everything after the last answered assistant turn, and the system prompt
    ALL = "all"


class ProbeCheck:
    """Blocks what scores `block_at` or more; a score below is left to the steering check behind it.

    Thresholds left None are the probe set's own calibration. Raises `ConfigError` when block_at < steer_at.
    """

    name = NAME

    def __init__(
        self,
        probe: PrefixProbe,
        *,
        steer_at: float | None = None,
        block_at: float | None = None,
        scope: Scope | str = Scope.LATEST_TURN,
    ) -> None:
        self.probe = probe
        self.steer_at = probe.calibration.steer_at if steer_at is None else steer_at
        self.block_at = probe.calibration.block_at if block_at is None else block_at
        if not self.steer_at <= self.block_at:
            raise ConfigError(f"probe: block_at ({self.block_at:g}) must not be below steer_at ({self.steer_at:g})")
        try:
            self.scope = Scope(scope)
        except ValueError:
            raise ConfigError(f"probe: scope must be one of {', '.join(Scope)}, not {scope!r}") from None

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """Score what the model would see now. The worst of several prompts decides.

        An endpoint that generates nothing (no messages, no prompts) is allowed without a score.
        Raises `CheckUnavailable` when the scorer cannot answer, or answers with garbage.
        """
        tools = exchange.tools() if exchange.tools is not None else None
        conversations = [scoped(c, self.scope) for c in _conversations(exchange)]
        if not conversations:
            return Finding(self.name)
        scores = [await self.probe.score(c, tools) for c in conversations]
        worst = max(scores, key=lambda s: s.value)
        return Finding(
            self.name,
            Verdict.BLOCK if worst.value >= self.block_at else Verdict.ALLOW,
            score=worst.value,
            detail=_detail(scores, worst),
        )

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None


def scoped(messages: Sequence[Message], scope: Scope) -> list[Message]:
    """The messages to score, system prompts (wherever they stand) included.

    The latest turn begins after the last *answered* assistant turn: one with text, without a pending tool call, and
    with a word from somebody else behind it. So neither a second user message, nor tool results, nor an assistant
    message put last can hide what stands before it.
    """
    if scope is Scope.ALL:
        return list(messages)
    start, replied = 0, False
    for i in range(len(messages) - 1, -1, -1):
        if replied and _answered(messages[i]):
            start = i + 1
            break
        replied = replied or messages[i].get("role") not in ("assistant", *_STANDING)
    return [m for i, m in enumerate(messages) if i >= start or m.get("role") in _STANDING]


def _answered(message: Message) -> bool:
    return (
        message.get("role") == "assistant"
        and bool(message.get("content") or message.get("refusal"))
        and not message.get("tool_calls")
        and not message.get("function_call")
    )


def _conversations(exchange: Exchange) -> list[Sequence[Message]]:
    out: list[Sequence[Message]] = []
    if exchange.messages is not None:
        out.append(exchange.messages())
    if exchange.prompts is not None:
        out += [[{"role": "user", "content": p}] for p in exchange.prompts()]
    return [c for c in out if c]


def _detail(scores: Sequence[Score], worst: Score) -> Mapping[str, Any]:
    return {
        "tokens_computed": sum(s.tokens_computed for s in scores),
        "cached_tokens": sum(s.cached_tokens for s in scores),
        "stage": worst.stage,
    }
