"""Every guarded field of the coverage ledger, over real sockets: what is planted there does not leave, and comes back.

The upstream repeats whatever reached it, so what comes back has gone both ways; answers are scripted, one for
each place the official SDK's types have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseOutputItem, ResponseStreamEvent

from proxy.wire.answer_ledger import classify
from proxy.wire.fields import Status
from proxy.wire.ledger import TABLES, ledger
from tests.conformance.planting import bodies
from tests.support.answer_types import members, minimal, planted
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
TEXT = f"Write to {SECRET} today"
ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
TOKEN = "@@"  # where the script wants the stand-in
GENERATING = ("/v1/chat/completions", "/v1/completions", "/v1/responses")


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream(piece=7) as up:
        yield up


@pytest.fixture(scope="module")
def proxy(upstream: FaultyUpstream) -> Iterator[Proxy]:
    with Proxy.in_front_of(upstream, policy={"sanitize": {"ner": [], "restore_system": True}}) as running:
        yield running


@pytest.fixture(scope="module")
def client(proxy: Proxy) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=proxy.root, timeout=20) as http:
        yield http


def events(raw: str) -> list[dict[str, Any]]:
    lines = (line[6:] for line in raw.split("\n") if line.startswith("data: "))
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(raw: str, stream: bool) -> str:
    """The text of an answer of the repeating upstream."""
    if not stream:
        answer = json.loads(raw)
        if "output" in answer:
            return str(answer["output"][0]["content"][0]["text"])
        choice = answer["choices"][0]
        return str(choice["text"] if "text" in choice else choice["message"]["content"])
    out = ""
    for event in events(raw):
        for choice in event.get("choices", ()):
            out += choice.get("text") or choice.get("delta", {}).get("content") or ""
        if event.get("type") == "response.output_text.delta":
            out += event["delta"]
    return out


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("endpoint", TABLES)
def test_every_guarded_field_of_a_request(upstream, client, endpoint, stream):
    if stream and endpoint not in GENERATING:
        pytest.skip("does not stream")
    seen, wrong = set(), []
    for path, body in bodies(endpoint, TEXT):
        sent = len(upstream.requests)
        answer = client.post(endpoint, json={**body, "stream": True} if stream else body)
        seen.add(path)
        if answer.status_code != 200:
            wrong.append((path, answer.status_code, answer.text[:200]))
            continue
        left = b"".join(r.body + json.dumps(r.headers).encode() for r in upstream.requests[sent:])
        if SECRET.encode() in left:
            wrong.append((path, "left", ""))
        if endpoint in GENERATING:
            assert len(ADDRESS.findall(left)) >= 1, path
            if SECRET not in said(answer.text, stream):
                wrong.append((path, "did not come back", answer.text[:300]))
    assert wrong == []
    assert seen == {row.path for row in ledger()[endpoint] if row.status is Status.GUARDED}


def script(upstream: FaultyUpstream, answer: Any, stream: bool) -> None:
    """What the upstream says next, the stand-in it was sent put in for `TOKEN`."""
    if stream:
        lines = [
            (f"event: {one['type']}\n" if "type" in one else "") + f"data: {json.dumps(one)}\n\n" for one in answer
        ]
        upstream.scripted = ("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode())
    else:
        upstream.scripted = ("application/json", json.dumps(answer).encode())


def asked(endpoint: str, stream: bool) -> dict[str, Any]:
    text = {"messages": [{"role": "user", "content": TEXT}]} if "chat" in endpoint else {}
    text |= {"/v1/completions": {"prompt": TEXT}, "/v1/responses": {"input": TEXT}}.get(endpoint, {})
    return {"model": "scripted", "stream": stream, **text}


def judge(path: str, raw: str, stand_in: str) -> str:
    """What is wrong with what came of a place; empty when it is as the ledger says."""
    row = classify(path)
    if row is None:
        return "not classified"
    back, left = SECRET in raw, stand_in in raw
    if row.status is Status.GUARDED and (left or not back):
        return "not restored"
    if row.status is Status.OPAQUE and back:
        return "restored, though the ledger says it passes"
    return ""


CHOICE = {"index": 0, "finish_reason": "stop", "logprobs": None}


def whole_chat() -> Iterator[tuple[str, Any]]:
    message = {"role": "assistant", "content": "x", "refusal": None}
    for path, one in planted(ChatCompletion, TOKEN):
        yield path, {**one, "choices": one["choices"] or [{**CHOICE, "message": message}]}


def whole_completion() -> Iterator[tuple[str, Any]]:
    for path, one in planted(Completion, TOKEN):
        yield path, {**one, "choices": one["choices"] or [{**CHOICE, "text": "x"}]}


def whole_response() -> Iterator[tuple[str, Any]]:
    for path, item in planted(ResponseOutputItem, TOKEN):
        yield path, {**minimal(Response), "status": "completed", "output": [item]}


WHOLE = {
    "/v1/chat/completions": whole_chat,
    "/v1/completions": whole_completion,
    "/v1/responses": whole_response,
}


@pytest.mark.parametrize("endpoint", WHOLE)
def test_every_field_of_a_whole_answer(upstream, client, endpoint):
    check(upstream, client, endpoint, WHOLE[endpoint](), stream=False)


def check(upstream: FaultyUpstream, client: httpx2.Client, endpoint: str, cases: Any, *, stream: bool) -> None:
    wrong, count = [], 0
    for path, answer in cases:
        count += 1
        script(upstream, answer, stream)
        got = client.post(endpoint, json=asked(endpoint, stream))
        assert got.status_code == 200, (path, got.text)
        stand_in = ADDRESS.findall(upstream.requests[-1].body)[0].decode()
        assert stand_in != SECRET
        text = "\n".join(json.dumps(e) for e in events(got.text)) if stream else got.text
        if stream and "error" in text and '"type": "error"' not in json.dumps(answer):
            assert '"upstream_error"' not in text and '"malformed"' not in text, (path, text)
        if problem := judge(path, joined(text) if stream else text, stand_in):
            wrong.append((path, problem, text[:300]))
    assert wrong == [] and count > 4


def joined(text: str) -> str:
    """Events as text, with the fragments of each field also put together."""
    fragments: dict[str, str] = {}

    def walk(value: Any, at: str) -> None:
        if isinstance(value, str):
            fragments[at] = fragments.get(at, "") + value
        elif isinstance(value, dict | list):
            for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
                walk(inner, f"{at}.{key}")

    for line in text.split("\n"):
        event = json.loads(line)
        walk(event, str(event.get("type", "")))
    return json.dumps(fragments)


def chunks() -> Iterator[tuple[str, Any]]:
    """Each place of a chunk: the value whole, and for what streams in pieces, cut in two."""
    end = {**minimal(ChatCompletionChunk), "choices": [{**CHOICE, "delta": {}}]}
    for path, one in planted(ChatCompletionChunk, TOKEN):
        one["choices"] = one["choices"] or [{**CHOICE, "finish_reason": None, "delta": {"content": "x"}}]
        for choice in one["choices"]:
            choice["finish_reason"] = None
        yield path, [one, end]
    for name in ("content", "refusal", "reasoning", "reasoning_content", "a_field_of_their_own"):
        half = [
            {**end, "choices": [{**CHOICE, "finish_reason": None, "delta": {name: piece}}]} for piece in (HEAD, TAIL)
        ]
        yield "choices[].delta.content", [*half, end]
    for place in ("function.arguments", "custom.input"):
        outer, inner = place.split(".")
        half = [
            {**end, "choices": [{**CHOICE, "finish_reason": None, "delta": {"tool_calls": [call]}}]}
            for piece, more in ((HEAD, {"id": "c", "type": outer}), (TAIL, {}))
            for call in [{"index": 0, outer: {inner: piece}, **more}]
        ]
        yield "choices[].delta.tool_calls[].function.arguments", [*half, end]


HEAD, TAIL = "@<@", "@>@"  # the first and the second half of the stand-in


def text_chunks() -> Iterator[tuple[str, Any]]:
    for path, one in whole_completion():
        one["choices"][0]["finish_reason"] = None
        yield path, [one, {**one, "choices": [{**CHOICE, "text": ""}]}]
    half = [{**minimal(Completion), "choices": [{**CHOICE, "finish_reason": None, "text": t}]} for t in (HEAD, TAIL)]
    yield "choices[].text", [*half, {**half[0], "choices": [{**CHOICE, "text": ""}]}]


def response_events() -> Iterator[tuple[str, Any]]:
    """Each place of an event by itself, then the events of a stream's end; deltas also cut in two."""
    end = {"type": "response.completed", "sequence_number": 9, "response": {**minimal(Response), "output": []}}
    items = dict.fromkeys(members(ResponseOutputItem), "") | {Response: ""}
    for path, one in planted(ResponseStreamEvent, TOKEN, whole=items):
        if one is None:
            continue
        yield path, [one] if one["type"] == "error" else [one, end]
        if one.get("delta") == TOKEN and path.endswith(".delta") and "audio.delta" not in path:
            yield path, [{**one, "delta": HEAD}, {**one, "delta": TAIL}, end]
    for path, item in planted(ResponseOutputItem, TOKEN):
        done = {"type": "response.output_item.done", "sequence_number": 1, "output_index": 0, "item": item}
        yield path, [done, {**end, "response": {**end["response"], "output": [item]}}]


