"""Whole exchanges over the wire modules: values in every guarded field of every endpoint, and answers in every form.

The bodies hold one stand-in text in each guarded field; a test beside them holds that against the coverage ledger, so
that a new field is covered here as well.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.check import Exchange
from guard.surface import Channel, ChannelKind
from guard.verdict import Verdict
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE, SSEParser
from proxy.wire import chat, completions, embeddings, moderations, responses
from proxy.wire.request import WireRequest
from sanitizers import SanitizeCheck, Sanitizer, SanitizerOptions
from tests.proxy.wire import bodies
from tests.proxy.wire.doubles import SECRET
from tests.sanitizers.strategies import cards, emails, texts

CHECK = SanitizeCheck(Sanitizer(key="k"))
ENDPOINTS: list[tuple[Any, Any]] = [
    (chat, bodies.chat),
    (completions, bodies.completions),
    (embeddings, bodies.embeddings),
    (moderations, bodies.moderations),
    (responses, bodies.responses),
]
slow = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def planted(value: Any, texts: Iterator[str]) -> Any:
    """`value` with the stand-in replaced, by another text each time; JSON inside strings stays JSON."""
    if isinstance(value, dict):
        return {k: planted(v, texts) for k, v in value.items()}
    if isinstance(value, list):
        return [planted(v, texts) for v in value]
    if not isinstance(value, str):
        return value
    try:
        inner = json.loads(value)
    except ValueError:
        inner = None
    if isinstance(inner, dict | list):
        return json.dumps(planted(inner, texts))
    while SECRET in value:
        value = value.replace(SECRET, next(texts), 1)
    return value


def hidden(endpoint: Any, body: dict[str, Any], check: SanitizeCheck = CHECK) -> tuple[WireRequest, Exchange]:
    request = endpoint.parse(body)
    exchange = Exchange(endpoint.PATH, "m", "tenant", "r", request.surfaces)
    finding = asyncio.run(check.inspect(exchange, apply=True))
    assert finding.verdict is Verdict.MASK
    request.commit()
    return request, exchange


def leaks(sent: str, value: str) -> list[str]:
    """The forms in which `value` is in what leaves."""
    forms = {value, value.upper(), value.lower(), quote(value, safe=""), json.dumps(value)[1:-1]}
    forms |= {base64.b64encode(value.encode()).decode().rstrip("=")[:-1], value.replace(" ", "").replace("-", "")}
    return [form for form in forms if form in sent]


VALUES = st.lists(st.one_of(emails.filter(lambda e: len(e) > 9), cards), min_size=1, max_size=4, unique=True)


@pytest.mark.parametrize(("endpoint", "body"), ENDPOINTS, ids=lambda v: getattr(v, "__name__", "").split(".")[-1])
@slow
@given(values=VALUES)
def test_no_original_leaves_from_any_field_of_any_endpoint(endpoint: Any, body: Any, values: list[str]) -> None:
    # What detection finds is another test's matter: here it is what has been found that must not leave.
    values = [v for v in values if CHECK.sanitizer.hide(f"({v})").text.find(v) < 0]
    if not values:
        return
    used: list[str] = []

    def texts() -> Iterator[str]:
        while True:
            used.append(values[len(used) % len(values)])
            yield f"({used[-1]})"

    request, _ = hidden(endpoint, planted(body(), texts()))
    sent = orjson.dumps(request.body).decode()
    assert used and not any(leaks(sent, value) for value in set(used))
    assert json.loads(sent)


@pytest.mark.parametrize(
    "field",
    [
        {"metadata": {"bob.smith@corp.com": "x"}},
        {"service_tier": "4111111111111111"},
        {"prompt_cache_key": "bob.smith@corp.com"},
        {"user": "bob.smith@corp.com"},
        {"safety_identifier": "4111 1111 1111 1111"},
        {"kv_transfer_params": {"id": "4111111111111111"}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {
            "properties": {"mail to bob.smith@corp.com": {"type": "string"}},
            "required": ["mail to bob.smith@corp.com"]}}}]},
        {"tool_choice": {"type": "function", "function": {"name": "bob.smith@corp.com"}}},
        {"reasoning_effort": "4111-1111-1111-1111"},
    ],
    ids=lambda f: next(iter(f)),
)  # fmt: skip
def test_keys_ids_and_options_leak_nothing(field: dict[str, Any]) -> None:
    request, _ = hidden(chat, {"model": "m", "messages": [{"role": "user", "content": "hi"}], **field})
    sent = orjson.dumps(request.body).decode()
    assert "bob.smith" not in sent and "4111" not in sent


SAID = "I am Alice Johnson, alice.johnson@corp.com, card 4111 1111 1111 1111; 我叫欧阳娜娜。"


def conversation(said: str = SAID, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": said}], **more}


def streamed(request: WireRequest, exchange: Exchange, deltas: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """The deltas of an upstream, each choice getting the same, through the stream filter; the client's deltas."""
    stream = chat.stream_filter(lambda channel: CHECK.output(exchange, channel), request)
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    out = []
    for delta in deltas:
        for index in range(n):
            choice = {"index": index, "delta": delta, "finish_reason": None}
            out += stream.feed(Event(orjson.dumps({**head, "choices": [choice]})))
    for index in range(n):
        choice = {"index": index, "delta": {}, "finish_reason": "stop"}
        out += stream.feed(Event(orjson.dumps({**head, "choices": [choice]})))
    out += stream.feed(DONE)
    out += stream.close()
    return [json.loads(e.data) for e in out if e.data and e.data != b"[DONE]"]


