"""The probe as a link of the guard's chain."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, suppress
from enum import StrEnum
from typing import Any

from detectors.prefix_probing.probe import LONG, NAME, PrefixProbe, Score, Stage
from detectors.scorers.base import Message, Tool
from detectors.script import script_of
from detectors.unwrap import payloads, said
from detectors.windows import Frame, windows
from guard.check import Exchange, OutputFilter
from guard.errors import CheckUnavailable, ConfigError
from guard.surface import Channel
from guard.verdict import Finding, Verdict

_STANDING = ("system", "developer")  # they hold in every turn
_TOOLS = ("tool", "function")
_TOO_LONG = ("too_long", "prompt_too_long")  # what scorers call it


class Scope(StrEnum):
    """What of a conversation is scored."""

    LATEST_TURN = "latest_turn"  # everything after the last answered assistant turn, and the system prompt
    ALL = "all"
    WINDOWS = "windows"  # the latest turn, and where it is long also overlapping pieces of it


class Part(StrEnum):
    """What of a request a score was read from."""

    TURN = "turn"  # the conversation in scope, as the model sees it
    PROMPT = "prompt"  # a prompt of /v1/completions
    WINDOW = "window"
    TOOL_RESULT = "tool_result"
    UNWRAPPED = "unwrapped"


class ProbeCheck:
    """Blocks what scores `block_at` or more; a score below is left to the steering check behind it.

    Thresholds left None are the probe set's own calibration. With scope `windows` a turn of more than `window_tokens`
    is scored whole, where the scorer can, and in at most `max_windows` pieces; the worst decides. `tool_results` scores
    each tool result of the scope by itself too, as if the user had said it: instructions hidden in what a tool brought
    back. `unwrap` scores by themselves too what `detectors.unwrap` finds encoded, quoted or set off in the scope's user
    messages, in a tool result that is scored or in a prompt, without system prompts. With `digest_key`, findings carry
    a keyed digest of what was scored: `guard calibrate` tells by it which requests were the same, and nobody without
    the key can try out what they said.
    Raises `ConfigError` when block_at < steer_at.
    """

    name = NAME

    def __init__(
        self,
        probe: PrefixProbe,
        *,
        steer_at: float | None = None,
        block_at: float | None = None,
        scope: Scope | str = Scope.LATEST_TURN,
        tool_results: bool = False,
        window_tokens: int = 512,
        max_windows: int = 16,
        unwrap: bool = False,
        digest_key: bytes = b"",
        watch_seconds: float = 5.0,
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
        self.tool_results = tool_results
        self.window_tokens = window_tokens
        self.max_windows = max_windows
        self.unwrap = unwrap
        self._digest_key = digest_key
        self._watch_seconds = watch_seconds
        self._probes = probe.probes.fingerprint(probe.detector)
        harmless = probe.calibration.quantiles.get("harmless", {})
        self._quartiles = [harmless[q] for q in ("0.25", "0.5", "0.75") if q in harmless]

    @property
    def quartered(self) -> bool:
        """Whether the calibration says where the quarters of its harmless scores end."""
        return len(self._quartiles) == 3

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """Score what the model would see now. The worst of several prompts decides. The first that has to be blocked
        ends the scoring where it is blocked; who only watches sees the worst of all, to fit other thresholds on.

        An endpoint that generates nothing (no messages, no prompts) is allowed without a score.
        Raises `CheckUnavailable` when the scorer cannot answer, or answers with garbage.
        """
        tools = exchange.tools() if exchange.tools is not None else None
        found: list[tuple[Part, Score]] = []
        until = asyncio.get_running_loop().time() + self._watch_seconds
        conversations = await self._conversations(exchange)
        async with aclosing(self._scores(conversations, tools)) as scores:
            async for one in scores:
                found.append(one)
                if one[1].value >= self.block_at:
                    break
            if found and found[-1][1].value >= self.block_at and not apply:
                with suppress(CheckUnavailable, TimeoutError):  # the verdict stands, whatever becomes of the rest
                    async with asyncio.timeout_at(until):
                        async for one in scores:
                            found.append(one)
        if not found:
            return Finding(self.name)
        part, worst = max(found, key=lambda f: f[1].value)
        detail = _detail([score for _, score in found], worst)
        marks = self._marks(exchange.tenant, [c for _, c in conversations], worst)
        return Finding(
            self.name,
            Verdict.BLOCK if worst.value >= self.block_at else Verdict.ALLOW,
            score=worst.value,
            detail={**detail, "part": part, **marks},
        )

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None

    def _marks(self, tenant: str, conversations: Sequence[Sequence[Message]], worst: Score) -> dict[str, float | str]:
        """For the score log: which probe set, which prompt (keyed, per tenant), its script and its score before that
        was aligned, and how probable harm is."""
        out: dict[str, float | str] = {"probes": self._probes, **self._quarter(worst.value)}
        if worst.script:
            out["script"] = worst.script
        if worst.raw != worst.value:
            out["raw"] = worst.raw
        if self._digest_key:
            text = json.dumps([tenant, conversations], sort_keys=True, default=str).encode()
            out["digest"] = "d:" + hmac.digest(self._digest_key, b"score log\0" + text, "sha256").hex()[:16]
        if self.probe.calibration.probability is not None:
            out["probability"] = round(self.probe.calibration.probability.of(worst.value), 6)
        return out

    def _quarter(self, score: float) -> dict[str, int]:
        """Where the score would lie among the calibration's harmless ones, from 1: what shows drift without labels."""
        return {"quarter": 1 + sum(score >= bound for bound in self._quartiles)} if self.quartered else {}

    async def _conversations(self, exchange: Exchange) -> list[tuple[Part, list[Message]]]:
        out: list[tuple[Part, list[Message]]] = []
        if exchange.messages is not None:
            turn = scoped(exchange.messages(), self.scope)
            out.append((Part.TURN, turn))
            if self.tool_results:
                out += [(Part.TOOL_RESULT, result) for result in tool_results(turn)]
        if exchange.prompts is not None:
            out += [(Part.PROMPT, [{"role": "user", "content": p}]) for p in exchange.prompts()]
        if self.unwrap:
            hidden: dict[str, None] = {}
            for texts in (said(c) for _, c in out):
                long = sum(map(len, texts)) > LONG  # a second for a million characters
                hidden |= dict.fromkeys(await asyncio.to_thread(payloads, texts) if long else payloads(texts))
            out += [(Part.UNWRAPPED, [{"role": "user", "content": p}]) for p in hidden]
        return [(part, c) for part, c in out if c]

    async def _scores(
        self, conversations: Sequence[tuple[Part, Sequence[Message]]], tools: Sequence[Tool] | None
    ) -> AsyncGenerator[tuple[Part, Score], None]:
        """One score for each whole and one for each window."""
        for part, conversation in conversations:
            prompt = await self.probe.render(conversation, tools, whole=self.scope is not Scope.WINDOWS)
            pieces = await self._windows(conversation, prompt, tools) if self.scope is Scope.WINDOWS else []
            written = script_of(conversation)
            for piece in (prompt, *pieces):
                try:
                    score = await self.probe.score_ids(piece, script=written, thresholds=(self.steer_at, self.block_at))
                except CheckUnavailable as error:
                    if piece is prompt and pieces and error.reason in _TOO_LONG:
                        continue  # the windows hold all of it
                    raise
                yield part if piece is prompt or part is not Part.TURN else Part.WINDOW, score

    async def _windows(
        self, conversation: Sequence[Message], prompt: Sequence[int], tools: Sequence[Tool] | None
    ) -> list[list[int]]:
        if len(prompt) <= self.window_tokens:
            return []
        standing = [m for m in conversation if m.get("role") in _STANDING]
        one, other = [await self.probe.render([*standing, {"role": "user", "content": c}], tools) for c in "xy"]
        return windows(prompt, Frame.between(one, other), size=self.window_tokens, most=self.max_windows)


def tool_results(messages: Sequence[Message]) -> list[list[Message]]:
    """Each tool result as a conversation of its own: the system prompts, then the result as if the user had said it."""
    standing = [m for m in messages if m.get("role") in _STANDING]
    return [
        [*standing, {"role": "user", "content": m["content"]}]
        for m in messages
        if m.get("role") in _TOOLS and m.get("content")
    ]


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


def _detail(scores: Sequence[Score], worst: Score) -> Mapping[str, Any]:
    return {
        "tokens_computed": sum(s.tokens_computed for s in scores),
        "cached_tokens": sum(s.cached_tokens for s in scores),
        "stage": worst.stage,
        "prompts": len(scores),
        "full": sum(s.stage == Stage.FULL for s in scores),
    }
