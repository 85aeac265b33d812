"""`/v1/chat/completions`: parse, filter whole answers, filter streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import Blocked, CheckUnavailable
from guard.surface import ChannelKind
from proxy.wire.answer import Filters, Open, StreamFilter, Tally, malformed, whole
from proxy.wire.blocked import blocked_body as blocked
from proxy.wire.blocked import blocked_events as blocked_stream
from proxy.wire.chat_request import PATH, TABLE, template_messages, template_tools
from proxy.wire.chat_stream import ChatStream
from proxy.wire.parsing import build, walked
from proxy.wire.request import DEFAULTS, Options, WireRequest
from proxy.wire.stream import CHOICE
from proxy.wire.whole import finish, strip

__all__ = [
    "PATH",
    "TABLE",
    "blocked",
    "blocked_stream",
    "filter_body",
    "parse",
    "stream_filter",
    "template_messages",
    "template_tools",
]

MESSAGE = frozenset(
    (
        "role",
        "content",
        "refusal",
        "tool_calls",
        "function_call",
        "audio",
        "annotations",
        "reasoning",
        "reasoning_content",
    )
)
"""What a message holds that is filtered by name; other names some servers have are filtered whatever they are."""


def parse(body: object, options: Options = DEFAULTS) -> WireRequest:
    """Take a chat request apart. Raises `RequestError` (400) naming the field."""
    fields, walk = walked(TABLE, body, options)
    request = build(PATH, fields, walk)
    request._messages = template_messages
    request._tools = template_tools
    return request


def filter_body(
    answer: dict[str, Any],
    open: Open,
    request: WireRequest | None = None,
    *,
    tally: Tally | None = None,
    moderation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Filter every output surface of a whole chat answer, in place.

    Raises `UpstreamError` (reason `malformed`) when the answer has no list of choices.
    """
    tally = tally if tally is not None else Tally()
    filters = Filters(open, tally)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
        raise malformed("an answer without choices")
    for position, choice in enumerate(choices):
        index = choice.get("index")
        filters.choice = index if isinstance(index, int) else position
        try:
            _message(choice.get("message"), filters)
            filters.others(choice, CHOICE)
            filters.put(choice, "stop_reason", ChannelKind.CONTENT, 0, 3)
        except (Blocked, CheckUnavailable) as error:
            tally.blocked.append(error.check)
            choice["message"] = {"role": "assistant", "content": None, "refusal": None}
            choice["finish_reason"] = "content_filter"
            tally.changed.add(filters.choice)
            for name in choice.keys() - CHOICE:
                del choice[name]
        strip(choice, request, tally, filters.choice in tally.changed)
        if choice.get("finish_reason") is not None:
            tally.finish_reasons[filters.choice] = str(choice["finish_reason"])
    finish(answer, request, filters, moderation)
    return answer


def stream_filter(open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> StreamFilter:
    """A fresh filter for one streamed chat answer."""
    return ChatStream(open, request, moderation=moderation)


def _message(message: Any, filters: Filters) -> None:
    if not isinstance(message, dict):
        return
    content = message.get("content")
    filters.put(message, "reasoning", ChannelKind.REASONING)
    filters.put(message, "reasoning_content", ChannelKind.REASONING, 0, 1)
    filters.put(message, "content", ChannelKind.CONTENT)
    filters.put(message, "refusal", ChannelKind.REFUSAL)
    calls = message.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else ()):
        if isinstance(call, dict):
            _function(call.get("function"), filters, index, 0)
            filters.put(call.get("custom"), "name", ChannelKind.CONTENT, index + 1, 1)
            filters.put(call.get("custom"), "input", ChannelKind.CONTENT, index + 1, 0)
    _function(message.get("function_call"), filters, 0, 1)
    filters.put(message.get("audio"), "transcript", ChannelKind.CONTENT, 0, 2)
    annotations = message.get("annotations")
    if isinstance(annotations, list):
        filters.strings(annotations, ChannelKind.CONTENT, 0, 1)
        if isinstance(content, str) and message["content"] != content:
            _move(annotations, content, filters)
    filters.others(message, MESSAGE)


def _function(function: Any, filters: Filters, index: int, part: int) -> None:
    filters.put(function, "name", ChannelKind.CONTENT, index + 1, 1)
    filters.put(function, "arguments", ChannelKind.ARGUMENTS, index, part)


def _move(annotations: list[Any], content: str, filters: Filters) -> None:
    """Offsets into the content move with it (O5): each becomes the length of the filtered text before it."""
    for annotation in annotations:
        for holder in annotation.values() if isinstance(annotation, dict) else ():
            for key in ("start_index", "end_index"):
                at = holder.get(key) if isinstance(holder, dict) else None
                if isinstance(at, int):
                    before = whole(filters.open(filters.channel(ChannelKind.CONTENT)), content[:at])
                    holder[key] = len(before)