def parts(text: str, cuts: list[int]) -> list[str]:
    edges = [0, *sorted(min(c, len(text)) for c in cuts), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


@slow
@given(cuts=st.lists(st.integers(0, 200), max_size=30), n=st.integers(1, 3))
def test_every_channel_of_every_choice_is_restored_whatever_the_chunks(cuts: list[int], n: int) -> None:
    request, exchange = hidden(chat, conversation(stream=True, n=n))
    answer = request.body["messages"][0]["content"]
    arguments = json.dumps({"said": answer, "again": json.dumps({"said": answer})})
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": p} for p in parts(answer, cuts)]
    deltas += [{"content": p} for p in parts(answer, cuts)]
    deltas += [{"refusal": p} for p in parts(answer, cuts)]
    deltas += [{"tool_calls": [call]}]
    deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": p}}]} for p in parts(arguments, cuts)]
    chunks = streamed(request, exchange, deltas, n)
    for index in range(n):
        mine = [c["delta"] for chunk in chunks for c in chunk["choices"] if c["index"] == index]
        for key in ("content", "refusal", "reasoning_content"):
            assert "".join(d.get(key) or "" for d in mine) == SAID, key
        text = "".join(t["function"].get("arguments", "") for d in mine for t in d.get("tool_calls") or ())
        assert json.loads(text)["said"] == SAID
        assert json.loads(json.loads(text)["again"])["said"] == SAID


@slow
@given(text=texts, cuts=st.lists(st.integers(0, 4000), max_size=40), ascii_only=st.booleans(), every=st.booleans())
def test_a_stream_read_in_any_pieces_of_bytes_restores_the_same(
    text: str, cuts: list[int], ascii_only: bool, every: bool
) -> None:
    """Reads split anywhere: inside a UTF-8 character, a JSON escape, an event's line end."""
    said = f"{SAID} {text}".replace("\x00", "")
    said = said.encode("utf-8", "replace").decode()
    request, exchange = hidden(chat, conversation(said, stream=True))
    answer = request.body["messages"][0]["content"]
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    wire = b""
    for piece, end in [(p, None) for p in parts(answer, cuts)] + [("", "stop")]:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": end}
        wire += b"data: " + json.dumps({**head, "choices": [choice]}, ensure_ascii=ascii_only).encode() + b"\n\n"
    wire += b"data: [DONE]\n\n"
    edges = range(len(wire) + 1) if every else [0, *sorted(min(c, len(wire)) for c in cuts), len(wire)]
    stream = chat.stream_filter(lambda channel: CHECK.output(exchange, channel), request)
    parser, out = SSEParser(), []
    for a, b in pairwise(edges):
        for event in parser.feed(wire[a:b]):
            out += stream.feed(event)
    out += stream.close()
    chunks = [json.loads(e.data) for e in out if e.data and e.data != b"[DONE]"]
    assert "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"]) == said


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("allowed", [False, True])
def test_what_the_system_prompt_alone_holds_comes_back_in_no_channel(allowed: bool, stream: bool) -> None:
    check = SanitizeCheck(Sanitizer(SanitizerOptions(restore_system=allowed), key="k"))
    body = conversation("I am bob@corp.com", stream=stream)
    body["messages"].insert(0, {"role": "system", "content": "Escalate to boss.man@corp.com, card 4111 1111 1111 1111"})
    body["tools"] = [{"type": "function", "function": {"name": "f", "description": "of 378282246310005"}}]
    request, exchange = hidden(chat, body, check)
    description = request.body["tools"][0]["function"]["description"]
    answer = " ".join((*(m["content"] for m in request.body["messages"]), description))
    for kind in ChannelKind:
        filter_ = check.output(exchange, Channel(kind))
        assert filter_ is not None
        said = json.dumps({"x": answer}) if kind is ChannelKind.ARGUMENTS else answer
        out = "".join(filter_.feed(c) for c in said) + filter_.close()
        assert "bob@corp.com" in out
        assert all((secret in out) is allowed for secret in ("boss.man", "4111", "378282246310005"))


