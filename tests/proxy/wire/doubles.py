"""A tiny stand-in for a sanitizer: one secret, one surrogate, an exact streaming restore."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from guard.errors import Blocked
from guard.surface import Channel
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire.request import WireRequest

SECRET = "Alice Ångström"
SURROGATE = "PERSON-7f3a"


def mask(request: WireRequest) -> WireRequest:
    for surface in request.surfaces:
        surface.write(surface.text.replace(SECRET, SURROGATE))
    request.commit()
    return request


class Restore:
    """Holds the longest suffix that may still become the surrogate."""

    def __init__(self) -> None:
        self._held = ""

    @property
    def held(self) -> int:
        return len(self._held)

    def feed(self, text: str) -> str:
        text = (self._held + text).replace(SURROGATE, SECRET)
        for size in range(min(len(SURROGATE) - 1, len(text)), 0, -1):
            if SURROGATE.startswith(text[-size:]):
                self._held = text[-size:]
                return text[:-size]
        self._held = ""
        return text

    def close(self) -> str:
        rest, self._held = self._held, ""
        return rest


class Refuse(Restore):
    """Blocks when it sees the word."""

    def feed(self, text: str) -> str:
        out = super().feed(text)
        if "FORBIDDEN" in text:
            raise Blocked("words", "no")
        return out


def restore(channel: Channel) -> Restore:
    return Restore()


def nothing(channel: Channel) -> None:
    return None


def event(data: dict[str, Any]) -> Event:
    name = data.get("type") if str(data.get("type", "")).startswith("response.") else None
    return Event(orjson.dumps(data), event=name)


def chunk(index: int = 0, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m", "choices": [choice]}


def drain(filter: Any, chunks: Iterable[dict[str, Any]], *, done: bool = True) -> list[dict[str, Any]]:
    """Feed chunks, then `[DONE]`; the JSON that came out, `[DONE]` left off."""
    out: list[Event] = []
    for one in chunks:
        out += filter.feed(event(one))
    out += filter.feed(DONE) if done else filter.close()
    return decode(out)


def decode(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [orjson.loads(e.data) for e in events if e.data and e.data != b"[DONE]"]


def said(chunks: Iterable[dict[str, Any]], key: str = "content", index: int = 0) -> str:
    return "".join(c["delta"].get(key) or "" for one in chunks for c in one.get("choices", ()) if c["index"] == index)
