"""Streamed Responses: deltas, `.done` texts and snapshots say the same, whatever was held."""

from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from guard.errors import UpstreamError
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire import responses
from tests.proxy.wire.doubles import SECRET, SURROGATE, Refuse, decode, event, mask, nothing, restore

S = SURROGATE
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def asked(**more: Any) -> Any:
    body = {"model": "m", "input": f"I am {SECRET}", "instructions": f"Help {SECRET}.", "stream": True, **more}
    return mask(responses.parse(body))


def response(status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "r",
        "object": "response",
        "created_at": 1.0,
        "model": "m",
        "status": status,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "instructions": f"Help {S}.",
        "output": output,
    }


def message(text: str, status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"id": "m1", "type": "message", "role": "assistant", "status": status, "content": [part]}


def stream(parts: list[str], arguments: list[str], summary: list[str]) -> list[dict[str, Any]]:
    """A whole upstream stream: a reasoning summary, a message, a function call."""
    text, args, think = "".join(parts), "".join(arguments), "".join(summary)
    reasoning = {"id": "r1", "type": "reasoning", "summary": [{"type": "summary_text", "text": think}]}
    call = {"id": "f1", "type": "function_call", "call_id": "c", "name": "f", "status": "completed", "arguments": args}
    where: dict[str, Any] = {"item_id": "m1", "output_index": 1, "content_index": 0}
    what: dict[str, Any] = {"item_id": "f1", "output_index": 2}
    why: dict[str, Any] = {"item_id": "r1", "output_index": 0, "summary_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("created", {"response": response("in_progress", [])}),
        ("in_progress", {"response": response("in_progress", [])}),
        ("output_item.added", {"output_index": 0, "item": {**reasoning, "summary": []}}),
        ("reasoning_summary_part.added", {**why, "part": {"type": "summary_text", "text": ""}}),
        *[("reasoning_summary_text.delta", {**why, "delta": p}) for p in summary],
        ("reasoning_summary_text.done", {**why, "text": think}),
        ("reasoning_summary_part.done", {**why, "part": {"type": "summary_text", "text": think}}),
        ("output_item.done", {"output_index": 0, "item": reasoning}),
        ("output_item.added", {"output_index": 1, "item": {**message("", "in_progress"), "content": []}}),
        ("content_part.added", {**where, "part": empty}),
        *[("output_text.delta", {**where, "delta": p, "logprobs": [], "obfuscation": "x"}) for p in parts],
        ("output_text.done", {**where, "text": text, "logprobs": []}),
        ("content_part.done", {**where, "part": {**empty, "text": text}}),
        ("output_item.done", {"output_index": 1, "item": message(text)}),
        ("output_item.added", {"output_index": 2, "item": {**call, "arguments": "", "status": "in_progress"}}),
        *[("function_call_arguments.delta", {**what, "delta": p}) for p in arguments],
        ("function_call_arguments.done", {**what, "arguments": args, "name": "f"}),
        ("output_item.done", {"output_index": 2, "item": call}),
        ("completed", {"response": response("completed", [reasoning, message(text), call])}),
    ]
    events = [{"type": f"response.{k}", "sequence_number": i, **v} for i, (k, v) in enumerate(kinds)]
    return copy.deepcopy(events)


