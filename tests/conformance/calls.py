"""The table of calls that every client makes, directly and through the proxy."""

from __future__ import annotations

from typing import Any

SAY = "Tell me something nice, 你好 🙂"
TOOL = {
    "type": "function",
    "function": {
        "name": "record",
        "description": "Writes a text down.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
}
ASSISTANT_CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "record", "arguments": '{"text": "x"}'}}],
}


def user(text: str = SAY) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


CHATS: dict[str, dict[str, Any]] = {
    "plain": {"messages": user()},
    "n = 3": {"messages": user(), "n": 3},
    "logprobs": {"messages": user(), "logprobs": True, "top_logprobs": 2},
    "parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": SAY}]}]},
    "system and history": {
        "messages": [
            {"role": "system", "content": "Be brief."},
            *user("one"),
            {"role": "assistant", "content": "two"},
            *user("three"),
        ]
    },
    "tool call": {"model": "tool-echo", "messages": user(), "tools": [TOOL]},
    "tool result": {
        "messages": [*user(), ASSISTANT_CALL, {"role": "tool", "tool_call_id": "c1", "content": "done"}],
        "tools": [TOOL],
    },
    "reasoning": {"model": "reason-echo", "messages": user()},
    "many settings": {
        "messages": user(),
        "temperature": 0.2,
        "top_p": 0.9,
        "max_tokens": 50,
        "stop": ["\n\n"],
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.1,
        "user": "u-1",
        "metadata": {"team": "a"},
    },
    "usage": {"messages": user(), "stream_options": {"include_usage": True}},
}
