"""Retries and the circuit breaker around the calls to one upstream."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from guard.errors import UpstreamError
from proxy.breaker import Breaker, State
from proxy.upstream.base import Call, Reply
from proxy.upstream.retrying import CIRCUIT_OPEN, Allowance, advised, is_failure, may_repeat, pause

_SILENT_SECONDS = 10.0
"""An upstream that gave nobody a word for so long fails those who leave it; before that they were impatient."""


class Counters(Protocol):
    """What of `Metrics` is needed here."""

    def retry(self, upstream: str, reason: str) -> None: ...

    def breaker(self, upstream: str, state: int) -> None: ...


class Resilience:
    """Serves one upstream for its life. `failures` None: no breaker; `wait`: longest pause before a retry, seconds."""

    def __init__(
        self, name: str, counters: Counters, *, retries: int, wait: float, failures: int | None, seconds: float
    ) -> None:
        self._name = name
        self._counters = counters
        self._retries = retries
        self._wait = wait
        self._allowance = Allowance()
        self._retired = False
        self._heard = self._counted = -math.inf
        self._denied = False  # the last request that said something about the upstream failed
        self.breaker = Breaker(failures, seconds, on_change=self._show) if failures is not None else None

    def retire(self) -> None:
        """The breaker goes on, unseen: the name in the metrics is of whoever comes next, whose breaker is closed."""
        if self.breaker is not None:
            self._show(State.CLOSED)
        self._retired = True

    def heard(self) -> None:
        """The upstream sent something, whoever asked for it: a call that waits on is slow by itself."""
        self._heard = time.monotonic()

    def _show(self, state: State) -> None:
        if not self._retired:
            self._counters.breaker(self._name, state)

    async def run(
        self, call: Call, attempt: Callable[[], Awaitable[Reply]], deadline: float, *, proves: bool = True
    ) -> Reply:
        """The reply of the first attempt that gives one, or of the last. `deadline` in the loop's time.

        Without `proves` the call is none that users wait for, and its answer does not show that theirs are served: it
        makes no failure of theirs forgotten, and is not what a half-open breaker lets through to see.
        Raises what the last attempt did; `UpstreamError` reason `circuit_open` (503) while the breaker is open.
        """
        self._allowance.call()
        number = 0
        while True:
            self._admit(proves)
            reply, error = None, None
            began = time.monotonic()
            try:
                reply = await attempt()
            except UpstreamError as failure:
                error = failure
            except BaseException:
                if proves:
                    self._abandoned(began)
                raise
            if reply is not None and proves:
                self.heard()
            label = error.reason if error is not None else str(reply.status) if reply is not None else ""
            if reply is not None and reply.events is not None:
                self._streams(reply)
            elif proves:
                self._record(label)
            else:
                self._noted(label)
            advice = advised(list(reply.headers)) if reply is not None else None
            seconds = self._pause(call, label, number, advice, deadline)
            if seconds is None:
                if reply is None:
                    assert error is not None
                    raise error
                return reply
            if reply is not None:
                await reply.close()
            self._counters.retry(self._name, label)
            number += 1
            await asyncio.sleep(seconds)

    def _admit(self, proves: bool) -> None:
        if self.breaker is not None and not (self.breaker.admit() if proves else self.breaker.wait == 0.0):
            raise UpstreamError(
                "the upstream has failed repeatedly and is left alone for a moment",
                reason=CIRCUIT_OPEN,
                status=503,
                retry_after=max(1.0, self.breaker.wait),
            )

    def _streams(self, reply: Reply) -> None:
        """The head says little of a stream: how it ended is what counts."""
        if self.breaker is not None:
            self.breaker.began()
            reply.ended = self._record

    def _abandoned(self, began: float) -> None:
        """The caller left. Where all do before a hung upstream would time out, nobody else tells of it; however many
        leave, one silence is one failure."""
        if self.breaker is not None:
            now = time.monotonic()
            if now - max(began, self._heard, self._counted) >= _SILENT_SECONDS:
                self._counted, self._denied = now, True
                self.breaker.failed()
            else:
                self.breaker.abandoned()

    def _record(self, label: str) -> None:
        if self.breaker is not None:
            self._denied = is_failure(label)
            if self._denied:
                self.breaker.failed()
            else:
                self.breaker.succeeded()

    def _noted(self, label: str) -> None:
        """How a call ended that proves nothing."""
        if self.breaker is not None:
            if is_failure(label):
                self.breaker.failed()
            elif not self._denied and self.breaker.wait == 0.0:  # only such calls had failed
                self.breaker.admit()
                self.breaker.succeeded()

    def _pause(self, call: Call, label: str, number: int, advice: float | None, deadline: float) -> float | None:
        """Seconds to wait before another try; None: there is none."""
        if number >= self._retries or not may_repeat(call, label):
            return None
        if self.breaker is not None and self.breaker.state is not State.CLOSED:
            return None
        seconds = pause(number, advice, most=self._wait)
        if seconds is None or asyncio.get_running_loop().time() + seconds >= deadline:
            return None
        return seconds if self._allowance.spend() else None
