"""The guard's ladder inside the server: score what the model is about to see, decide, say how strongly to steer.

The chain, modes, deadlines and `on_error` are the guard's own (`guard.chain`); only where token ids come from differs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from detectors.prefix_probing.probe import NAME, PrefixProbe
from guard.chain import Chain, Link
from guard.check import Exchange, OutputFilter
from guard.surface import Channel
from guard.verdict import Decision, Finding, Verdict
from steering.check import SteerCheck
from steering.vllm_plugin import wire

Render = Callable[[], Awaitable[Sequence[Sequence[int]]]]
"""The prompts to score, as token ids. Raises `CheckUnavailable` when they cannot be rendered."""


class ServedProbe:
    """Blocks what scores `block_at` or more; the worst of several prompts decides."""

    name = NAME

    def __init__(self, probe: PrefixProbe, render: Render, block_at: float) -> None:
        self._probe = probe
        self._render = render
        self._block_at = block_at

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        scores = await asyncio.gather(*(self._probe.score_ids(p) for p in await self._render()))
        worst = max(scores, key=lambda s: s.value)
        return Finding(
            self.name,
            Verdict.BLOCK if worst.value >= self._block_at else Verdict.ALLOW,
            score=worst.value,
            detail={
                "tokens_computed": sum(s.tokens_computed for s in scores),
                "cached_tokens": sum(s.cached_tokens for s in scores),
                "stage": str(worst.stage),
            },
        )

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None


async def decide(policy: wire.Policy, probe: PrefixProbe, render: Render, *, can_steer: bool) -> Decision:
    """Run both rungs. Raises `ConfigError` for a policy whose thresholds do not fit together."""
    steer_at = probe.calibration.steer_at if policy.steer_at is None else policy.steer_at
    block_at = probe.calibration.block_at if policy.block_at is None else policy.block_at
    steer = SteerCheck(
        steer_at=steer_at,
        block_at=block_at,
        min_strength=policy.min_strength,
        max_strength=policy.max_strength,
        available=can_steer,
    )
    served = ServedProbe(probe, render, block_at)
    # The checks look at nothing of the exchange but that it generates, and what was found before them.
    exchange = Exchange("", "", "", "", (), messages=list)
    return await Chain([_link(served, policy.probe), _link(steer, policy.steer)]).inspect(exchange)


def _link(check: ServedProbe | SteerCheck, orders: wire.Orders) -> Link:
    return Link(check=check, mode=orders.mode, on_error=orders.on_error, deadline=orders.deadline)