STREAMS = {
    "/v1/chat/completions": chunks,
    "/v1/completions": text_chunks,
    "/v1/responses": response_events,
}


@pytest.mark.parametrize("endpoint", STREAMS)
def test_every_field_of_a_streamed_answer(upstream, client, endpoint):
    check(upstream, client, endpoint, STREAMS[endpoint](), stream=True)


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_a_response_repeats(upstream, client, stream):
    """Responses repeat the request's fields: they come back as the client wrote them."""
    repeated = {
        "instructions": TEXT,
        "metadata": {"who": TEXT},
        "user": SECRET,
        "safety_identifier": SECRET,
        "prompt_cache_key": SECRET,
        "tools": [{"type": "function", "name": "f", "description": TEXT, "parameters": {"description": TEXT}}],
        "tool_choice": {"type": "function", "name": SECRET},
        "text": {"format": {"type": "json_schema", "name": "n", "description": TEXT, "schema": {"title": TEXT}}},
    }
    got = client.post("/v1/responses", json={"model": "repeat", "input": "hi", "stream": stream, **repeated})
    assert got.status_code == 200, got.text
    assert SECRET.encode() not in upstream.requests[-1].body
    answers = [e["response"] for e in events(got.text) if "response" in e] if stream else [got.json()]
    assert len(answers) == (3 if stream else 1)
    for answer in answers:
        assert {name: answer[name] for name in repeated} == repeated


