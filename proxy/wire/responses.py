"""`/v1/responses`: parse, filter whole answers; streams are in `responses_stream`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import Blocked, CheckUnavailable, RequestError
from proxy.wire.answer import Open, StreamFilter, Tally, malformed
from proxy.wire.blocked import blocked_body as blocked
from proxy.wire.blocked import blocked_events as blocked_stream
from proxy.wire.parsing import build, walked
from proxy.wire.request import DEFAULTS, Options, WireRequest
from proxy.wire.responses_items import Items
from proxy.wire.responses_request import PATH, TABLE, template_messages, template_tools
from proxy.wire.responses_stream import ResponseStream, echoes, keep_known, note, others

__all__ = ["PATH", "TABLE", "blocked", "blocked_stream", "filter_body", "parse", "stream_filter"]


def parse(body: object, options: Options = DEFAULTS) -> WireRequest:
    """Take a Responses request apart. Raises `RequestError` (400) naming the field."""
    if isinstance(body, dict) and body.get("stream_options") is not None and not body.get("stream"):
        raise RequestError(
            "'stream_options' is only allowed with 'stream': true.", param="stream_options", code="invalid_value"
        )
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
    """Filter the items of a whole Response in place and restore the request fields it echoes.

    Raises `UpstreamError` (reason `malformed`) when it has no output list.
    """
    tally = tally if tally is not None else Tally()
    output = answer.get("output")
    if not isinstance(output, list):
        raise malformed("a response without output")
    items = Items(open, note(tally))
    for index, item in enumerate(output):
        try:
            items.item(item, index)
        except (Blocked, CheckUnavailable) as error:
            tally.blocked.append(error.check)
            del output[index:]  # what came after may build on it
            answer["status"] = "incomplete"
            answer["incomplete_details"] = {"reason": "content_filter"}
            break
    try:
        others(answer, items)
    except (Blocked, CheckUnavailable) as error:
        tally.blocked.append(error.check)
        keep_known(answer)
    echoes(answer, request, tally)
    if moderation is not None:
        answer["moderation"] = moderation
    return answer


def stream_filter(open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> StreamFilter:
    """A fresh filter for one streamed Response."""
    return ResponseStream(open, request, moderation=moderation)
