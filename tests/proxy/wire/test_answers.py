"""Whole answers: every output surface is filtered, what repeats changed text goes, the rest stays as it came."""

from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from guard.errors import UpstreamError
from proxy.wire import chat, completions, embeddings, responses
from proxy.wire.answer import Tally
from proxy.wire.request import WireRequest
from tests.proxy.wire import bodies
from tests.proxy.wire.doubles import SECRET, SURROGATE, Refuse, mask, nothing, restore

S = SURROGATE
ARGUMENTS = json.dumps({"who": f"x {S}", "n": 1.0})


def chat_request(**more: Any) -> WireRequest:
    return mask(chat.parse({"model": "m", "messages": [{"role": "user", "content": SECRET}], **more}))


def chat_answer() -> dict[str, Any]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 7,
        "model": "m",
        "prompt_token_ids": [1, 2],
        "prompt_logprobs": [None],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "stop_reason": S,
                "token_ids": [3],
                "logprobs": {"content": [{"token": "PERSON", "logprob": -1.0, "bytes": [80], "top_logprobs": []}]},
                "message": {
                    "role": "assistant",
                    "content": f"Hi {S}!",
                    "refusal": f"no {S}",
                    "reasoning": f"think {S}",
                    "reasoning_content": f"think {S}",
                    "audio": {"id": "a", "data": "AA", "expires_at": 1, "transcript": f"say {S}"},
                    "function_call": {"name": S, "arguments": ARGUMENTS},
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url_citation": {
                                "title": S,
                                "url": f"https://x/{S}",
                                "start_index": 3,
                                "end_index": 3 + len(S),
                            },
                        }
                    ],
                    "tool_calls": [
                        {"id": "t1", "type": "function", "function": {"name": S, "arguments": ARGUMENTS}},
                        {"id": "t2", "type": "custom", "custom": {"name": S, "input": f"in {S}"}},
                    ],
                },
            },
            {
                "index": 1,
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "ok", "logprob": -1.0, "bytes": [80], "top_logprobs": []}]},
                "message": {"role": "assistant", "content": "ok", "refusal": None},
            },
        ],
    }


def test_every_surface_of_a_chat_answer_is_restored() -> None:
    tally = Tally()
    out = chat.filter_body(chat_answer(), restore, chat_request(n=2), tally=tally)
    assert S not in orjson.dumps(out).decode()
    first, second = out["choices"]
    assert first["logprobs"] is None and "token_ids" not in first
    assert "prompt_token_ids" not in out and "prompt_logprobs" not in out
    assert second["logprobs"] is not None
    assert tally.changed == {0} and tally.restored == 14 and tally.logprobs_stripped
    assert tally.usage == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert tally.finish_reasons == {0: "tool_calls", 1: "stop"}
    ChatCompletion.model_validate(out, strict=False)


def test_offsets_move_with_the_text() -> None:
    out = chat.filter_body(chat_answer(), restore, chat_request(n=2))
    message = out["choices"][0]["message"]
    cited = message["annotations"][0]["url_citation"]
    assert message["content"][cited["start_index"] : cited["end_index"]] == SECRET


def test_restored_arguments_stay_json() -> None:
    out = chat.filter_body(chat_answer(), restore, chat_request(n=2))
    call = out["choices"][0]["message"]["tool_calls"][0]["function"]
    assert json.loads(call["arguments"]) == {"who": f"x {SECRET}", "n": 1.0}


def test_an_answer_without_filters_is_left_alone() -> None:
    request = chat.parse({"model": "m", "messages": []})
    assert chat.filter_body(chat_answer(), nothing, request) == chat_answer()


def test_a_block_ends_only_its_choice() -> None:
    answer = chat_answer()
    answer["choices"][0]["message"]["tool_calls"][1]["custom"]["input"] = "FORBIDDEN"
    tally = Tally()
    out = chat.filter_body(answer, lambda c: Refuse(), chat_request(n=2), tally=tally)
    assert out["choices"][0]["finish_reason"] == "content_filter"
    assert out["choices"][0]["message"] == {"role": "assistant", "content": None, "refusal": None}
    assert out["choices"][0]["logprobs"] is None
    assert out["choices"][1]["message"]["content"] == "ok"
    assert tally.blocked == ["words"]


def test_the_moderation_object_comes_with_the_answer() -> None:
    out = chat.filter_body(chat_answer(), nothing, None, moderation={"input": 1})
    assert out["moderation"] == {"input": 1}


