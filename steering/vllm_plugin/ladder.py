"""The guard's ladder inside the server: score what the model is about to see, decide, say how strongly to steer.

Checks, chain, modes, deadlines and `on_error` are the guard's own; only the scorer behind them is the running engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detectors.check import ProbeCheck
from detectors.prefix_probing.probe import PrefixProbe
from guard.chain import Chain, Link
from guard.check import Check, Exchange
from guard.errors import ConfigError
from guard.verdict import Decision
from steering.check import SteerCheck
from steering.vllm_plugin import wire

Messages = Sequence[Mapping[str, Any]]


async def decide(
    policy: wire.Policy,
    probe: PrefixProbe,
    *,
    can_steer: bool,
    messages: Messages | None = None,
    prompts: Sequence[str] | None = None,
    tools: Sequence[Mapping[str, Any]] | None = None,
) -> Decision:
    """Run both rungs on a conversation or on text prompts.

    Raises `ConfigError` for a policy that does not fit the probe set, or that this release does not understand.
    """
    try:
        watch = policy.probe.deadline / 2
        probing = ProbeCheck(
            probe, steer_at=policy.steer_at, block_at=policy.block_at, watch_seconds=watch, **policy.options
        )
    except TypeError:
        raise ConfigError("the policy has an option that this release of the plugin does not know") from None
    steering = SteerCheck(
        steer_at=probing.steer_at,
        block_at=probing.block_at,
        min_strength=policy.min_strength,
        max_strength=policy.max_strength,
        available=can_steer,
    )
    exchange = Exchange(
        endpoint="",
        model="",
        tenant="",
        request_id="",
        surfaces=(),
        messages=_listing(messages),
        prompts=None if prompts is None else lambda: list(prompts),
        tools=_listing(tools),
    )
    return await Chain([_link(probing, policy.probe), _link(steering, policy.steer)]).inspect(exchange)


def _listing(items: Sequence[Mapping[str, Any]] | None) -> Callable[[], list[dict[str, Any]]] | None:
    return None if items is None else lambda: [dict(i) for i in items]


def _link(check: Check, orders: wire.Orders) -> Link:
    return Link(check=check, mode=orders.mode, on_error=orders.on_error, deadline=orders.deadline)
