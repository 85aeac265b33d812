"""Answers against the official SDK's types: every text field of every type is restored, so a new one is noticed."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import orjson
import pytest
import typing_extensions as te
from openai.types import CompletionChoice
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from pydantic import BaseModel

from proxy.wire import chat, completions, responses
from proxy.wire.responses_request import KEEP
from tests.proxy.wire.doubles import SURROGATE, event, mask, restore

S = SURROGATE
NO_TEXT = KEEP | {
    # ids, media, enumerations and switches
    "model",
    "system_fingerprint",
    "data",
    "partial_image_b64",
    "b64_json",
    "result",
    "action",
    "item_id",
    "created_by",
    "previous_response_id",
    "prompt_cache_key",
    "moderation",
    "agent",
}


def members(t: Any) -> Iterator[Any]:
    origin = get_origin(t)
    if origin in (te.Annotated, te.Required):
        yield from members(get_args(t)[0])
    elif origin in (typing.Union, types.UnionType):
        for arm in get_args(t):
            yield from members(arm)
    elif t is not type(None):
        yield t


def planted(t: Any, name: str = "", depth: int = 0) -> list[Any]:
    """Values of a type with the stand-in in every text, one value per member of a union."""
    values: list[Any] = []
    for arm in members(t):
        origin = get_origin(arm)
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            if depth < 7:
                values += list(models(arm, depth))
        elif origin in (typing.Literal, te.Literal):
            values.append(get_args(arm)[0])
        elif arm is str:
            values.append("kept" if name in NO_TEXT or name.endswith("_id") else S)
        elif arm is bool:
            values.append(True)
        elif arm in (int, float):
            values.append(0)
        elif origin is list:
            values.append(planted(get_args(arm)[0], name, depth + 1))
        elif origin is dict:
            values.append({})
        else:
            values.append(None)
    return values or [None]


def models(cls: type[BaseModel], depth: int) -> Iterator[dict[str, Any]]:
    """One object per member of the widest union among the fields."""
    fields = {
        f.alias or n: planted(f.annotation, f.alias or n, depth + 1)
        for n, f in cls.model_fields.items()
        if n not in ("logprobs", "moderation")
    }
    for i in range(max((len(v) for v in fields.values()), default=1)):
        yield {name: values[i % len(values)] for name, values in fields.items()}


def leaks(value: Any) -> bool:
    return S.encode() in orjson.dumps(value)


def name(cls: Any) -> str:
    return str(getattr(cls, "__name__", cls))


EVENTS = list(members(ResponseStreamEvent))
ITEMS = list(members(ResponseOutputItem))


def asked(**body: Any) -> Any:
    return mask(responses.parse({"model": "m", "input": "x", **body}))


@pytest.mark.parametrize("cls", [e for e in EVENTS if "response" not in e.model_fields], ids=name)
def test_every_stream_event_of_responses(cls: type[BaseModel]) -> None:
    for one in models(cls, 0):
        if one["type"] == "response.audio.delta":  # media
            continue
        filter = responses.stream_filter(restore, asked(stream=True))
        kind = one["type"]
        for out in filter.feed(event(one)):
            # an upstream's own error is not text of the model
            assert kind == "error" or S.encode() not in out.data, kind


@pytest.mark.parametrize("cls", ITEMS, ids=name)
def test_every_output_item_of_responses(cls: type[BaseModel]) -> None:
    for one in models(cls, 0):
        answer = {"status": "completed", "output": [one]}
        assert not leaks(responses.filter_body(answer, restore, None))


def test_every_field_of_a_chat_answer() -> None:
    for one in models(ChatCompletion, 0):
        assert not leaks(chat.filter_body({**one, "service_tier": None}, restore, None))


def test_every_field_of_a_chat_chunk() -> None:
    request = mask(chat.parse({"model": "m", "messages": [], "stream": True}))
    for one in models(ChatCompletionChunk, 0):
        filter = chat.stream_filter(restore, request)
        for choice in one["choices"]:
            choice["finish_reason"] = None
        out = filter.feed(event({**one, "service_tier": None})) + filter.close()
        assert len(out) > 1 and not any(S.encode() in e.data for e in out)


def test_every_field_of_a_completion() -> None:
    for one in models(CompletionChoice, 0):
        assert not leaks(completions.filter_body({"choices": [one]}, restore, None))
