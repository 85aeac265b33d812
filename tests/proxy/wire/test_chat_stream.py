"""Streamed chat answers: order, hold-back, usage, errors, and independence of how the text was cut."""

from __future__ import annotations

import itertools
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from guard.errors import UpstreamError
from guard.surface import ChannelKind
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire import chat
from proxy.wire.request import WireRequest
from tests.proxy.wire.doubles import (
    SECRET,
    SURROGATE,
    Refuse,
    Restore,
    chunk,
    decode,
    drain,
    event,
    mask,
    nothing,
    restore,
    said,
)

S = SURROGATE


def asked(**more: Any) -> WireRequest:
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": SECRET}], **more}
    return mask(chat.parse(body))


def pieces(text: str, cuts: list[int]) -> list[str]:
    at = [0, *sorted(c % (len(text) + 1) for c in cuts), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(at)]


def delta(body: dict[str, Any]) -> dict[str, Any]:
    return chunk(0, None, **body)


TEXT = st.lists(st.sampled_from([S, "PERSON", "PERSON-7", "hello ", "é", "P", "\n", '"']), max_size=8).map("".join)
CUTS = st.lists(st.integers(0, 200), max_size=12)


@given(st.fixed_dictionaries(dict.fromkeys(("reasoning", "content", "refusal"), TEXT)), CUTS, TEXT, CUTS)
def test_what_arrives_does_not_depend_on_the_cuts(
    texts: dict[str, str], cuts: list[int], arguments: str, more: list[int]
) -> None:
    chunks = [chunk(role="assistant", content="")]
    for key, text in texts.items():
        chunks += [delta({key: piece}) for piece in pieces(text, cuts)]
    head = {"index": 0, "id": "t", "type": "function", "function": {"name": "f", "arguments": ""}}
    chunks.append(chunk(tool_calls=[head]))
    chunks += [chunk(tool_calls=[{"index": 0, "function": {"arguments": p}}]) for p in pieces(arguments, more)]
    chunks.append(chunk(finish="tool_calls"))
    out = drain(chat.stream_filter(restore, asked()), chunks)
    for key, text in texts.items():
        assert said(out, key) == text.replace(S, SECRET)
    calls = [c for o in out for d in o["choices"] for c in d["delta"].get("tool_calls", ())]
    assert "".join(c["function"].get("arguments") or "" for c in calls) == arguments.replace(S, SECRET)
    assert [c.get("id") for c in calls if c.get("id")] == ["t"]
    assert out[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert [o["choices"][0]["delta"].get("role") for o in out].count("assistant") == 1
    assert {(o["id"], o["created"], o["model"]) for o in out} == {("c1", 7, "m")}
    for one in out:
        ChatCompletionChunk.model_validate(one)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from([S, S[:5], S[5:], "x "])), max_size=20))
def test_choices_are_kept_apart(script: list[tuple[int, str]]) -> None:
    chunks = [chunk(i, role="assistant", content="") for i in range(3)]
    chunks += [chunk(i, content=text) for i, text in script]
    chunks += [chunk(i, finish="stop") for i in range(3)]
    filter = chat.stream_filter(restore, asked(n=3))
    out = drain(filter, chunks)
    for i in range(3):
        whole = "".join(text for j, text in script if j == i)
        assert said(out, index=i) == whole.replace(S, SECRET)
        assert (i in filter.tally.changed) == (S in whole)


def test_nothing_is_held_without_need_and_the_finish_comes_last() -> None:
    filter = chat.stream_filter(restore, asked())
    assert decode(filter.feed(event(chunk(role="assistant", content="Hello PER"))))[0]["choices"][0]["delta"] == {
        "role": "assistant",
        "content": "Hello ",
    }
    assert filter.held == 3
    assert filter.feed(Event(comment=b"ping")) == [Event(comment=b"ping")]
    last = decode(filter.feed(event(chunk(finish="stop", content="SON"))))
    assert [c["choices"][0]["delta"].get("content") for c in last] == ["PERSON", None]
    assert [c["choices"][0]["finish_reason"] for c in last] == [None, "stop"]
    assert filter.held == 0
    assert filter.feed(DONE) == [DONE]
    assert filter.feed(event(chunk(content="late"))) == []
    assert filter.close() == []


