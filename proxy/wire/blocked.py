"""How a refused request looks, per endpoint and style, whole and streamed (wire rules 10, F12, R4).

The `error` style is no answer but an HTTP 400; `error_body` is its envelope.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from guard.errors import RequestError
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire.request import WireRequest

Style = Literal["refusal", "content_filter"]

_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def error_body(
    message: str,
    *,
    type: str = "invalid_request_error",
    code: str | None = "content_policy_violation",
    param: str | None = None,
) -> dict[str, Any]:
    """OpenAI's error envelope, all four keys (X1)."""
    return {"error": {"message": message, "type": type, "param": param, "code": code}}


def supports(endpoint: str) -> bool:
    """Whether the endpoint has an answer form for a block; else only the `error` style is possible."""
    return endpoint in ("/v1/chat/completions", "/v1/completions", "/v1/responses")


def blocked_body(
    request: WireRequest, style: Style, message: str, *, moderation: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The whole answer of a refused request: one per choice asked for, no tokens used.

    Raises `RequestError` (400, `content_policy_violation`) for endpoints that have no such form.
    """
    if request.endpoint == "/v1/responses":
        return _response(request, style, message, moderation, status=None)
    if not supports(request.endpoint):
        raise RequestError(message, code="content_policy_violation")
    chat = request.endpoint == "/v1/chat/completions"
    choices = []
    for index in range(request.n):
        reason, refusal = _end(style, message)
        if chat:
            # an empty string, not null, where no refusal says why: clients index and print it
            content = None if refusal else ""
            said: dict[str, Any] = {"message": {"role": "assistant", "content": content, "refusal": refusal}}
        else:
            said = {"text": refusal or ""}
        choices.append({"index": index, **said, "logprobs": None, "finish_reason": reason})
    head = _head(request, "chat.completion" if chat else "text_completion")
    return {**head, "choices": choices, "usage": dict(_USAGE), **_moderation(moderation)}


def blocked_events(
    request: WireRequest, style: Style, message: str, *, moderation: Mapping[str, Any] | None = None
) -> list[Event]:
    """The same as a whole stream, terminal event included. Raises like `blocked_body`."""
    if request.endpoint == "/v1/responses":
        return _response_events(request, style, message, moderation)
    if not supports(request.endpoint):
        raise RequestError(message, code="content_policy_violation")
    chat = request.endpoint == "/v1/chat/completions"
    head = _head(request, "chat.completion.chunk" if chat else "text_completion")
    usage: dict[str, Any] = {"usage": None} if request.include_usage else {}
    events = []

    def chunk(choices: list[dict[str, Any]], **more: Any) -> None:
        events.append(Event(orjson.dumps({**head, "choices": choices, **usage, **more})))

    for index in range(request.n):
        reason, refusal = _end(style, message)
        if chat:
            said = {"refusal": refusal} if refusal else {"content": ""}
            chunk([_choice(index, delta={"role": "assistant", **said})])
        elif refusal:
            chunk([_choice(index, text=refusal)])
        last = _moderation(moderation) if index == request.n - 1 else {}
        nothing: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
        chunk([_choice(index, reason, **nothing)], **last)
    if request.include_usage:
        chunk([], usage=dict(_USAGE))
    return [*events, DONE]


def _choice(index: int, reason: str | None = None, **said: Any) -> dict[str, Any]:
    return {"index": index, **said, "logprobs": None, "finish_reason": reason}


def _end(style: Style, message: str) -> tuple[str, str | None]:
    return ("stop", message) if style == "refusal" else ("content_filter", None)


def _moderation(moderation: Mapping[str, Any] | None) -> dict[str, Any]:
    return {} if moderation is None else {"moderation": moderation}


def _head(request: WireRequest, object: str) -> dict[str, Any]:
    prefix = "chatcmpl" if object.startswith("chat") else "cmpl"
    return {
        "id": f"{prefix}-{secrets.token_hex(12)}",
        "object": object,
        "created": int(time.time()),
        "model": request.model,
    }


def _response(
    request: WireRequest,
    style: Style,
    message: str,
    moderation: Mapping[str, Any] | None,
    *,
    status: str | None,
    id: str | None = None,
    item: str | None = None,
) -> dict[str, Any]:
    """A Response object; `status` None is its end: `completed` for a refusal, `incomplete` for content_filter."""
    refused = style == "refusal"
    status = status or ("completed" if refused else "incomplete")
    output = [] if status == "in_progress" else [_item(item, message if refused else None, status)]
    body = request.body
    return {
        "id": id or f"resp_{secrets.token_hex(12)}",
        "object": "response",
        "created_at": int(time.time()),
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "content_filter"} if status == "incomplete" else None,
        "instructions": None,
        "metadata": {},
        "model": request.model,
        "output": output,
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "temperature": body.get("temperature"),
        "tool_choice": "auto",
        "tools": [],
        "top_p": body.get("top_p"),
        "usage": None
        if status == "in_progress"
        else {
            "input_tokens": 0,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 0,
        },
        **_moderation(moderation if status != "in_progress" else None),
    }


def _item(id: str | None, refusal: str | None, status: str) -> dict[str, Any]:
    return {
        "id": id or f"msg_{secrets.token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [{"type": "refusal", "refusal": refusal}] if refusal else [],
    }


def _response_events(
    request: WireRequest, style: Style, message: str, moderation: Mapping[str, Any] | None
) -> list[Event]:
    id, item = f"resp_{secrets.token_hex(12)}", f"msg_{secrets.token_hex(12)}"
    begun = _response(request, style, message, None, status="in_progress", id=id)
    ended = _response(request, style, message, moderation, status=None, id=id, item=item)
    where = {"item_id": item, "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": _item(item, None, "in_progress"),
        },
    ]
    if style == "refusal":
        part = {"type": "refusal", "refusal": message}
        events += [
            {"type": "response.content_part.added", **where, "part": {"type": "refusal", "refusal": ""}},
            {"type": "response.refusal.delta", **where, "delta": message},
            {"type": "response.refusal.done", **where, "refusal": message},
            {"type": "response.content_part.done", **where, "part": part},
        ]
    events += [
        {"type": "response.output_item.done", "output_index": 0, "item": ended["output"][0]},
        {"type": f"response.{ended['status']}", "response": ended},
    ]
    return [
        Event(orjson.dumps({**event, "sequence_number": n}), event=str(event["type"])) for n, event in enumerate(events)
    ]
