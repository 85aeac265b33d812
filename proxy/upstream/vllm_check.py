"""The probe as a link of the proxy's chain, where the model that scores is behind a guarded vLLM server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from guard import config as schema
from guard.check import Exchange, OutputFilter
from guard.errors import CheckUnavailable, ConfigError, UpstreamError
from guard.surface import Channel
from guard.verdict import Finding, Mode
from proxy.upstream.vllm import VllmUpstream
from steering.vllm_plugin import wire

_NAME = "probe"


def policy_of(spec: schema.Policy) -> wire.Policy:
    """The numbers of a policy, as the server is told them."""
    probe, steer = spec.probe, spec.steer
    return wire.Policy(
        probe=_orders(probe),
        steer=_orders(steer),
        steer_at=probe.steer_at,
        block_at=probe.block_at,
        options={
            "scope": probe.scope,
            "tool_results": probe.tool_results,
            "window_tokens": probe.window_tokens,
            "max_windows": probe.max_windows,
            "unwrap": probe.unwrap,
        },
        min_strength=steer.min_strength,
        max_strength=steer.max_strength,
    )


def strict(policy: wire.Policy) -> wire.Policy:
    """With a probe that enforces where it would only watch."""
    enforcing = replace(policy.probe, mode=Mode.ENFORCE) if policy.probe.mode is Mode.MONITOR else policy.probe
    return replace(policy, probe=enforcing)


def _orders(spec: schema.Check) -> wire.Orders:
    return wire.Orders(spec.mode, spec.on_error, spec.deadline_seconds)


class VllmProbe:
    """Asks the server for its finding alone: for the check-only endpoint, and for answers of another upstream."""

    name = _NAME

    def __init__(self, upstream: VllmUpstream, policy: wire.Policy) -> None:
        self._upstream = upstream
        self._policy = replace(policy, steer=wire.Orders(mode=Mode.OFF), strength=None)

    @property
    def steer_at(self) -> float:
        """For a steering check behind it. Raises `ConfigError` when the config leaves it to the server."""
        return self._threshold(self._policy.steer_at)

    @property
    def block_at(self) -> float:
        """Likewise."""
        return self._threshold(self._policy.block_at)

    def _threshold(self, value: float | None) -> float:
        if value is None:
            raise ConfigError("steering by another server's scores needs steer_at and block_at in the policy")
        return value

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """The worst of the prompts decides. Raises `CheckUnavailable` when the server does not score."""
        body: dict[str, Any] = {}
        if exchange.messages is not None:
            body = {"messages": exchange.messages()}
            tools = exchange.tools() if exchange.tools is not None else None
            if tools:
                body["tools"] = tools
        elif exchange.prompts is not None:
            body = {"prompts": exchange.prompts()}
        if not any(body.values()):
            return Finding(self.name)  # nothing is generated
        try:
            findings = await self._upstream.score(body, self._policy, exchange.tenant)
        except UpstreamError as error:
            raise CheckUnavailable(self.name, error.reason) from None
        found = next((f for f in findings if f.check == self.name), None)
        if found is None:
            raise CheckUnavailable(self.name, "garbage")
        if found.error is not None:
            raise CheckUnavailable(self.name, found.error)
        return found

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None
