"""The seam to a model: one call in, one reply out, whole or as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from guard.verdict import Finding
from proxy.upstream.listed import Listed

QUEUE_FULL = "queue_full"
"""Reason of an `UpstreamError` or `CheckUnavailable` that says: busy, try again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event. `data` is what stood after `data:`; a comment has `comment` and no data."""

    data: bytes = b""
    event: str | None = None
    comment: bytes | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be sent: the guarded body and cleaned headers, and the steering strength the chain decided.

    `tenant` lets an upstream keep tenants apart (queues, cache salts). `policy`: the numbers by which an upstream with
    a guard of its own is to decide, in that upstream's own type.
    """

    endpoint: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    stream: bool = False
    strength: float = 0.0
    tenant: str = ""
    request_id: str = ""
    policy: object | None = None


async def _nothing() -> None:
    return None


def _untold(reason: str) -> None:
    return None


@dataclass(slots=True)
class Reply:
    """What came back: `body` for a whole answer, `events` for a stream (never both).

    `close` frees the upstream's resources and cancels what still runs; safe to call twice, called on every path.
    `ended` is told how reading the answer ended, where it was read to its end: an empty string, or the reason it broke.
    `findings`: what an upstream with a guard of its own found in the request; a block among them means that nothing
    was generated.
    """

    status: int
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    events: AsyncIterator[Event] | None = None
    close: Callable[[], Awaitable[None]] = _nothing
    ended: Callable[[str], None] = _untold
    findings: Sequence[Finding] = ()


@runtime_checkable
class Vetting(Protocol):
    """An upstream that can tell, without doing the work, that it would refuse a call."""

    async def vet(self, call: Call) -> None:
        """Raises the `RequestError` that `send` would."""
        ...


@runtime_checkable
class Filed(Protocol):
    """An upstream that runs what it read from files."""

    async def outdated(self) -> bool:
        """Whether other files lie there now; False where none can be read."""
        ...


@runtime_checkable
class Shown(Protocol):
    """An upstream whose state the metrics show under its name."""

    def retire(self) -> None:
        """From now on the name is another's, or nobody's: show a sound state, and nothing of calls still under way."""
        ...


class Upstream(Protocol):
    """A model behind the proxy. Raises `UpstreamError` for everything that kept it from giving a `Reply`."""

    name: str
    listed: Listed

    @property
    def can_steer(self) -> bool: ...

    async def start(self) -> None: ...

    async def send(self, call: Call) -> Reply: ...

    async def ready(self) -> bool:
        """Whether requests can be served now; must not take longer than a second or so."""
        ...

    async def close(self) -> None: ...