def run(filter: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return decode([out for e in events for out in filter.feed(event(e))] + filter.close())


def joined(out: list[dict[str, Any]], kind: str) -> str:
    return "".join(e["delta"] for e in out if e["type"] == f"response.{kind}.delta")


PARTS = st.lists(st.sampled_from([S, S[:4], S[4:], "hi ", "é"]), max_size=8)


@given(PARTS, PARTS, PARTS)
def test_deltas_done_and_snapshots_agree(parts: list[str], arguments: list[str], summary: list[str]) -> None:
    filter = responses.stream_filter(restore, asked())
    out = run(filter, stream(parts, arguments, summary))
    by_type = {e["type"].removeprefix("response."): e for e in out}
    final = by_type["completed"]["response"]["output"]
    for pieces, kind, done, shown in (
        (parts, "output_text", "text", final[1]["content"][0]["text"]),
        (arguments, "function_call_arguments", "arguments", final[2]["arguments"]),
        (summary, "reasoning_summary_text", "text", final[0]["summary"][0]["text"]),
    ):
        expected = "".join(pieces).replace(S, SECRET)
        assert joined(out, kind) == expected
        assert by_type[f"{kind}.done"][done] == expected
        assert shown == expected
    assert by_type["content_part.done"]["part"]["text"] == joined(out, "output_text")
    items = {e["output_index"]: e["item"] for e in out if e["type"] == "response.output_item.done"}
    assert items[1]["content"][0]["text"] == joined(out, "output_text")
    assert items[2]["arguments"] == joined(out, "function_call_arguments")
    assert [e["sequence_number"] for e in out] == list(range(len(out)))
    assert out[-1]["type"] == "response.completed"
    assert all(e["response"]["instructions"] == f"Help {SECRET}." for e in out if "response" in e)
    assert bool(filter.tally.changed) == any(S in "".join(p) for p in (parts, arguments, summary))
    for one in out:
        EVENT.validate_python(one)


def test_event_names_are_kept_and_comments_pass() -> None:
    filter = responses.stream_filter(restore, asked())
    for one in stream(["a"], [], []):
        assert all(e.event == orjson.loads(e.data)["type"] for e in filter.feed(event(one)))
    assert filter.finished and filter.close() == [] and filter.feed(DONE) == []
    assert responses.stream_filter(restore, asked()).feed(Event(comment=b"x")) == [Event(comment=b"x")]


def test_a_block_closes_what_is_open_and_ends_incomplete() -> None:
    filter = responses.stream_filter(lambda c: Refuse(), asked())
    out = run(filter, stream(["good ", "PERS", "FORBIDDEN", "more"], [], ["why"]))
    assert joined(out, "output_text") == "good "
    assert [e["type"].removeprefix("response.") for e in out[-4:]] == [
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "incomplete",
    ]
    last = out[-1]["response"]
    assert last["status"] == "incomplete" and last["incomplete_details"] == {"reason": "content_filter"}
    assert [i["type"] for i in last["output"]] == ["reasoning", "message"]
    assert last["output"][1]["content"][0]["text"] == "good " and last["output"][1]["status"] == "incomplete"
    assert "FORBIDDEN" not in json.dumps(out) and "more" not in json.dumps(out)
    assert [e["sequence_number"] for e in out] == list(range(len(out)))
    assert filter.tally.blocked == ["words"]
    for one in out:
        EVENT.validate_python(one)


def test_an_early_end_is_a_flat_error() -> None:
    events = [e for e in stream(["Hi PERS"], [], []) if not e["type"].endswith(("done", "completed"))]
    out = run(responses.stream_filter(restore, asked()), events)
    assert joined(out, "output_text") == "Hi ", "the beginning of a stand-in is not let out"
    assert set(out[-1]) == {"type", "code", "message", "param", "sequence_number"}
    assert (out[-1]["type"], out[-1]["code"]) == ("error", "early_close")
    EVENT.validate_python(out[-1])


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"type": "mystery.delta", "delta": "x"}',
        b'{"type": "response.mystery.delta", "delta": "x"}',
        b'{"type": "response.output_text.delta", "delta": 5}',
        b'{"type": "response.output_text.delta", "delta": "x", "output_index": "a"}',
        b'{"type": "response.output_item.done", "item": 5}',
        b'{"type": "response.completed", "response": null}',
    ],
)
def test_malformed_events(data: bytes) -> None:
    filter = responses.stream_filter(restore, asked())
    with pytest.raises(UpstreamError) as caught:
        filter.feed(Event(data))
    assert caught.value.reason == "malformed"
    (error,) = filter.close(caught.value)
    assert orjson.loads(error.data)["code"] == "malformed"


def test_texts_without_deltas_are_filtered_in_the_snapshots() -> None:
    events = [e for e in stream([f"Hi {S}"], ["{}"], []) if not e["type"].endswith("delta")]
    out = run(responses.stream_filter(restore, asked()), events)
    assert S not in json.dumps(out) and out[-1]["response"]["output"][1]["content"][0]["text"] == f"Hi {SECRET}"


def test_logprobs_and_offsets_of_changed_text() -> None:
    events = stream([f"By {S}", " x"], [], [])
    logprob = {"token": "PER", "logprob": -1.0, "bytes": [], "top_logprobs": []}
    note = {"type": "url_citation", "title": S, "url": "u", "start_index": 3, "end_index": 3 + len(S)}
    for one in events:
        if one["type"] == "response.output_text.delta":
            one["logprobs"] = [logprob]
        if one["type"] == "response.content_part.done":
            one["part"].update(logprobs=[logprob], annotations=[note])
    out = run(responses.stream_filter(restore, asked()), events)
    assert [e["logprobs"] for e in out if e["type"] == "response.output_text.delta"] == [[], [logprob]]
    part = next(e["part"] for e in out if e["type"] == "response.content_part.done")
    assert part["logprobs"] == []
    cited = part["annotations"][0]
    assert part["text"][cited["start_index"] : cited["end_index"]] == SECRET and cited["title"] == SECRET


def test_the_moderation_object_is_in_the_last_response() -> None:
    filter = responses.stream_filter(nothing, asked(), moderation={"input": 1})
    out = run(filter, stream(["a"], [], []))
    assert [e["response"].get("moderation") for e in out if "response" in e] == [None, None, {"input": 1}]
