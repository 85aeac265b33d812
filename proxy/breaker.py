"""A circuit breaker: what fails again and again is left alone for a while. Sans-I/O."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import IntEnum


class State(IntEnum):
    """The values are the metric's."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """Opens after `failures` in a row; after `seconds` one call is let through to see: it closes again, or stays open.

    For each call `admit()`, and if that was granted exactly one of `succeeded`, `failed` and `abandoned` (no verdict).
    An answer that takes its time may say `began` first; then nobody need say more where the caller hangs up.
    `on_change` is told each new state.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[State], None] = lambda _: None,
    ) -> None:
        self._most = failures
        self._seconds = seconds
        self._clock = clock
        self._on_change = on_change
        self._failures = 0
        self._until = 0.0
        self._probing = False
        self.state = State.CLOSED

    @property
    def wait(self) -> float:
        """Seconds until a call may be let through again; 0 while closed."""
        return max(0.0, self._until - self._clock()) if self.state is State.OPEN else 0.0

    def admit(self) -> bool:
        """Whether a call may be made now."""
        if self.state is State.OPEN and self._clock() >= self._until:
            self._become(State.HALF_OPEN)
        if self.state is State.CLOSED:
            return True
        if self.state is State.HALF_OPEN and not self._probing:
            self._probing = True
            return True
        return False

    def began(self) -> None:
        """A call is being answered, so others may be made; earlier failures count on until it has ended well."""
        if self.state is State.HALF_OPEN:
            self._probing = False
            self._become(State.CLOSED)

    def succeeded(self) -> None:
        """A call was answered. While open only the probe's answer counts: late ones tell of the time before."""
        self._failures = 0
        self.began()

    def failed(self) -> None:
        self._failures += 1
        if self.state is State.HALF_OPEN or (self.state is State.CLOSED and self._failures >= self._most):
            self._probing = False
            self._until = self._clock() + self._seconds
            self._become(State.OPEN)

    def abandoned(self) -> None:
        """The caller hung up, or was refused for what it asked: says nothing about the upstream."""
        self._probing = False

    def _become(self, state: State) -> None:
        self.state = state
        self._on_change(state)
