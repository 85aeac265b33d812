"""What the filters of all endpoints share: how filters are opened, what was changed, the endpoint's protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from guard.check import OutputFilter
from guard.errors import UpstreamError
from guard.surface import Channel, ChannelKind
from proxy.upstream.base import Event
from proxy.wire.blocked import Style
from proxy.wire.request import DEFAULTS, Options, WireRequest

Open = Callable[[Channel], OutputFilter | None]


@dataclass(slots=True)
class Tally:
    """What the filters did to an answer: for headers, metrics and the audit line. Numbers only.

    `changed`: choices (or output items) whose text was rewritten. `restored`: channels rewritten.
    `logprobs_stripped`: whether log-probabilities were taken out. `blocked`: checks that ended a choice.
    `usage`: the upstream's usage object, also when it is hidden from the client.
    `finish_reasons`: by choice index. `failure`: why a stream ended otherwise than it should, as its events tell it.
    """

    changed: set[int] = field(default_factory=set)
    restored: int = 0
    logprobs_stripped: bool = False
    blocked: list[str] = field(default_factory=list)
    usage: Mapping[str, Any] | None = None
    finish_reasons: dict[int, str] = field(default_factory=dict)
    failure: str = ""


class StreamFilter(Protocol):
    """Rewrites the events of one streamed answer. Sans-I/O.

    `feed` raises `UpstreamError` (reason `malformed`) for an event that is no JSON object; then call `close(error)`.
    `close` ends the stream well-formed whatever came before: nothing more after a terminal event, else an error
    object and the endpoint's terminal event. What was held of a broken answer is dropped: it may be the beginning of
    a stand-in.
    """

    tally: Tally

    @property
    def held(self) -> int:
        """Characters taken in and not yet released, over all channels."""
        ...

    @property
    def finished(self) -> bool:
        """Whether the answer is complete, so that an upstream that goes on has nothing more to say."""
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

    def blocked(
        self, request: WireRequest, style: Style, message: str, *, moderation: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The whole answer of a refused request (see `proxy.wire.blocked`)."""
        ...

    def blocked_stream(
        self, request: WireRequest, style: Style, message: str, *, moderation: Mapping[str, Any] | None = None
    ) -> list[Event]:
        """The same as a whole stream, terminal event included."""
        ...


OTHER = 10
"""First part number of channels for text under names that no table knows."""


class Filters:
    """Opens the filters of one whole answer and keeps the tally. `choice` is set by the caller as it goes."""

    def __init__(self, open: Open, tally: Tally) -> None:
        self.open, self.tally, self.choice = open, tally, 0

    def channel(self, kind: ChannelKind, index: int = 0, part: int = 0) -> Channel:
        return Channel(kind, self.choice, index, part)

    def text(self, text: str, kind: ChannelKind, index: int = 0, part: int = 0) -> str:
        """One channel, all at once."""
        out = whole(self.open(self.channel(kind, index, part)), text)
        if out != text:
            self.tally.restored += 1
            self.tally.changed.add(self.choice)
        return out

    def put(self, holder: dict[str, Any] | None, key: str, kind: ChannelKind, index: int = 0, part: int = 0) -> None:
        """Filter `holder[key]` where it is text; parts in a list are filtered one by one."""
        value = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(value, str):
            if value:
                holder[key] = self.text(value, kind, index, part)  # type: ignore[index]
        elif isinstance(value, list | dict):
            self.strings(value, kind, index, part)

    def others(self, holder: dict[str, Any], known: frozenset[str]) -> None:
        """Everything but the names in `known`: fields that some servers have of their own."""
        for name in holder.keys() - known:
            self.put(holder, name, ChannelKind.CONTENT, 0, OTHER)

    def strings(
        self, value: Any, kind: ChannelKind, index: int = 0, part: int = 0, keep: frozenset[str] = frozenset()
    ) -> None:
        """Every string in a tree but the fields named in `keep` and the structural ones."""
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in list(items):
            if isinstance(inner, str):
                if inner and key not in STRUCTURAL and key not in keep:
                    value[key] = self.text(inner, kind, index, part)
            elif isinstance(inner, dict | list) and key not in keep:
                self.strings(inner, kind, index, part, keep)


STRUCTURAL = frozenset(("type", "id", "object", "role", "status", "call_id", "encrypted_content", "fingerprint"))
"""Names whose strings are never text of a model."""


def whole(filter: OutputFilter | None, text: str) -> str:
    return text if filter is None else filter.feed(text) + filter.close()


class Pipe:
    """One channel of a stream: its filter, and whether what came out is what went in.

    `changed` is known once nothing is held; until then the text of the window is kept.
    """

    __slots__ = ("_filter", "_in", "_out", "changed")

    def __init__(self, filter: OutputFilter | None) -> None:
        self._filter, self._in, self._out, self.changed = filter, "", "", False

    @property
    def held(self) -> int:
        return self._filter.held if self._filter else 0

    def feed(self, text: str) -> str:
        if self._filter is None:
            return text
        out = self._filter.feed(text)
        if out == text and not self._in and not self._filter.held:
            return out
        self._settle(text, out, not self._filter.held)
        return out

    def close(self) -> str:
        if self._filter is None:
            return ""
        out = self._filter.close()
        self._settle("", out, True)
        return out

    def _settle(self, took: str, gave: str, settled: bool) -> None:
        self._in += took
        self._out += gave
        if settled:
            self.changed = self.changed or self._in != self._out
            self._in = self._out = ""


ERROR_OBJECT = "error_object"
"""Reason of a stream in which the upstream itself says that it failed."""


def load(event: Event) -> dict[str, Any]:
    """The JSON object an event holds. Raises `UpstreamError` (reason `malformed`)."""
    try:
        chunk = orjson.loads(event.data)
    except orjson.JSONDecodeError:
        chunk = None
    if not isinstance(chunk, dict):
        raise malformed("an event that is no JSON object")
    return chunk


def malformed(what: str) -> UpstreamError:
    return UpstreamError(f"the upstream sent {what}", reason="malformed")


def error_object(error: UpstreamError) -> dict[str, Any]:
    """The OpenAI error object that ends a stream (F13): own words and a label, nothing of the upstream's text."""
    return {"message": str(error), "type": "upstream_error", "param": None, "code": error.reason}
