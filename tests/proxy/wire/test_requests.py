"""Requests: every guarded field is a surface and is rewritten; what cannot be guarded is refused or taken out."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import RequestError
from guard.surface import Role
from proxy.wire import chat, completions, embeddings, moderations, responses
from proxy.wire.answer import Endpoint
from proxy.wire.chat_request import flatten
from proxy.wire.fields import Status
from proxy.wire.ledger import ledger
from proxy.wire.request import Options
from proxy.wire.responses_request import template_messages
from proxy.wire.telling import telling_key, telling_number
from tests.proxy.wire import bodies
from tests.proxy.wire.doubles import SECRET, SURROGATE, mask

FULL: list[tuple[Any, Any]] = [
    (chat, bodies.chat),
    (completions, bodies.completions),
    (embeddings, bodies.embeddings),
    (moderations, bodies.moderations),
    (responses, bodies.responses),
]
ENDPOINTS = pytest.mark.parametrize(("endpoint", "body"), FULL, ids=lambda v: getattr(v, "__name__", "").split(".")[-1])
USER: dict[str, Any] = {"role": "user", "content": "hi"}


def plain(path: str) -> str:
    """A path without indices and tags. Lists of parts share one table, as do `input` and `instructions`."""
    path = re.sub(r"\([^)]*\)|\[\d*\]|\.\*.*", "", path)
    path = re.sub(r"^instructions\.", "input.", path)
    return re.sub(r"^input\.(summary|output)\.", "input.content.", path)


@ENDPOINTS
def test_every_guarded_field_is_rewritten(endpoint: Endpoint, body: Any) -> None:
    request = mask(endpoint.parse(body()))
    sent = orjson.dumps(request.body).decode()
    assert SECRET not in sent
    assert json.dumps(SECRET)[1:-1] not in sent.replace("\\\\", "\\")
    assert SURROGATE in sent
    assert request.rewritten


@ENDPOINTS
def test_the_body_above_covers_every_guarded_row(endpoint: Endpoint, body: Any) -> None:
    guarded = {plain(r.path) for r in ledger()[endpoint.PATH] if r.status is Status.GUARDED}
    found = {plain(s.path) for s in endpoint.parse(body()).surfaces}
    covered = {g for g in guarded if any(f == g or f.startswith(g + ".") for f in found)}
    assert guarded - covered == set()


@ENDPOINTS
def test_unchanged_surfaces_leave_the_body_as_it_was(endpoint: Endpoint, body: Any) -> None:
    request = endpoint.parse(body())
    request.commit()
    assert request.body == body()
    assert not request.rewritten


@ENDPOINTS
def test_surfaces_never_name_what_the_client_wrote(endpoint: Endpoint, body: Any) -> None:
    assert all(SECRET not in s.path and "who" not in s.path for s in endpoint.parse(body()).surfaces)


@ENDPOINTS
def test_unknown_fields_are_refused_by_name(endpoint: Endpoint, body: Any) -> None:
    with pytest.raises(RequestError, match=r"'mystery'.*opaque_fields: \[mystery\]") as caught:
        endpoint.parse({**body(), "mystery": 1})
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, "mystery", "unknown_field")
    allowed = endpoint.parse({**body(), "mystery": 1}, Options(opaque_fields=frozenset(("mystery",))))
    assert allowed.body["mystery"] == 1


def test_unknown_fields_whose_name_is_text_are_not_repeated() -> None:
    with pytest.raises(RequestError) as caught:
        chat.parse({"model": "m", "messages": [], f"about {SECRET}": 1})
    assert SECRET not in str(caught.value)


CHAT_ERRORS = [
    ([], None, "invalid_type"),
    ("text", None, "invalid_type"),
    ({"model": "m"}, "messages", "missing_required_parameter"),
    ({"messages": [USER]}, "model", "missing_required_parameter"),
    ({"model": 5, "messages": [USER]}, "model", "invalid_type"),
    ({"model": "m", "messages": "hi"}, "messages", "invalid_type"),
    ({"model": "m", "messages": [None]}, "messages[0]", "invalid_type"),
    ({"model": "m", "messages": ["hi"]}, "messages[0]", "invalid_type"),
    ({"model": "m", "messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role", "unsupported_value"),
    ({"model": "m", "messages": [{"content": "x"}]}, "messages[0].role", "unsupported_value"),
    ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
    ({"model": "m", "messages": [{"role": "user", "content": {"a": 1}}]}, "messages[0].content", "invalid_type"),
    (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "hologram"}]}]},
        "messages[0].content[0].type",
        "unsupported_value",
    ),
    ({"model": "m", "messages": [{**USER, "x": 1}]}, "messages.x", "unknown_field"),
    ({"model": "m", "messages": [USER], "temperature": "hot"}, "temperature", "invalid_type"),
    ({"model": "m", "messages": [USER], "n": 0}, "n", "invalid_value"),
    ({"model": "m", "messages": [USER], "n": 1.5}, "n", "invalid_type"),
    ({"model": "m", "messages": [USER], "n": True}, "n", "invalid_type"),
    ({"model": "m", "messages": [USER], "stream": "yes"}, "stream", "invalid_type"),
    ({"model": "m", "messages": [USER], "tools": [{"type": "robot"}]}, "tools[0].type", "unsupported_value"),
    ({"model": "m", "messages": [USER], "stop": 7}, "stop", "invalid_type"),
    ({"model": "m", "messages": [USER], "reasoning_effort": "all my secrets"}, "reasoning_effort", "invalid_value"),
    ({"model": "m", "messages": [USER], "echo": True}, "echo", "unsupported_parameter"),
    ({"model": "m", "messages": [USER], "prompt_embeds": "AA"}, "prompt_embeds", "unsupported_parameter"),
    ({"model": "m", "messages": [USER], "temperature": float("nan")}, None, "invalid_json"),
    ({"model": "m", "messages": [USER], "seed": 2**70}, None, "invalid_json"),
    ({"model": "m", "messages": [{"role": "user", "content": "\ud800"}]}, None, "invalid_json"),
    ({"model": "m", "messages": [USER], "moderation": {}}, "moderation.model", "missing_required_parameter"),
    (
        {"model": "m", "messages": [USER], "moderation": {"model": "x", "policy": {"input": {"mode": "ignore"}}}},
        "moderation.policy.input.mode",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(("body", "param", "code"), CHAT_ERRORS)
def test_wrong_chat_requests(body: Any, param: str | None, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        chat.parse(body)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


OTHER_ERRORS: list[tuple[Any, dict[str, Any], str, str]] = [
    (completions, {"model": "m", "prompt": [1, 2, 3]}, "prompt", "unsupported_token_ids"),
    (completions, {"model": "m", "prompt": [[1], [2]]}, "prompt", "unsupported_token_ids"),
    (completions, {"model": "m", "prompt": []}, "prompt", "invalid_value"),
    (completions, {"model": "m", "prompt": {"a": 1}}, "prompt", "invalid_type"),
    (completions, {"model": "m", "prompt": "x", "echo": True}, "echo", "unsupported_parameter"),
    (embeddings, {"model": "m", "input": [1, 2, 3]}, "input", "unsupported_token_ids"),
    (embeddings, {"model": "m", "input": ["x"] * 2049}, "input", "invalid_value"),
    (moderations, {"model": "m", "input": ["x", {"type": "text", "text": "y"}]}, "input", "invalid_value"),
    (moderations, {"input": 5}, "input", "invalid_type"),
    (responses, {"model": "m", "input": [{"type": "novelty"}]}, "input[0].type", "unsupported_value"),
    (responses, {"model": "m", "input": "x", "previous_response_id": "a b"}, "previous_response_id", "invalid_value"),
    (responses, {"model": "m", "input": "x", "conversation": "c"}, "conversation", "unsupported_parameter"),
    (responses, {"model": "m", "input": "x", "prompt": {"id": "p"}}, "prompt", "unsupported_parameter"),
    (responses, {"model": "m", "input": "x", "background": True}, "background", "unsupported_parameter"),
    (
        responses,
        {"model": "m", "input": [{"type": "item_reference", "id": "i"}]},
        "input[0].id",
        "unsupported_parameter",
    ),
]


@pytest.mark.parametrize(("endpoint", "body", "param", "code"), OTHER_ERRORS)
def test_wrong_requests_elsewhere(endpoint: Any, body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        endpoint.parse(body)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_references_pass_where_the_policy_allows_them() -> None:
    body = {"model": "m", "input": "x", "previous_response_id": "r", "prompt": {"id": "p", "variables": {"a": SECRET}}}
    request = mask(responses.parse(body, Options(allow_references=True)))
    assert request.body["prompt"]["variables"]["a"] == SURROGATE
    assert request.body["previous_response_id"] == "r"


def test_depth_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    with pytest.raises(RequestError) as caught:
        chat.parse({"model": "m", "messages": [USER], "metadata": {"a": deep}})
    assert caught.value.code == "too_deep"


STRIPPED = {
    "vllm_xargs": {"strength": 0},
    "cache_salt": "mine",
    "priority": -10,
    "request_id": "r",
    "logprob_token_ids": [1],
    "return_prompt_text": True,
    "logits_processors": ["os.system"],
}


@pytest.mark.parametrize("allowed", [False, True])
def test_fields_that_are_ours_never_travel(allowed: bool) -> None:
    options = Options(opaque_fields=frozenset(STRIPPED)) if allowed else Options()
    request = chat.parse({"model": "m", "messages": [USER], **STRIPPED}, options)
    kept = {"priority", "request_id", "logprob_token_ids", "return_prompt_text"} if allowed else set()
    assert set(request.stripped) == set(STRIPPED) - kept
    assert set(request.body) == {"model", "messages"} | kept


def test_the_moderation_object_is_read_and_not_forwarded() -> None:
    ask = {"model": "omni", "policy": {"input": {"mode": "block"}, "output": {"mode": "score"}}}
    for endpoint, body in ((chat, {"messages": [USER]}), (responses, {"input": "hi"})):
        request = endpoint.parse({"model": "m", **body, "moderation": ask})
        assert "moderation" not in request.body
        assert request.moderation is not None
        assert (request.moderation.input_mode, request.moderation.output_mode) == ("block", "score")


def test_roles_and_turns() -> None:
    surfaces = chat.parse(bodies.chat()).surfaces
    by_path = {s.path: (s.role, s.turn) for s in surfaces}
    assert by_path["messages[0].content"] == (Role.SYSTEM, 0)
    assert by_path["messages[1].content[0].text"] == (Role.SYSTEM, 1)
    assert by_path["messages[2].content[0].text"] == (Role.USER, 2)
    assert by_path["messages[3].tool_calls[0].function.arguments"] == (Role.ASSISTANT, 3)
    assert by_path["messages[4].content"] == (Role.TOOL, 4)
    assert by_path["messages[6].content"] == (Role.TOOL, 6)
    assert by_path["tools[0].function.description"] == (Role.DEFINITION, -1)
    assert by_path["user"] == (Role.META, -1)
    assert by_path["metadata.*"] == (Role.META, -1)


def test_tool_arguments_keep_keys_numbers_and_white_space() -> None:
    arguments = '{ "a":\t"WHO", "n": 1.50, "big": 123456789012345678901234567890, "a": "x", "e": "\\u0041" }'
    arguments = arguments.replace("WHO", SECRET)
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    request = chat.parse({"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]})
    assert [s.text for s in request.surfaces if s.path.endswith("arguments")] == [SECRET, "x", "A"]
    mask(request)
    sent = request.body["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert sent == arguments.replace(SECRET, SURROGATE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_rewriting_json_text_is_rewriting_its_strings(value: Any, ascii: bool) -> None:
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "f", "arguments": json.dumps(value, ensure_ascii=ascii)},
    }
    request = chat.parse({"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]})
    for surface in request.surfaces:
        surface.write(surface.text + '"\n')
    request.commit()

    def expected(v: Any) -> Any:
        if isinstance(v, str):
            return v + '"\n' if v else v
        if isinstance(v, int) and telling_number(str(v)):
            return f'{v}"\n'
        if isinstance(v, list):
            return [expected(x) for x in v]
        if isinstance(v, dict):
            return {k + '"\n' if telling_key(k) else k: expected(x) for k, x in v.items()}
        return v

    sent = request.body["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(sent) == expected(value)


def test_long_numbers_and_telling_keys_in_tool_arguments_are_guarded() -> None:
    arguments = '{"phone": 13812345678, "id": 4111111111111111, "n": [1234567.5, -7654321], "bob@corp.com" : {"x": 1}}'
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    request = chat.parse({"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]})
    phone, card, key = (s for s in request.surfaces if s.path.endswith("arguments"))
    assert (phone.text, card.text, key.text) == ("13812345678", "4111111111111111", "bob@corp.com")
    phone.write("12512345678"), card.write("000-1"), key.write("x@y.z")
    request.commit()
    sent = request.body["messages"][0]["tool_calls"][0]["function"]["arguments"]
    assert sent == '{"phone": 12512345678, "id": "000-1", "n": [1234567.5, -7654321], "x@y.z" : {"x": 1}}'


def test_the_result_of_a_tool_is_read_through_its_escapes() -> None:
    result = json.dumps({"联系": f"邮箱{SECRET}", "n": 5})
    request = chat.parse({"model": "m", "messages": [{"role": "tool", "tool_call_id": "c", "content": result}]})
    assert f"邮箱{SECRET}" in [s.text for s in request.surfaces]
    mask(request)
    assert json.loads(request.body["messages"][0]["content"]) == {"联系": f"邮箱{SURROGATE}", "n": 5}


def test_messages_read_as_the_model_will_see_them() -> None:
    request = mask(chat.parse(bodies.chat()))
    messages = request.messages()
    assert messages is not None
    assert SECRET not in json.dumps(messages, ensure_ascii=False)
    assert all(isinstance(m["content"], str) for m in messages)
    lines = messages[2]["content"].split("\n")
    assert lines == [f"I am {SURROGATE}", "[image]", "[audio]", "[file]", "[video]", "[audio]"]
    messages[7]["content"] = "changed"
    assert request.body["messages"][7]["content"] != "changed"
    tools = request.tools()
    assert tools is not None and tools[0]["function"]["name"] == SURROGATE


def test_responses_read_as_messages() -> None:
    request = mask(responses.parse(bodies.responses()))
    messages = request.messages()
    assert messages is not None
    assert SECRET not in json.dumps(messages, ensure_ascii=False)
    assert messages[0] == {"role": "system", "content": f"Help {SURROGATE}."}
    assert messages[1] == {"role": "user", "content": f"plain {SURROGATE}"}
    assert {m["role"] for m in messages} == {"system", "developer", "user", "assistant", "tool"}
    assert responses.parse({"model": "m", "input": "hi"}).messages() == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a"}]}, "a"),
        ({"type": "shell_call_output", "call_id": "c", "output": [{"stdout": "evil"}, {"stdout": "b"}]}, "evil"),
        (
            {"type": "mcp_call", "id": "c", "name": "f", "server_label": "s", "arguments": "{}", "output": "evil"},
            "evil",
        ),
        ({"type": "mcp_call", "id": "c", "name": "f", "server_label": "s", "arguments": "{}", "error": "evil"}, "evil"),
    ],
    ids=lambda v: v.get("type", "") if isinstance(v, dict) else v,
)
def test_what_a_tool_returned_is_scored(item: dict[str, Any], text: str) -> None:
    messages = responses.parse({"model": "m", "input": [item, {"role": "user", "content": "go on"}]}).messages() or []
    told = [m for m in messages if m["role"] == "tool"]
    assert len(told) == 1 and text in told[0]["content"]


@pytest.mark.parametrize("output", [[{"stdout": "x"}, None], [{"type": []}], [{"text": 1}], {"a": None}, 0, None])
def test_any_shape_of_a_result_has_a_text(output: Any) -> None:
    assert isinstance(flatten(output), str)
    assert all(
        isinstance(m["content"], str) for m in template_messages({"input": [{"type": "x_output", "output": output}]})
    )


def test_prompts_and_groups() -> None:
    request = completions.parse({"model": "m", "prompt": ["a", "b"], "n": 2})
    assert request.prompts() == ["a", "b"] and request.n == 4
    groups = moderations.parse({"input": ["a", "", "b"]}).groups
    assert [[s.text for s in g] for g in groups] == [["a"], [], ["b"]]
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "u"}}]
    assert [[s.text for s in g] for g in moderations.parse({"input": parts}).groups] == [["a"]]


def test_asking_for_usage_leaves_the_clients_wish_visible() -> None:
    request = chat.parse({"model": "m", "messages": [USER], "stream": True})
    request.ask_usage()
    assert request.body["stream_options"] == {"include_usage": True} and not request.include_usage


@given(JSON)
def test_no_body_crashes_the_parser(value: Any) -> None:
    for endpoint in (chat, completions, embeddings, moderations, responses):
        for body in (value, {"model": "m", "messages": value, "input": value, "prompt": value}):
            with pytest.raises(RequestError):
                endpoint.parse(body)
                raise RequestError("parsed")