def test_completions() -> None:
    answer = {
        "id": "x",
        "object": "text_completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "text": f"Hi {S}",
                "finish_reason": "stop",
                "logprobs": {"tokens": [S], "text_offset": [0]},
                "prompt_token_ids": [1],
            },
            {"index": 1, "text": "FORBIDDEN", "finish_reason": "length", "logprobs": None},
        ],
    }
    tally = Tally()
    request = mask(completions.parse({"model": "m", "prompt": SECRET, "n": 2}))
    out = completions.filter_body(answer, lambda c: Refuse(), request, tally=tally)
    assert out["choices"][0]["text"] == f"Hi {SECRET}"
    assert out["choices"][0]["logprobs"] is None and "prompt_token_ids" not in out["choices"][0]
    assert (out["choices"][1]["text"], out["choices"][1]["finish_reason"]) == ("", "content_filter")
    Completion.model_validate(out)


def response_answer() -> dict[str, Any]:
    ids = {"id": "i", "status": "completed"}
    return {
        "id": "r",
        "object": "response",
        "created_at": 1.0,
        "model": "m",
        "status": "completed",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "instructions": f"Help {S}.",
        "metadata": {"who": S},
        "user": S,
        "tools": [{"type": "function", "name": S, "parameters": {"description": S}, "strict": True, "description": S}],
        "usage": {
            "input_tokens": 1,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 1,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 2,
        },
        "output": [
            {
                "type": "message",
                "role": "assistant",
                **ids,
                "content": [
                    {
                        "type": "output_text",
                        "text": f"Hi {S}!",
                        "logprobs": [{"token": "PER", "logprob": -1.0, "bytes": [], "top_logprobs": []}],
                        "annotations": [
                            {"type": "url_citation", "title": S, "url": "u", "start_index": 3, "end_index": 3 + len(S)}
                        ],
                    },
                    {"type": "refusal", "refusal": f"no {S}"},
                ],
            },
            {"type": "function_call", **ids, "call_id": "c", "name": S, "arguments": ARGUMENTS},
            {"type": "custom_tool_call", "id": "i", "call_id": "c", "name": S, "input": S},
            {"type": "mcp_call", "id": "i", "name": S, "server_label": S, "arguments": ARGUMENTS, "output": S},
            {
                "type": "reasoning",
                **ids,
                "encrypted_content": S,
                "summary": [{"type": "summary_text", "text": S}],
                "content": [{"type": "reasoning_text", "text": S}],
            },
            {"type": "shell_call", **ids, "call_id": "c", "action": {"commands": [f"echo {S}"]}},
            {
                "type": "code_interpreter_call",
                **ids,
                "container_id": "k",
                "code": S,
                "outputs": [{"type": "logs", "logs": S}],
            },
            {"type": "web_search_call", **ids, "action": {"type": "search", "query": S}},
            {"type": "file_search_call", **ids, "queries": [S], "results": [{"text": S, "filename": S}]},
            {
                "type": "local_shell_call",
                **ids,
                "call_id": "c",
                "action": {"type": "exec", "command": [S], "env": {"A": S}},
            },
            {
                "type": "computer_call",
                **ids,
                "call_id": "c",
                "action": {"type": "type", "text": S},
                "pending_safety_checks": [],
            },
        ],
    }


def test_every_item_of_a_response_is_restored() -> None:
    request = mask(responses.parse(bodies.responses()))
    tally = Tally()
    out = responses.filter_body(response_answer(), restore, request, tally=tally)
    # what the upstream encrypted is the one thing that stays
    assert out["output"][4].pop("encrypted_content") == S
    left = [k for k, v in out.items() if S in orjson.dumps(v).decode()]
    assert left == []
    part = out["output"][0]["content"][0]
    assert part["logprobs"] == []
    assert part["text"][part["annotations"][0]["start_index"] : part["annotations"][0]["end_index"]] == SECRET
    assert out["instructions"] == f"Help {SECRET}." and out["metadata"] == {"who": SECRET}
    assert tally.changed == set(range(11)) and tally.finish_reasons == {0: "completed"}
    assert json.loads(out["output"][1]["arguments"])["who"] == f"x {SECRET}"
    Response.model_validate(out)


def test_a_blocked_item_ends_the_response() -> None:
    answer = response_answer()
    answer["output"][1]["arguments"] = '{"a": "FORBIDDEN"}'
    tally = Tally()
    out = responses.filter_body(answer, lambda c: Refuse(), None, tally=tally)
    assert [item["type"] for item in out["output"]] == ["message"]
    assert out["status"] == "incomplete" and out["incomplete_details"] == {"reason": "content_filter"}
    assert tally.blocked == ["words"]


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        (chat, {}),
        (chat, {"choices": None}),
        (chat, {"choices": ["x"]}),
        (completions, {"choices": 5}),
        (responses, {"output": None}),
        (embeddings, {"data": None}),
    ],
)
def test_malformed_answers(endpoint: Any, answer: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError) as caught:
        endpoint.filter_body(copy.deepcopy(answer), restore, None)
    assert caught.value.reason == "malformed"
