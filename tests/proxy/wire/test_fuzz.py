"""Whatever an upstream sends, filters answer with events or `UpstreamError`, never with another exception."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import UpstreamError
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire import chat, completions, responses
from tests.proxy.wire import doubles
from tests.proxy.wire.doubles import SURROGATE, chunk, restore
from tests.proxy.wire.test_answers import chat_answer, response_answer
from tests.proxy.wire.test_responses_stream import stream

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", SURROGATE, [], {}, [None], [5], ["x"], [{}], {"type": 5}, {"index": None}, [[{}]]]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def spoiled(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    out = copy.deepcopy(value)
    at = out
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = copy.deepcopy(junk)
    return out


CHUNKS = [
    chunk(role="assistant", content="Hi PERS"),
    chunk(reasoning="x", refusal="y", annotations=[{"url_citation": {"title": "t"}}], audio={"transcript": "z"}),
    chunk(tool_calls=[{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{"}, "custom": {"input": "i"}}]),
    {**chunk(finish="tool_calls", function_call={"name": "f", "arguments": "{}"}), "usage": {"total_tokens": 1}},
]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_chat_streams(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(list(places(CHUNKS))))
    script = spoiled(CHUNKS, path, data.draw(JUNK))
    request = chat.parse({"model": "m", "messages": [], "stream": True})
    filter = chat.stream_filter(restore, request)
    error = None
    try:
        for one in script:
            filter.feed(doubles.event(one) if isinstance(one, dict) else Event(b"5"))
    except UpstreamError as caught:
        error = caught
    assert filter.close(error)[-1] == DONE


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_responses_streams(data: st.DataObject) -> None:
    script = stream(["Hi PERS", "ON", data.draw(st.sampled_from(["", "FORBIDDEN"]))], ["{}"], ["why"])
    script = spoiled(script, data.draw(st.sampled_from(list(places(script)))), data.draw(JUNK))
    filter = responses.stream_filter(
        lambda c: doubles.Refuse(), responses.parse({"model": "m", "input": "x", "stream": True})
    )
    error = None
    try:
        for one in script:
            filter.feed(doubles.event(one) if isinstance(one, dict) else Event(b"5"))
    except UpstreamError as caught:
        error = caught
    filter.close(error)
    assert filter.close() == [] and filter.held == 0


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whole_answers(data: st.DataObject) -> None:
    junk = data.draw(JUNK)
    for endpoint, answer in ((chat, chat_answer()), (completions, chat_answer()), (responses, response_answer())):
        path = data.draw(st.sampled_from(list(places(answer))))
        with contextlib.suppress(UpstreamError):
            endpoint.filter_body(spoiled(answer, path, junk), restore, None)


def test_the_suppressed_error_is_the_only_one() -> None:
    with pytest.raises(UpstreamError):
        chat.filter_body({"choices": [5]}, restore, None)
