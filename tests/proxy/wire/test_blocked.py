"""Block forms are answers that the official SDK's types accept."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from guard.errors import RequestError
from proxy.upstream.sse import DONE
from proxy.wire import chat, completions, embeddings, responses
from proxy.wire.blocked import Style, error_body
from tests.proxy.wire.doubles import decode

STYLES = pytest.mark.parametrize("style", get_args(Style))
MODERATION = {
    "input": {"type": "error", "code": "x", "message": "y"},
    "output": {"type": "error", "code": "x", "message": "y"},
}


@STYLES
def test_chat(style: Style) -> None:
    request = chat.parse({"model": "m", "messages": [], "n": 2})
    body = ChatCompletion.model_validate(chat.blocked(request, style, "No.", moderation=MODERATION))
    assert [c.index for c in body.choices] == [0, 1]
    for choice in body.choices:
        refused = style == "refusal"
        assert choice.finish_reason == ("stop" if refused else "content_filter")
        assert choice.message.refusal == ("No." if refused else None)
        assert choice.message.content == (None if refused else "")


@STYLES
@pytest.mark.parametrize("usage", [True, False])
def test_chat_stream(style: Style, usage: bool) -> None:
    request = chat.parse(
        {"model": "m", "messages": [], "n": 2, "stream": True, "stream_options": {"include_usage": usage}}
    )
    events = chat.blocked_stream(request, style, "No.", moderation=MODERATION)
    assert events[-1] == DONE
    out = decode(events)
    chunks = [ChatCompletionChunk.model_validate(c) for c in out]
    assert len({(c.id, c.created, c.model) for c in chunks}) == 1
    assert bool(out[-1]["choices"]) != usage and ("usage" in out[0]) == usage
    said: dict[int, str] = {}
    ends: dict[int, Any] = {}
    for one in chunks:
        for choice in one.choices:
            assert choice.index in said or choice.delta.role == "assistant"
            said[choice.index] = said.get(choice.index, "") + (choice.delta.refusal or "")
            ends[choice.index] = choice.finish_reason
    refused = style == "refusal"
    assert said == dict.fromkeys((0, 1), "No." if refused else "")
    assert ends == dict.fromkeys((0, 1), "stop" if refused else "content_filter")
    assert [bool(c.get("moderation")) for c in out if c["choices"]] == [False, False, False, True]


@STYLES
def test_completions(style: Style) -> None:
    request = completions.parse({"model": "m", "prompt": ["a", "b"]})
    body = Completion.model_validate(completions.blocked(request, style, "No."))
    assert [c.text for c in body.choices] == ["No." if style == "refusal" else ""] * 2
    out = decode(completions.blocked_stream(request, style, "No."))
    assert {c["finish_reason"] for o in out for c in o["choices"]} - {None} == {body.choices[0].finish_reason}


@STYLES
def test_responses(style: Style) -> None:
    request = responses.parse({"model": "m", "input": "x"})
    body = Response.model_validate(responses.blocked(request, style, "No."))
    events = decode(responses.blocked_stream(request, style, "No."))
    for event in events:
        TypeAdapter(ResponseStreamEvent).validate_python(event)
    assert [e["sequence_number"] for e in events] == list(range(len(events)))
    last = events[-1]["response"]
    assert body.status == last["status"] == ("completed" if style == "refusal" else "incomplete")
    deltas = "".join(e.get("delta", "") for e in events)
    assert deltas == ("No." if style == "refusal" else "")
    if style == "refusal":
        assert last["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]
    else:
        assert last["incomplete_details"] == {"reason": "content_filter"}


def test_embeddings_have_no_such_form() -> None:
    request = embeddings.parse({"model": "m", "input": "x"})
    for build in (embeddings.blocked, embeddings.blocked_stream):
        with pytest.raises(RequestError) as caught:
            build(request, "refusal", "No.")
        assert caught.value.code == "content_policy_violation"


def test_the_error_envelope_has_all_four_keys() -> None:
    assert error_body("No.") == {
        "error": {"message": "No.", "type": "invalid_request_error", "param": None, "code": "content_policy_violation"}
    }
