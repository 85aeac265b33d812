"""What may be somebody's in keys, ids and control fields: guarded or refused, never passed unread."""

from __future__ import annotations

from typing import Any

import pytest

from guard.errors import RequestError
from proxy.wire import chat, embeddings, responses
from proxy.wire.telling import telling_token

USER: dict[str, Any] = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    "token, telling",
    [
        ("4111111111111111", True),
        ("call_13812345678", True),
        ("536-22-1234", True),
        ("me@corp.com", True),
        ("auto", False),
        ("computer_use_20250124", False),
        ("2024-11-20", False),
        ("call_9f8a7b6c1234", False),
        ("550e8400-e29b-41d4-a716-446655440000", False),
        ("claude@20240229", False),
    ],
)
def test_telling_tokens(token: str, telling: bool) -> None:
    assert telling_token(token) is telling


def body(**more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [USER], **more}


def rewritten(endpoint: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The body after a check has put brackets around every surface, twice, as two checks would."""
    request = endpoint.parse(given)
    for _ in range(2):
        for surface in request.surfaces:
            if surface.text != "hi":
                surface.write(f"<{surface.text}>")
        request.commit()
    body: dict[str, Any] = request.body
    return body


@pytest.mark.parametrize(
    "field, sent",
    [
        ({"metadata": {"b@x.com": "x", "plain": "y"}}, {"metadata": {"<<b@x.com>>": "<<x>>", "plain": "<<y>>"}}),
        ({"metadata": {"a b": {"c": "d"}}}, {"metadata": {"<<a b>>": {"c": "<<d>>"}}}),
        ({"service_tier": "4111111111111111"}, {"service_tier": "<<4111111111111111>>"}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"logit_bias": {"50256": -100}}, {"logit_bias": {"50256": -100}}),
        ({"stop_token_ids": [1, 2]}, {"stop_token_ids": [1, 2]}),
        ({"kv_transfer_params": {"host": "10.0.0.1", "n": 1}}, {"kv_transfer_params": {"host": "10.0.0.1", "n": 1}}),
        ({"kv_transfer_params": {"x": "13812345678"}}, {"kv_transfer_params": {"x": "<<13812345678>>"}}),
    ],
)  # fmt: skip
def test_chat(field: dict[str, Any], sent: dict[str, Any]) -> None:
    assert rewritten(chat, body(**field)) == body(**sent)


def test_property_names_and_what_requires_them() -> None:
    schema = {"properties": {"card 4111": {"type": "string"}, "city": {}}, "required": ["card 4111", "city"]}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    made = rewritten(chat, body(tools=[tool]))["tools"][0]["function"]["parameters"]
    assert list(made["properties"]) == ["<<card 4111>>", "city"] and made["required"] == ["<<card 4111>>", "city"]


def test_ids_of_tool_calls_stay_together() -> None:
    call = {"id": "13812345678", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "13812345678", "content": ""},
    ]
    made = rewritten(chat, {"model": "m", "messages": messages})["messages"]
    assert made[0]["tool_calls"][0]["id"] == made[1]["tool_call_id"] == "<<13812345678>>"


@pytest.mark.parametrize(
    "endpoint, field",
    [
        (chat, {"logit_bias": {"bob": "my card"}}),
        (chat, {"logit_bias": {"bob@corp.com": 1}}),
        (chat, {"stop_token_ids": ["a b"]}),
        (chat, {"stop_token_ids": [13812345678]}),
        (chat, {"media_io_kwargs": {"x": {"y": "some words"}}}),
        (chat, {"mm_processor_kwargs": "a b"}),
        (embeddings, {"mm_processor_kwargs": {"a b": 1}}),
        (responses, {"background_options": {"x": "some words"}}),
    ],
)
def test_text_in_control_fields_is_refused(endpoint: Any, field: dict[str, Any]) -> None:
    given = {"model": "m", "input": "hi"} if endpoint is not chat else body()
    with pytest.raises(RequestError):
        endpoint.parse({**given, **field})


def test_keys_masked_alike_stay_two() -> None:
    request = chat.parse(body(metadata={"a b": "1", "c d": "2"}))
    for surface in request.surfaces:
        if " " in surface.text:
            surface.write("***")
    request.commit()
    assert request.body["metadata"] == {"***": "1", "***_": "2"}