def test_held_reasoning_leaves_before_the_answer() -> None:
    out = drain(
        chat.stream_filter(restore, asked()),
        [
            chunk(reasoning="see PERS"),
            chunk(content="Hi PE"),
            chunk(tool_calls=[{"index": 0, "id": "t", "function": {}}]),
        ],
    )
    order = [k for o in out for c in o.get("choices", ()) for k in c["delta"] if k != "role"]
    assert order == ["reasoning", "reasoning", "content", "content", "tool_calls"]


def test_a_stream_without_filters_passes_byte_for_byte() -> None:
    request = chat.parse({"model": "m", "stream": True, "messages": []})
    filter = chat.stream_filter(nothing, request)
    for one in (chunk(role="assistant", content=""), chunk(content="PERSON-7f3a"), chunk(finish="stop")):
        raw = Event(json.dumps(one).encode())
        assert filter.feed(raw) == [raw]
    assert filter.feed(DONE) == [DONE]
    assert filter.tally.changed == set()


USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@pytest.mark.parametrize("wanted", [True, False])
def test_usage_is_for_those_who_asked(wanted: bool) -> None:
    request = asked(stream_options={"include_usage": True}) if wanted else asked()
    request.ask_usage()
    chunks = [{**chunk(content=f"Hi {S}"), "usage": None}, {**chunk(finish="stop"), "usage": None}]
    filter = chat.stream_filter(restore, request)
    out = drain(filter, [*chunks, {**chunk(), "choices": [], "usage": USAGE}])
    assert [o.get("usage", "none") for o in out] == ([None, None, USAGE] if wanted else ["none", "none"])
    assert all(o["choices"] for o in out if o.get("usage") is None)
    assert filter.tally.usage == USAGE


def test_chunks_without_choices_are_not_passed_on() -> None:
    out = drain(
        chat.stream_filter(restore, asked()), [{**chunk(), "choices": []}, chunk(content="x"), chunk(finish="stop")]
    )
    assert all(o["choices"] for o in out)


def logprob(token: str) -> dict[str, Any]:
    return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), "top_logprobs": []}


def with_logprobs(*texts: str) -> list[dict[str, Any]]:
    out = []
    for text in texts:
        one = chunk(content=text)
        one["choices"][0]["logprobs"] = {"content": [logprob(text)], "refusal": None}
        one["choices"][0]["token_ids"] = [1]
        out.append(one)
    return [*out, chunk(finish="stop")]


def tokens(out: list[dict[str, Any]]) -> list[str]:
    found = [(c.get("logprobs") or {}).get("content") or [] for o in out for c in o["choices"]]
    return [t["token"] for f in found for t in f]


def test_logprobs_survive_where_the_text_did() -> None:
    filter = chat.stream_filter(restore, asked())
    out = drain(filter, with_logprobs("Hello ", "PER", "SON", "al ", "PE"))
    assert said(out) == "Hello PERSONal PE"
    assert tokens(out) == ["Hello ", "PER", "SON", "al ", "PE"]
    assert not filter.tally.logprobs_stripped


def test_logprobs_of_changed_text_never_leave() -> None:
    filter = chat.stream_filter(restore, asked())
    out = drain(filter, with_logprobs("Hello ", "PERSON", "-7f3a", " bye"))
    assert said(out) == f"Hello {SECRET} bye"
    assert tokens(out) == ["Hello "]
    assert filter.tally.logprobs_stripped and filter.tally.changed == {0}


def test_echoes_of_the_prompt_are_taken_out() -> None:
    first = {**chunk(role="assistant", content=""), "prompt_token_ids": [1], "prompt_text": S}
    out = drain(chat.stream_filter(restore, asked()), [first, chunk(finish="stop")])
    assert "prompt_token_ids" not in out[0] and "prompt_text" not in out[0]


