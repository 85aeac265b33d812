"""When a call may be made a second time, or by somebody else, and when not.

A generation has no effect but its answer, so it may be repeated while nothing of that answer has been seen. What may
have had an effect at the upstream (a stored Response, tools that run there, paths we do not know) is only repeated
where the upstream cannot have begun: no connection, or a status that says so.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from proxy.upstream.base import QUEUE_FULL, Call

CIRCUIT_OPEN = "circuit_open"
"""Reason of an `UpstreamError` that says: not even asked."""

_EFFECTLESS = frozenset(("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/moderations"))

_NOT_BEGUN = frozenset(("connect", "connect_timeout", "429", "503"))
_PERHAPS_BEGUN = frozenset(("502",))
_ELSEWHERE = _NOT_BEGUN | {"tls", CIRCUIT_OPEN, QUEUE_FULL, "not_started", "unguarded", "status_timeout"}
_PERHAPS_ELSEWHERE = frozenset(("500", "502", "504", "reset", "first_byte_timeout", "idle_timeout"))

_FAILURES = frozenset(
    (
        "connect",
        "connect_timeout",
        "tls",
        "first_byte_timeout",
        "idle_timeout",
        "reset",
        "early_close",
        "status_timeout",
        "502",
        "503",
        "504",
    )
)

_FIRST_PAUSE = 0.1


def has_no_effect(call: Call) -> bool:
    """Whether repeating the call can change nothing at the upstream."""
    return call.method == "GET" or call.endpoint in _EFFECTLESS


def may_repeat(call: Call, label: str) -> bool:
    """Whether the same upstream may be asked again; `label`: an `UpstreamError.reason`, or a status."""
    return label in _NOT_BEGUN or (label in _PERHAPS_BEGUN and has_no_effect(call))


def may_go_elsewhere(call: Call, label: str) -> bool:
    """Whether another upstream may be asked instead."""
    return label in _ELSEWHERE or (label in _PERHAPS_ELSEWHERE and has_no_effect(call))


def is_failure(label: str) -> bool:
    """Whether it says that the upstream is in trouble, whatever was asked of it (500 may be the request's fault)."""
    return label in _FAILURES


def pause(number: int, advice: float | None, *, most: float, draw: Callable[[], float] = random.random) -> float | None:
    """Seconds to wait before retry `number` (from 0): as advised, else exponential with full jitter.

    None where the advice is to wait longer than `most`: then the caller is told instead of kept waiting.
    """
    if advice is not None:
        return advice if advice <= most else None
    return min(most, _FIRST_PAUSE * 2.0**number) * draw()


def advised(headers: list[tuple[str, str]]) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` name; a date counts as no advice."""
    found = {name.lower(): value for name, value in headers}
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(found[name]) * unit
        except (KeyError, ValueError):
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None


class Allowance:
    """So many retries and no more: `reserve`, and one for every `1 / share` calls. An outage must not be multiplied."""

    def __init__(self, share: float = 0.1, reserve: float = 10.0) -> None:
        self._share = share
        self._reserve = reserve
        self._left = reserve

    def call(self) -> None:
        """A call is made."""
        self._left = min(self._reserve, self._left + self._share)

    def spend(self) -> bool:
        """Whether one more retry is allowed; it counts as made."""
        if self._left < 1:
            return False
        self._left -= 1
        return True
