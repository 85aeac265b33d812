"""Stopping in good order: balancers are told first, what is under way ends, what is new goes elsewhere."""

from __future__ import annotations

import time


class Drain:
    """Shared by a server and its application. Seconds, counted from `begin`: for `delay` requests are still served
    while `/readyz` says no, then they are refused; those under way have `grace` more."""

    def __init__(self, delay: float = 0.0, grace: float = 30.0) -> None:
        self._delay = delay
        self._grace = grace
        self._since: float | None = None

    @property
    def begun(self) -> bool:
        return self._since is not None

    @property
    def refuses(self) -> bool:
        """Whether a new request is turned away."""
        return self._since is not None and time.monotonic() >= self._since + self._delay

    def begin(self) -> None:
        """Stop; without effect the second time."""
        if self._since is None:
            self._since = time.monotonic()

    def over(self, *, busy: bool) -> bool:
        """Whether it is time to go. `busy`: requests are under way."""
        if self._since is None or not self.refuses:
            return False
        return not busy or time.monotonic() >= self._since + self._delay + self._grace
