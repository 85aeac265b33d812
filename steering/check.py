"""The middle rung of the ladder as a guard check: from the probe's score to a steering strength."""

from __future__ import annotations

import math
from collections.abc import Callable

from guard.check import Exchange, OutputFilter
from guard.errors import CheckUnavailable, ConfigError
from guard.surface import Channel
from guard.verdict import Finding, Mode, Verdict


class SteerCheck:
    """Asks for steering when the probe's score lies in [steer_at, block_at), stronger the higher the score.

    The strength grows linearly from `min_strength` at `steer_at` to `max_strength` at `block_at`. A score at or
    above `block_at` that was not blocked (the probe only monitors) is steered at `max_strength`.
    `available` says whether the upstream can steer: a bool, or a callable asked per request.
    """

    name = "steer"

    def __init__(
        self,
        *,
        steer_at: float,
        block_at: float,
        min_strength: float,
        max_strength: float,
        available: bool | Callable[[], bool],
    ) -> None:
        """Raises `ConfigError` unless steer_at ≤ block_at (finite) and 0 < min_strength ≤ max_strength ≤ 1."""
        if not (math.isfinite(steer_at) and math.isfinite(block_at) and steer_at <= block_at):
            raise ConfigError("steer: steer_at must not exceed block_at, and both must be finite")
        if not 0 < min_strength <= max_strength <= 1:
            raise ConfigError("steer: strengths must satisfy 0 < min_strength ≤ max_strength ≤ 1")
        self._steer_at = steer_at
        self._block_at = block_at
        self._min = min_strength
        self._max = max_strength
        self._available = available

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """Decide from the score the probe left in `exchange.findings`.

        Raises `CheckUnavailable`: `no_score` without a usable score, `unsupported` when a request that is to be
        steered goes to an upstream that cannot.
        """
        if exchange.messages is None and exchange.prompts is None:
            return Finding(self.name)  # nothing is generated, so there is nothing to steer
        probe = next((f for f in exchange.findings if f.check == "probe"), None)
        if probe is None or probe.score is None or not math.isfinite(probe.score):
            raise CheckUnavailable(self.name, "no_score")
        if probe.score < self._steer_at or (probe.verdict is Verdict.BLOCK and probe.mode is Mode.ENFORCE):
            return Finding(self.name)
        if not (self._available() if callable(self._available) else self._available):
            raise CheckUnavailable(self.name, "unsupported")
        return Finding(self.name, verdict=Verdict.STEER, strength=self.strength(probe.score))

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None

    def strength(self, score: float) -> float:
        """The strength for a score of at least `steer_at`."""
        if score >= self._block_at:
            return self._max
        share = (score - self._steer_at) / (self._block_at - self._steer_at)
        return min(self._max, self._min + share * (self._max - self._min))
