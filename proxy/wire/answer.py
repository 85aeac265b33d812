"""What the filters of all endpoints share: how filters are opened, what was changed, the endpoint's protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from guard.check import OutputFilter
from guard.errors import UpstreamError
from guard.surface import Channel
from proxy.upstream.base import Event
from proxy.wire.request import DEFAULTS, Options, WireRequest

Open = Callable[[Channel], OutputFilter | None]


@dataclass(slots=True)
class Tally:
    """What the filters did to an answer: for headers, metrics and the audit line. Numbers only.

    `changed`: choices (or output items) whose text was rewritten. `restored`: channels rewritten.
    `logprobs_stripped`: whether log-probabilities were taken out. `blocked`: checks that ended a choice.
    `usage`: the upstream's usage object, also when it is hidden from the client.
    `finish_reasons`: by choice index.
    """

    changed: set[int] = field(default_factory=set)
    restored: int = 0
    logprobs_stripped: bool = False
    blocked: list[str] = field(default_factory=list)
    usage: Mapping[str, Any] | None = None
    finish_reasons: dict[int, str] = field(default_factory=dict)


class StreamFilter(Protocol):
    """Rewrites the events of one streamed answer. Sans-I/O.

    `feed` raises `UpstreamError` (reason `malformed`) for an event that is no JSON object; then call `close(error)`.
    `close` ends the stream well-formed whatever came before: nothing more after a terminal event, else what was
    held, an error object and the endpoint's terminal event.
    """

    tally: Tally

    @property
    def held(self) -> int:
        """Characters taken in and not yet released, over all channels."""
        ...

    def feed(self, event: Event) -> list[Event]: ...

    def close(self, error: UpstreamError | None = None) -> list[Event]: ...


class Endpoint(Protocol):
    """What each module `proxy.wire.<endpoint>` offers (the module itself implements it)."""

    PATH: str

    def parse(self, body: object, options: Options = DEFAULTS) -> WireRequest:
        """Raises `RequestError` (400) naming the field. Takes the body over: surfaces write into it."""
        ...

    def filter_body(
        self,
        answer: dict[str, Any],
        open: Open,
        request: WireRequest | None = None,
        *,
        tally: Tally | None = None,
        moderation: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Filter a whole answer in place and return it; `moderation` is put where the endpoint has it."""
        ...

    def stream_filter(
        self, open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None
    ) -> StreamFilter:
        """A fresh filter for one streamed answer."""
        ...