def test_log_probabilities_do_not_spell_out_what_was_hidden() -> None:
    request, exchange = hidden(chat, conversation(stream=False, logprobs=True))
    answer = request.body["messages"][0]["content"]
    tokens: list[dict[str, Any]] = [
        {"token": p, "logprob": -1.0, "bytes": None, "top_logprobs": []} for p in parts(answer, [5, 9, 14, 33])
    ]
    choice = {"index": 0, "finish_reason": "stop", "logprobs": {"content": tokens, "refusal": None},
              "message": {"role": "assistant", "content": answer}}  # fmt: skip
    body: dict[str, Any] = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    out = chat.filter_body(body, lambda channel: CHECK.output(exchange, channel), request)
    assert out["choices"][0]["message"]["content"] == SAID
    assert not out["choices"][0]["logprobs"], "tokens of stand-ins beside a restored text"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_deltas_and_snapshots_of_responses_agree(size: int) -> None:
    request, exchange = hidden(responses, {"model": "m", "input": SAID, "stream": True})
    answer = request.surfaces[0].text
    stream = responses.stream_filter(lambda channel: CHECK.output(exchange, channel), request)
    at = {"item_id": "m1", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": answer, "annotations": []}
    item = {"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": [part]}
    done = {"id": "r", "object": "response", "status": "completed", "output": [item], "model": "m"}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**done, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *(
            {"type": "response.output_text.delta", **at, "delta": answer[i : i + size]}
            for i in range(0, len(answer), size)
        ),
        {"type": "response.output_text.done", **at, "text": answer},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]
    out = []
    for number, event in enumerate(events):
        data = orjson.dumps({**event, "sequence_number": number})
        out += stream.feed(Event(data, event=event["type"]))
    out += stream.close()
    got = [json.loads(e.data) for e in out if e.data and e.data != b"[DONE]"]
    by_type = {g["type"]: g for g in got}
    assert "".join(g["delta"] for g in got if g["type"].endswith(".delta")) == SAID
    assert by_type["response.output_text.done"]["text"] == SAID
    assert by_type["response.content_part.done"]["part"]["text"] == SAID
    assert by_type["response.output_item.done"]["item"]["content"][0]["text"] == SAID
    assert by_type["response.completed"]["response"]["output"][0]["content"][0]["text"] == SAID