def test_a_block_ends_its_choice_and_lets_the_others_go_on() -> None:
    filter = chat.stream_filter(lambda c: Refuse(), asked(n=2))
    out = drain(
        filter,
        [
            chunk(0, role="assistant", content="good PER"),
            chunk(1, role="assistant", content="fine"),
            chunk(0, content="FORBIDDEN"),
            chunk(0, content="more"),
            chunk(1, content=" still"),
            chunk(1, finish="stop"),
            chunk(0, finish="stop"),
        ],
    )
    assert said(out, index=0) == "good "
    assert said(out, index=1) == "fine still"
    ends = [(c["index"], c["finish_reason"]) for o in out for c in o["choices"] if c["finish_reason"]]
    assert ends == [(0, "content_filter"), (1, "stop")]
    assert filter.tally.blocked == ["words"] and filter.tally.finish_reasons == {0: "content_filter", 1: "stop"}


def test_a_filter_may_hold_everything_to_the_end() -> None:
    class Late(Restore):
        def feed(self, text: str) -> str:
            self._held += text
            return ""

        def close(self) -> str:
            return super().close().replace(S, SECRET)

    filter = chat.stream_filter(lambda c: Late() if c.kind is ChannelKind.CONTENT else None, asked())
    first = decode(filter.feed(event(chunk(role="assistant", content="Hi "))))
    assert first[0]["choices"][0]["delta"]["role"] == "assistant"
    out = drain(filter, [chunk(content=S), chunk(finish="stop")])
    assert said(out) == f"Hi {SECRET}"


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b"5", b'{"choices": 5}', b'{"choices": [{"index": "a"}]}', b'{"choices": ["x"]}']
)
def test_malformed_events(data: bytes) -> None:
    filter = chat.stream_filter(restore, asked())
    filter.feed(event(chunk(content="Hi PERS")))
    with pytest.raises(UpstreamError) as caught:
        filter.feed(Event(data))
    assert caught.value.reason == "malformed"
    error, done = filter.close(caught.value)
    assert filter.held == 0
    assert orjson.loads(error.data)["error"]["code"] == "malformed"
    assert done == DONE and filter.close() == []


def test_an_early_end_is_an_error_the_client_can_see() -> None:
    out = drain(chat.stream_filter(restore, asked()), [chunk(content=f"Hi {S[:4]}")], done=False)
    assert said(out) == "Hi ", "the beginning of a stand-in is not let out"
    assert set(out[-1]["error"]) == {"message", "type", "param", "code"}
    assert out[-1]["error"]["code"] == "early_close"


def test_a_complete_stream_without_done_gets_one() -> None:
    filter = chat.stream_filter(restore, asked())
    filter.feed(event(chunk(content="x")))
    filter.feed(event(chunk(finish="stop")))
    assert filter.close() == [DONE]


def test_done_without_a_finish_reason_is_an_end() -> None:
    assert said(drain(chat.stream_filter(restore, asked()), [chunk(content=f"Hi {S[:4]}")])) == f"Hi {S[:4]}"


def test_an_upstreams_own_error_is_the_last_data_object() -> None:
    filter = chat.stream_filter(restore, asked())
    filter.feed(event(chunk(content="Hi PERS")))
    error = event({"error": {"message": "overloaded", "type": "x", "param": None, "code": 1}})
    assert filter.feed(error) == [error]
    assert filter.feed(event(chunk(content="more"))) == []
    assert filter.feed(DONE) == [DONE]


def test_the_moderation_object_is_on_the_last_finish_chunk() -> None:
    filter = chat.stream_filter(restore, asked(n=2), moderation={"input": {}, "output": {}})
    out = drain(
        filter, [chunk(0, content="a"), chunk(0, finish="stop"), chunk(1, content="b"), chunk(1, finish="stop")]
    )
    assert ["moderation" in o for o in out] == [False, False, False, True]
    assert filter.finished
