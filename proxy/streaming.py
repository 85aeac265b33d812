"""A streamed answer on its way: upstream events through the filter to the client, at the client's pace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from guard.errors import UpstreamError
from proxy.errors import log
from proxy.responder import Headers, Responder
from proxy.trace import Trace
from proxy.upstream.base import Event
from proxy.upstream.sse import encode
from proxy.wire.answer import StreamFilter

_TERMINAL = frozenset(("response.completed", "response.incomplete", "response.failed"))
_LINGER_SECONDS = 1.0
"""How long an upstream may keep its stream open after the terminal event."""


class Relay:
    """Moves one stream. `held` is told each change in held-back characters, `hold` each time in seconds
    that text was held back without a break, `first_event` once the seconds until the
    upstream's first event with data, `ended` how the upstream's stream ended: an empty string, or the reason it broke
    (and nothing where the client left first)."""

    def __init__(
        self,
        trace: Trace,
        responder: Responder,
        filter: StreamFilter,
        *,
        headers: Callable[[], Headers],
        held: Callable[[int], None],
        hold: Callable[[float], None],
        first_event: Callable[[float], None],
        ended: Callable[[str], None],
    ) -> None:
        self._trace = trace
        self._responder = responder
        self._filter = filter
        self._headers = headers
        self._report_held = held
        self._report_hold = hold
        self._held_since = 0.0
        self._report_ended: Callable[[str], None] | None = ended
        self._first_event: Callable[[float], None] | None = first_event
        self._held = 0

    async def run(self, events: AsyncIterator[Event]) -> None:
        """Relay until the end. Raises `UpstreamError` only while nothing has been sent; later failures end the
        stream well-formed, with an error object the client can see."""
        try:
            error = await self._pump(events)
            rest = self._filter.close(error)
            reason = error.reason if error is not None else self._filter.tally.failure
            self._tell(reason)
            if error is not None and not self._responder.started:
                raise error
            if reason:
                self._trace.reason = f"upstream_{reason}"
            await self._deliver(rest)
            if not self._responder.started:
                await self._open()
            await self._responder.end()
        finally:
            self._hold(0)

    async def _pump(self, events: AsyncIterator[Event]) -> UpstreamError | None:
        """Everything up to the end of the upstream's stream; the error it broke with, if it did."""
        ended = False
        while True:
            began = time.perf_counter()
            try:
                if ended:
                    async with asyncio.timeout(_LINGER_SECONDS):
                        event = await anext(events)
                else:
                    event = await anext(events)
            except StopAsyncIteration:
                return None
            except TimeoutError:
                return None if ended else UpstreamError("the upstream fell silent", reason="idle", status=504)
            except UpstreamError as error:
                return None if ended else error
            finally:
                self._trace.waited(time.perf_counter() - began)
            if self._first_event is not None and event.data:
                self._trace.first_event = time.perf_counter()
                self._first_event(self._trace.first_event - self._trace.started)
                self._first_event = None
            self._trace.events += bool(event.data)
            ended = ended or event.data == b"[DONE]" or event.event in _TERMINAL
            try:
                out = self._filter.feed(event)
            except UpstreamError as error:
                return error
            except Exception as error:
                log.error("a stream filter failed: %s", type(error).__name__)
                return UpstreamError("the proxy failed to filter this answer", reason="filter_failed", status=500)
            self._hold(self._filter.held)
            if ended:
                self._tell(self._filter.tally.failure)  # now: clients hang up on what they took for the end
            await self._deliver(out)

    def _tell(self, reason: str) -> None:
        if self._report_ended is not None:
            self._report_ended(reason)
            self._report_ended = None

    async def _deliver(self, events: list[Event]) -> None:
        if not events:
            return
        if not self._responder.started:
            await self._open()
        data = encode(events[0]) if len(events) == 1 else b"".join(map(encode, events))
        began = time.perf_counter()
        try:
            await self._responder.chunk(data)
        finally:
            self._trace.client_seconds += time.perf_counter() - began

    async def _open(self) -> None:
        await self._responder.stream(self._headers())

    def _hold(self, now: int) -> None:
        if now != self._held:
            self._report_held(now - self._held)
            if not self._held:
                self._held_since = time.perf_counter()
            elif not now:
                self._report_hold(time.perf_counter() - self._held_since)
            self._held = now