def test_metadata_that_a_chat_answer_repeats(upstream, client):
    body = {**asked("/v1/chat/completions", False), "metadata": {"who": SECRET}}
    script(upstream, {**minimal(ChatCompletion), "choices": [], "metadata": {"who": TOKEN}}, False)
    assert client.post("/v1/chat/completions", json=body).json()["metadata"] == {"who": SECRET}


OWN_FIELDS = {"output_text": TOKEN, "citations": [{"title": TOKEN}], "x_search": {"results": [TOKEN]}}


@pytest.mark.parametrize("stream", [False, True])
def test_fields_of_other_servers_in_a_response(upstream, client, stream):
    """Names that OpenAI does not have are filtered like text."""
    answer = {**minimal(Response), "status": "completed", "output": [], **OWN_FIELDS}
    script(
        upstream,
        [{"type": "response.completed", "sequence_number": 0, "response": answer}] if stream else answer,
        stream,
    )
    got = client.post("/v1/responses", json=asked("/v1/responses", stream))
    found = events(got.text)[-1]["response"] if stream else got.json()
    assert found["output_text"] == found["citations"][0]["title"] == found["x_search"]["results"][0] == SECRET


@pytest.mark.parametrize("stream", [False, True])
def test_fields_of_other_servers_in_a_chat_answer(upstream, client, stream):
    delta = {"role": "assistant", "content": "x", "reasoning_details": [{"text": TOKEN}], "summary": TOKEN}
    choice = {**CHOICE, ("delta" if stream else "message"): delta, "note": TOKEN}
    kind = ChatCompletionChunk if stream else ChatCompletion
    answer = {**minimal(kind), "choices": [choice], **OWN_FIELDS}
    script(upstream, [answer] if stream else answer, stream)
    got = client.post("/v1/chat/completions", json=asked("/v1/chat/completions", stream))
    stand_in = ADDRESS.findall(upstream.requests[-1].body)[0].decode()
    text = joined("\n".join(map(json.dumps, events(got.text)))) if stream else got.text
    assert stand_in not in text and text.count(SECRET) >= 6, text
