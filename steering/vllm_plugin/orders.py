"""What a request asks of the plugin, carried in `SamplingParams.extra_args`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_PREFIX = "guardchain_"
_STRENGTH = _PREFIX + "strength"
_START = _PREFIX + "start"
_WINDOW = _PREFIX + "window"
_ARTIFACT = _PREFIX + "artifact"
_PROBE_FROM = _PREFIX + "probe_from"
_NONCE = _PREFIX + "probe_nonce"
_MOST = (1 << 31) - 1
_KNOWN = frozenset((_STRENGTH, _START, _WINDOW, _ARTIFACT, _PROBE_FROM, _NONCE))


@dataclass(frozen=True, slots=True)
class Orders:
    """One request's orders.

    strength: share of the angle, in [0, 1]. start: first token position that is rotated; the KV before it is
    shared with unsteered requests. Negative, it counts from the prompt's end, and is resolved when the request is
    admitted. window: how many positions are rotated from there; None: all.
    artifact: digest of the subspace, so that rotated KV never outlives it.
    probe_from: the prompt's length P of a probe request; blocks that hold row P - 1 or later are keyed by `nonce`.
    """

    strength: float = 0.0
    start: int = 0
    window: int | None = None
    artifact: str = ""
    probe_from: int | None = None
    nonce: str = ""

    @classmethod
    def of(cls, extra: Mapping[str, Any] | None) -> Orders:
        """Read and check. Raises `ValueError` for a strength that is NaN or outside [0, 1], and malformed fields."""
        if not extra:
            return NONE
        ours = {k: v for k, v in extra.items() if k.startswith(_PREFIX)}
        if not ours:
            return NONE
        unknown = ours.keys() - _KNOWN
        if unknown:
            raise ValueError(f"unknown field {min(unknown)!r} in extra_args")
        strength = ours.get(_STRENGTH, 0.0)
        # Written so that NaN, for which every comparison is false, fails.
        if isinstance(strength, bool) or not isinstance(strength, int | float) or not 0 <= strength <= 1:
            raise ValueError(f"{_STRENGTH} must be a number in [0, 1]")
        window, probe_from = ours.get(_WINDOW), ours.get(_PROBE_FROM)
        return cls(
            strength=float(strength),
            start=_whole(_START, ours.get(_START, 0), -_MOST),
            window=None if window is None else _whole(_WINDOW, window, 1),
            artifact=_text(_ARTIFACT, ours.get(_ARTIFACT, "")),
            probe_from=None if probe_from is None else _whole(_PROBE_FROM, probe_from, 1),
            nonce=_text(_NONCE, ours.get(_NONCE, ""), needed=probe_from is not None),
        )

    @classmethod
    def trusted(cls, extra: Mapping[str, Any] | None) -> Orders:
        """The same without checks, for the engine: `admission` has checked, and an exception there ends the process.

        A strength that slipped through all the same is taken as 0 when it is no number in [0, 1].
        """
        try:
            return cls.of(extra)
        except ValueError:
            return NONE

    def to_extra_args(self) -> dict[str, Any]:
        """The fields that say something."""
        fields = {
            _STRENGTH: self.strength or None,
            _START: self.start if self.strength else None,
            _WINDOW: self.window,
            _ARTIFACT: self.artifact or None,
            _PROBE_FROM: self.probe_from,
            _NONCE: self.nonce or None,
        }
        return {k: v for k, v in fields.items() if v is not None}

    def resolved(self, prompt_tokens: int, artifact: str) -> Orders:
        """With an absolute start, and bound to a subspace."""
        start = self.start if self.start >= 0 else max(prompt_tokens + self.start, 0)
        return replace(self, start=start, artifact=artifact)

    @property
    def end(self) -> float:
        """First position that is not rotated any more; infinity without a window."""
        return math.inf if self.window is None else self.start + self.window


NONE = Orders()


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise ValueError(f"{name} must be a whole number of at least {least}")
    return value


def _text(name: str, value: Any, *, needed: bool = False) -> str:
    if not isinstance(value, str) or len(value) > 128 or (needed and not value):
        raise ValueError(f"{name} must be a short text")
    return value
