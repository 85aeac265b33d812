"""Server-sent events, sans-I/O: an incremental parser and an encoder (WHATWG HTML, 9.2 Server-sent events)."""

from __future__ import annotations

from guard.errors import UpstreamError
from proxy.upstream.base import Event

DONE = Event(data=b"[DONE]")
"""What ends a chat or text completion stream."""

MAX_EVENT_BYTES = 8 << 20


class SSEParser:
    """Bytes in, events out, wherever the reads are split.

    Lines end in LF, CRLF or CR; a final event without its empty line is given by `close()` (many servers leave it
    out after `[DONE]`). `id` and `retry` fields and unknown ones are dropped, as are events without data.
    """

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._tail = b""  # an unfinished line
        self._parts: list[bytes] = []  # unfinished line's earlier pieces, joined once
        self._size = 0  # bytes of the event so far, the unfinished line included
        self._data: list[bytes] = []
        self._event: str | None = None
        self._skip_lf = False
        self._begun = False

    def feed(self, chunk: bytes) -> list[Event]:
        """Events completed by `chunk`. Raises `UpstreamError` (reason `oversize`) past `max_event_bytes`."""
        if not chunk:
            return []
        if self._skip_lf:
            self._skip_lf = False
            if chunk.startswith(b"\n"):
                chunk = chunk[1:]
        if chunk.endswith(b"\r"):
            self._skip_lf = True
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not chunk:
            return []
        first, *rest = chunk.split(b"\n")
        self._parts.append(first)
        self._grow(len(first))
        if not rest:
            return []
        out: list[Event] = []
        self._line(b"".join(self._parts), out)
        for line in rest[:-1]:
            self._grow(len(line))
            self._line(line, out)
        self._parts = [rest[-1]]
        self._grow(len(rest[-1]))
        return out

    def close(self) -> list[Event]:
        """The event the stream ended in, if its data is there."""
        out: list[Event] = []
        if any(self._parts):
            self._line(b"".join(self._parts), out)
        self._parts = []
        self._dispatch(out)
        return out

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise UpstreamError(f"the upstream sent an event of more than {self._max} bytes", reason="oversize")

    def _line(self, line: bytes, out: list[Event]) -> None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            self._dispatch(out)
        elif line.startswith(b":"):
            out.append(Event(comment=line[1:].removeprefix(b" ")))
            self._size -= len(line)
        else:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
            elif name == b"event":
                self._event = value.decode("utf-8", "replace")

    def _dispatch(self, out: list[Event]) -> None:
        if self._data:
            out.append(Event(data=b"\n".join(self._data), event=self._event or None))
        self._data, self._event, self._size = [], None, 0


def encode(event: Event) -> bytes:
    """The event as it goes over the wire."""
    if event.comment is not None:
        return b": " + event.comment + b"\n\n"
    head = f"event: {event.event}\n".encode() if event.event else b""
    if b"\n" in event.data:
        return head + b"".join(b"data: " + line + b"\n" for line in event.data.split(b"\n")) + b"\n"
    return head + b"data: " + event.data + b"\n\n"
