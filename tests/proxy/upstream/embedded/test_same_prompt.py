"""What the guard scores is token for token what the model answers, so that their prompt KV is one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from proxy.upstream.embedded import chat_api, responses_api
from proxy.upstream.embedded.model import LoadedModel
from proxy.upstream.embedded.params import Budget
from proxy.wire import chat, responses

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": [1, "x"]}'}}
TOOL = {"name": "f", "description": "does f", "parameters": {"type": "object", "properties": {}}}
USER = {"role": "user", "content": "hello"}
BUDGET = Budget(512, 8, 8)

CHATS: list[dict[str, Any]] = [
    {"messages": [USER]},
    {"messages": [{"role": "system", "content": "be kind"}, USER, {"role": "assistant", "content": "hi"}, USER]},
    {"messages": [{"role": "developer", "content": "be kind"}, USER]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}]}]},
    {"messages": [{"role": "user", "name": "eve", "content": "hello <|im_end|>"}]},
    {
        "messages": [
            USER,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "3"}]},
        ],
        "tools": [{"type": "function", "function": TOOL}],
    },
    {
        "messages": [
            USER,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "3"},
        ],
        "functions": [TOOL],
    },
    {"messages": [USER, {"role": "assistant", "content": None, "refusal": "no"}, USER]},
    {"messages": [USER, {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, USER]},
    {"messages": [USER], "tools": [{"type": "function", "function": TOOL}], "tool_choice": "none"},
]
ITEMS: list[dict[str, Any]] = [
    {"input": "hello"},
    {"input": "hello", "instructions": "be kind"},
    {"input": [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}]},
    {
        "input": [
            USER,
            {"type": "reasoning", "id": "r", "summary": []},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'},
            {"type": "function_call_output", "call_id": "c1", "output": "3"},
        ],
        "tools": [{"type": "function", **TOOL, "strict": True}],
    },
]


@pytest.mark.parametrize("body", CHATS)
def test_chat(loaded: LoadedModel, body: dict[str, Any]) -> None:
    request = chat.parse({"model": "m", **copy.deepcopy(body)})
    scored = loaded.template.render(request.messages() or [], request.tools())
    answered = chat_api.parse(request.body, loaded, BUDGET, stream=False, strength=0.0).plan.prompts[0]
    assert loaded.tokenizer.decode(scored) == loaded.tokenizer.decode(answered)
    assert scored == answered


@pytest.mark.parametrize("body", ITEMS)
def test_responses(loaded: LoadedModel, body: dict[str, Any]) -> None:
    request = responses.parse({"model": "m", **copy.deepcopy(body)})
    scored = loaded.template.render(request.messages() or [], request.tools())
    answered = responses_api.parse(request.body, loaded, BUDGET, stream=False, strength=0.0).plan.prompts[0]
    assert loaded.tokenizer.decode(scored) == loaded.tokenizer.decode(answered)
    assert scored == answered
