"""The second look at whole answers: what filters made of each text is shown to the checks that may correct it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from guard.check import Exchange, OutputFilter, Revising, Revision
from guard.surface import Channel, ChannelKind
from proxy.wire.answer import Endpoint, Open, whole
from proxy.wire.request import WireRequest


async def revised(
    answer: dict[str, Any],
    endpoint: Endpoint,
    open: Open,
    request: WireRequest,
    exchange: Exchange,
    revisers: Sequence[Revising],
    count: Callable[[Revision], None],
) -> Open:
    """Filters like those of `open`, but giving corrected texts. `answer` is left as it is.

    Only texts that the client reads (content, no tool input), and only those nothing in the answer points into: offsets
    of citations count characters of the filtered text.
    """
    seen = _Seen(open)
    endpoint.filter_body(copy.deepcopy(answer), seen.open, request)
    changed: dict[tuple[Channel, str], str] = {}
    for channel, texts in seen.texts.items():
        if channel.kind is not ChannelKind.CONTENT or channel.index or len(texts) != 1:
            continue
        sent, filtered = texts[0]
        text = filtered
        for reviser in revisers:
            revision = await reviser.revise(exchange, sent, text)
            count(revision)
            text = revision.text
        if text != filtered:
            changed[channel, sent] = text

    def open_revised(channel: Channel) -> OutputFilter | None:
        return _Swap(open, channel, changed) if any(known == channel for known, _ in changed) else open(channel)

    return open_revised


class _Seen:
    """Runs filters and notes what went in and what came out, by channel."""

    def __init__(self, open: Open) -> None:
        self._open = open
        self.texts: dict[Channel, list[tuple[str, str]]] = {}

    def open(self, channel: Channel) -> OutputFilter:
        return _Whole(lambda text: self._note(channel, text))

    def _note(self, channel: Channel, text: str) -> str:
        out = whole(self._open(channel), text)
        if text.strip():
            self.texts.setdefault(channel, []).append((text, out))
        return out


class _Whole:
    """A filter that waits for all of its text."""

    def __init__(self, finish: Callable[[str], str]) -> None:
        self._finish = finish
        self._text = ""

    @property
    def held(self) -> int:
        return len(self._text)

    def feed(self, text: str) -> str:
        self._text += text
        return ""

    def close(self) -> str:
        text, self._text = self._text, ""
        return self._finish(text)


class _Swap(_Whole):
    """Gives the corrected text for the very text it was made for, and filters every other one."""

    def __init__(self, open: Open, channel: Channel, changed: dict[tuple[Channel, str], str]) -> None:
        def finish(text: str) -> str:
            known = changed.get((channel, text))
            return whole(open(channel), text) if known is None else known

        super().__init__(finish)
