"""What the test upstream says when it behaves: it echoes, so that a test sees what reached it.

Model names change the form: `tool…` answers with a tool call, `reason…` thinks aloud first, `all` says the whole
body, `repeat` gives a Response that repeats the fields of the request.
`logprobs` and `n` are honoured.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

_USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


def said(body: dict[str, Any]) -> str:
    """The text of the newest user turn, prompt or input; of the model `all`, everything."""
    if body["model"] == "all":
        return json.dumps(body, ensure_ascii=False)
    if "messages" in body:
        for message in reversed(body["messages"]):
            if message.get("role") in ("user", "tool"):
                return _text(message.get("content"))
    if "prompt" in body:
        prompt = body["prompt"]
        return prompt if isinstance(prompt, str) else str(prompt[0]) if prompt else ""
    if "input" in body:
        items = body["input"]
        return items if isinstance(items, str) else _text(items[-1].get("content")) if items else ""
    return ""


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content or "")


def whole(path: str, body: Any) -> tuple[int, Any]:
    """Status and JSON body of a whole answer."""
    if path.endswith("/models"):
        return 200, {"object": "list", "data": [_model("echo"), _model("tool-echo")]}
    if "/models/" in path:
        return 200, _model(path.rsplit("/", 1)[1])
    if path.endswith("/embeddings"):
        inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
        data = [{"object": "embedding", "index": i, "embedding": [0.5, 0.25]} for i, _ in enumerate(inputs)]
        return 200, {"object": "list", "model": body["model"], "data": data, "usage": _USAGE}
    if path.endswith("/chat/completions"):
        choices = [_chat_choice(body, i) for i in range(int(body.get("n") or 1))]
        return 200, {**_base(body, "chat.completion"), "choices": choices, "usage": _USAGE}
    if path.endswith("/completions"):
        choices = [
            {"index": i, "text": f"You said: {said(body)}", "finish_reason": "stop", "logprobs": None}
            for i in range(int(body.get("n") or 1))
        ]
        return 200, {**_base(body, "text_completion"), "choices": choices, "usage": _USAGE}
    if path.endswith("/responses"):
        return 200, _response(body, f"You said: {said(body)}", "completed")
    return 404, {"error": {"message": "no such route", "type": "invalid_request_error", "param": None, "code": None}}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "test"}


def _base(body: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "cmpl-1", "object": kind, "created": 1700000000, "model": body["model"]}


def _logprobs(text: str) -> dict[str, Any]:
    token = {"token": text, "logprob": -0.5, "bytes": list(text.encode()), "top_logprobs": []}
    return {"content": [token], "refusal": None}


def _chat_choice(body: dict[str, Any], index: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": f"You said: {said(body)}", "refusal": None}
    finish = "stop"
    if body["model"].startswith("tool"):
        message["content"] = None
        message["tool_calls"] = [_call(body)]
        finish = "tool_calls"
    if body["model"].startswith("reason"):
        message["reasoning"] = f"They said {said(body)}"
    logprobs = _logprobs(str(message["content"])) if body.get("logprobs") else None
    return {"index": index, "message": message, "finish_reason": finish, "logprobs": logprobs}


def _call(body: dict[str, Any]) -> dict[str, Any]:
    arguments = json.dumps({"text": said(body), "count": 2})
    return {"id": "call_1", "type": "function", "function": {"name": "record", "arguments": arguments}}


def sse(data: Any, event: str | None = None) -> bytes:
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


async def stream(path: str, body: dict[str, Any], piece: int) -> AsyncIterator[bytes]:
    """The events of a streamed answer, `[DONE]` included where the endpoint has it."""
    if path.endswith("/responses"):
        async for event in _response_events(body, piece):
            yield event
        return
    chat = path.endswith("/chat/completions")
    base = _base(body, "chat.completion.chunk" if chat else "text_completion")
    usage = bool((body.get("stream_options") or {}).get("include_usage"))
    if usage:
        base["usage"] = None

    def chunk(index: int, delta: dict[str, Any], finish: str | None = None, logprobs: Any = None) -> bytes:
        choice: dict[str, Any] = {"index": index, "finish_reason": finish, "logprobs": logprobs}
        choice |= {"delta": delta} if chat else {"text": delta.get("content", "")}
        return sse({**base, "choices": [choice]})

    count = body.get("n") or 1
    text = f"You said: {said(body)}"
    pieces = [text[i : i + piece] for i in range(0, len(text), piece)]
    if chat:
        for i in range(count):
            yield chunk(i, {"role": "assistant", "content": ""})
    finish = "stop"
    if chat and body["model"].startswith("tool"):
        call = _call(body)
        arguments = call["function"]["arguments"]
        call["function"]["arguments"] = ""
        yield chunk(0, {"tool_calls": [{"index": 0, **call}]})
        for i in range(0, len(arguments), piece):
            fragment = {"arguments": arguments[i : i + piece]}
            yield chunk(0, {"tool_calls": [{"index": 0, "function": fragment}]})
        finish = "tool_calls"
    else:
        if chat and body["model"].startswith("reason"):
            thought = f"They said {said(body)}"
            for i in range(0, len(thought), piece):
                yield chunk(0, {"reasoning": thought[i : i + piece]})
        for part in pieces:
            for i in range(count):
                yield chunk(i, {"content": part}, logprobs=_logprobs(part) if body.get("logprobs") and chat else None)
    for i in range(count):
        yield chunk(i, {}, finish)
    if usage:
        yield sse({**base, "choices": [], "usage": _USAGE})
    yield b"data: [DONE]\n\n"


def _response(body: dict[str, Any], text: str, status: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    repeated = body if body["model"] == "repeat" else {}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": [part]}
    return {
        "id": "resp_1", "object": "response", "created_at": 1700000000, "status": status, "model": body["model"],
        "output": [item] if text else [],
        "instructions": body.get("instructions"), "metadata": body.get("metadata") or {},
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0,
        "error": None, "incomplete_details": None,
        "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12,
                  "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}},
        **{k: v for k, v in repeated.items() if k not in ("input", "stream")},
    }  # fmt: skip


async def _response_events(body: dict[str, Any], piece: int) -> AsyncIterator[bytes]:
    text, number = f"You said: {said(body)}", 0

    def event(kind: str, **data: Any) -> bytes:
        nonlocal number
        number += 1
        return sse({"type": kind, "sequence_number": number - 1, **data}, kind)

    where = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    opened = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []}
    done = _response(body, text, "completed")
    yield event("response.created", response=_response(body, "", "in_progress"))
    yield event("response.in_progress", response=_response(body, "", "in_progress"))
    yield event("response.output_item.added", output_index=0, item=opened)
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield event("response.content_part.added", **where, part=empty)
    for i in range(0, len(text), piece):
        yield event("response.output_text.delta", **where, delta=text[i : i + piece], logprobs=[])
    yield event("response.output_text.done", **where, text=text, logprobs=[])
    yield event("response.content_part.done", **where, part=done["output"][0]["content"][0])
    yield event("response.output_item.done", output_index=0, item=done["output"][0])
    yield event("response.completed", response=done)
