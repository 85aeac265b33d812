"""The seam to tracing: what is told while a request runs. The rest is read off its `Trace` at the end.

Nothing here knows OpenTelemetry, which is loaded only where a config asks for it (`proxy.otel`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from proxy.assembly import Guarded
    from proxy.trace import Trace
    from proxy.upstream.base import Call


class Spans(Protocol):
    """The spans of one request. No method raises."""

    def sending(self, call: Call, guarded: Guarded, model: str) -> Call:
        """A call is made to an upstream, of `model` as it may be written down: the call with its place in the trace."""
        ...

    def answered(self, outcome: str, *, streams: bool = False) -> None:
        """That call's answer is here, or its head where it `streams`; `outcome`: a status, or what went wrong."""
        ...

    def end(self, trace: Trace) -> None:
        """The request is over."""
        ...


class Tracer(Protocol):
    """Starts the spans of requests."""

    def begin(self, method: str, headers: Mapping[bytes, bytes]) -> Spans:
        """A request came in, with these headers (lower-case names)."""
        ...

    async def close(self) -> None:
        """Send what is left, within a few seconds."""
        ...
