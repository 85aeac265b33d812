"""`/v1/chat/completions`, the request: its field table and how its messages read to a chat template."""

from __future__ import annotations

import copy
from typing import Any

from guard.surface import Role
from proxy.wire.fields import (
    BOOLEAN,
    INTEGER,
    TOKEN,
    Either,
    ListOf,
    Node,
    Object,
    Opaque,
    Rejected,
    Scalar,
    Tagged,
    Text,
)
from proxy.wire.json_text import JsonOrText, JsonText
from proxy.wire.tables import (
    CACHE_BREAKPOINT,
    CHAT_TOOL,
    COUNT,
    FUNCTION,
    JSON_SCHEMA,
    LOCATION,
    META,
    METADATA,
    MODEL,
    MODERATION,
    NAME,
    SAMPLING,
    VLLM_CHAT,
)
from proxy.wire.trees import AnyText

PATH = "/v1/chat/completions"

_MEDIA = Opaque("media: not read by text checks")
_TEXT_PART = Object(
    {"type": TOKEN, "text": JsonOrText(), "prompt_cache_breakpoint": CACHE_BREAKPOINT}, required=("text",)
)
_REFUSAL_PART = Object({"type": TOKEN, "refusal": Text()})


def _media(name: str, fields: dict[str, Node]) -> Object:
    return Object(
        {"type": TOKEN, name: Object(fields), "prompt_cache_breakpoint": CACHE_BREAKPOINT, "uuid": TOKEN},
        required=(name,),
    )


_USER_PARTS: dict[str, Node] = {
    "text": _TEXT_PART,
    "image_url": _media("image_url", {"url": _MEDIA, "detail": TOKEN}),
    "input_audio": _media("input_audio", {"data": _MEDIA, "format": TOKEN}),
    "file": _media("file", {"file_data": _MEDIA, "file_id": TOKEN, "filename": META}),
    "video_url": _media("video_url", {"url": _MEDIA}),
    "audio_url": _media("audio_url", {"url": _MEDIA}),
}


def _content(parts: dict[str, Node]) -> Node:
    return Either(string=JsonOrText(), array=ListOf(Tagged("type", parts)))


_PLAIN = _content({"text": _TEXT_PART})

TOOL_CALL = Tagged(
    "type",
    {
        "function": Object(
            {
                "id": TOKEN,
                "type": TOKEN,
                "index": INTEGER,
                "function": Object({"name": NAME, "arguments": JsonText()}, required=("name",)),
            },
            required=("function",),
        ),
        "custom": Object(
            {
                "id": TOKEN,
                "type": TOKEN,
                "index": INTEGER,
                "custom": Object({"name": NAME, "input": Text()}, required=("name",)),
            },
            required=("custom",),
        ),
    },
    default="function",
)


def _message(role: Role, content: Node = _PLAIN, **more: Node) -> Object:
    return Object({"role": TOKEN, "content": content, "name": META, **more}, role=role)


# Answers are sent back as history by many clients as they came, with whatever the answer's message held.
MESSAGE = Tagged(
    "role",
    {
        "system": _message(Role.SYSTEM, tools=ListOf(CHAT_TOOL)),
        "developer": _message(Role.SYSTEM, tools=ListOf(CHAT_TOOL)),
        "user": _message(Role.USER, _content(_USER_PARTS)),
        "assistant": _message(
            Role.ASSISTANT,
            _content({"text": _TEXT_PART, "refusal": _REFUSAL_PART}),
            refusal=Text(),
            audio=Object(
                {"id": TOKEN, "data": _MEDIA, "transcript": Text(), "expires_at": INTEGER},
            ),
            tool_calls=ListOf(TOOL_CALL),
            function_call=Object({"name": NAME, "arguments": JsonText()}),
            annotations=AnyText(keep=frozenset(("type",))),
            reasoning=Text(),
            reasoning_content=Text(),
        ),
        "tool": _message(Role.TOOL, _content(_USER_PARTS), tool_call_id=TOKEN),
        "function": _message(Role.TOOL),
    },
)

_TOOL_CHOICE_NAME = Object({"name": NAME}, role=Role.DEFINITION)

TABLE = Object(
    {
        **SAMPLING,
        "messages": ListOf(MESSAGE, turns=True),
        "model": MODEL,
        "audio": Object({"format": TOKEN, "voice": Either(string=TOKEN, object=Object({"id": TOKEN}))}),
        "function_call": Either(string=TOKEN, object=_TOOL_CHOICE_NAME),
        "functions": ListOf(FUNCTION),
        "logprobs": BOOLEAN,
        "max_completion_tokens": COUNT,
        "metadata": METADATA,
        "modalities": ListOf(TOKEN),
        "moderation": MODERATION,
        "parallel_tool_calls": BOOLEAN,
        "prediction": Object({"type": TOKEN, "content": _PLAIN}, role=Role.ASSISTANT),
        "prompt_cache_key": META,
        "prompt_cache_options": Object({"mode": TOKEN, "ttl": TOKEN}),
        "prompt_cache_retention": TOKEN,
        "reasoning_effort": TOKEN,
        "response_format": Object({"type": TOKEN, "json_schema": JSON_SCHEMA}),
        "safety_identifier": META,
        "service_tier": TOKEN,
        "store": BOOLEAN,
        "tool_choice": Either(
            string=TOKEN,
            object=Object(
                {
                    "type": TOKEN,
                    "function": _TOOL_CHOICE_NAME,
                    "custom": _TOOL_CHOICE_NAME,
                    "allowed_tools": Object(
                        {"mode": TOKEN, "tools": ListOf(AnyText(Role.DEFINITION, keep=frozenset(("type",))))}
                    ),
                }
            ),
        ),
        "tools": ListOf(CHAT_TOOL),
        "top_logprobs": COUNT,
        "verbosity": TOKEN,
        "web_search_options": Object({"search_context_size": TOKEN, "user_location": LOCATION}),
        **VLLM_CHAT,
        "echo": Rejected("it hands the masked prompt back", harmless=(False,)),
        "best_of": Scalar("integer", low=1),
    },
    required=("messages",),
)

_NOTED = {
    "image_url": "[image]",
    "input_image": "[image]",
    "video_url": "[video]",
    "input_audio": "[audio]",
    "audio_url": "[audio]",
    "file": "[file]",
    "input_file": "[file]",
}


def flatten(content: Any) -> str:
    """Content parts as one text, one part a line, media as `[image]`, `[audio]`, `[video]` or `[file]`."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "\n".join(map(_part, content))


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    text = part.get("text") or part.get("refusal") or _NOTED.get(str(part.get("type")), "")
    return text if isinstance(text, str) else ""


def template_messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a chat body as a chat template takes them: text content, fresh copies."""
    out = []
    for message in body["messages"]:
        fresh = {k: v for k, v in message.items() if v is not None and k not in ("audio", "annotations")}
        fresh["content"] = flatten(message.get("content"))
        if not fresh["content"] and isinstance(message.get("refusal"), str):
            fresh["content"] = message["refusal"]
        for key in ("tool_calls", "function_call", "tools"):
            if key in fresh:
                fresh[key] = copy.deepcopy(fresh[key])
        out.append(fresh)
    return out


def template_tools(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The tools of a chat body in chat form; legacy `functions` are wrapped."""
    tools = body.get("tools") or [{"type": "function", "function": f} for f in body.get("functions") or ()]
    return copy.deepcopy(tools) or None
