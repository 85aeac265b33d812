"""The Responses API as the official SDK reads it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from openai import AsyncOpenAI

from guard.errors import RequestError
from proxy.upstream.base import Call, Event
from tests.proxy.upstream.embedded.conftest import Client, user

PATH = "/v1/responses"
EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]


class _Transport(httpx.AsyncBaseTransport):
    """Hands an SDK's requests straight to the upstream."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content) if request.content else None
        stream = bool(body and body.get("stream"))
        reply = await self._client.upstream.send(Call(request.url.path, body, method=request.method, stream=stream))
        if reply.events is None:
            return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body)
        return httpx.Response(reply.status, headers=list(reply.headers), content=_frames(reply.events))


async def _frames(events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
    async for e in events:
        yield (b"event: " + e.event.encode() + b"\n" if e.event else b"") + b"data: " + e.data + b"\n\n"


def sdk(client: Client) -> AsyncOpenAI:
    http = httpx.AsyncClient(transport=_Transport(client))
    return AsyncOpenAI(
        api_key="k", base_url="http://embedded/v1", http_client=http, max_retries=0, _strict_response_validation=True
    )


INPUTS: list[Any] = [
    "hello",
    [{"role": "user", "content": "hello"}],
    [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}],
]


@pytest.mark.parametrize("given", INPUTS)
def test_whole(client: Client, given: Any) -> None:
    chat = client.chat("hello", max_tokens=9)["choices"][0]["message"]["content"]
    response = client.run(sdk(client).responses.create(model="tiny", input=given, max_output_tokens=9, temperature=0))
    assert response.output_text == chat
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage.total_tokens == response.usage.input_tokens + 9


def test_instructions_are_the_system_message(client: Client) -> None:
    messages = [{"role": "system", "content": "be kind"}, *user("hello")]
    expected = client.whole("/v1/chat/completions", messages=messages, temperature=0, max_tokens=6)
    response = client.whole(PATH, input="hello", instructions="be kind", temperature=0, max_output_tokens=6)
    assert response["output"][0]["content"][0]["text"] == expected["choices"][0]["message"]["content"]
    assert response["instructions"] == "be kind"
    assert response["usage"]["input_tokens"] == expected["usage"]["prompt_tokens"]


def test_tool_turns_render_as_in_chat(client: Client) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    messages = [
        *user("hello"),
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
    ]
    items = [
        *user("hello"),
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'},
        {"type": "function_call_output", "call_id": "c1", "output": "3"},
    ]
    expected = client.whole("/v1/chat/completions", messages=messages, max_tokens=1)
    assert (
        client.whole(PATH, input=items, max_output_tokens=1)["usage"]["input_tokens"]
        == expected["usage"]["prompt_tokens"]
    )


@pytest.mark.parametrize("include", [[], ["message.output_text.logprobs"]])
@pytest.mark.parametrize("ends", ["completed", "incomplete"])
def test_stream_has_every_event_and_its_texts_agree(client: Client, include: list[Any], ends: str) -> None:
    text = client.chat("hello", max_tokens=20)["choices"][0]["message"]["content"]
    stop = {"stop": text[-3:]} if ends == "completed" else {}

    async def collect() -> tuple[list[Any], Any]:
        async with sdk(client).responses.stream(
            model="tiny", input="hello", max_output_tokens=20, temperature=0, include=include, extra_body=stop
        ) as stream:
            events = [event async for event in stream]
            return events, events[-1].response

    events, final = client.run(collect())
    assert [e.sequence_number for e in events] == list(range(len(events)))
    kinds = [e.type for e in events]
    assert list(dict.fromkeys(kinds)) == [*EVENTS, f"response.{ends}"]
    deltas = [e for e in events if e.type == "response.output_text.delta"]
    assert len(deltas) > 3
    text = "".join(e.delta for e in deltas)
    done = next(e for e in events if e.type == "response.output_text.done")
    assert text == done.text == final.output_text
    assert {e.item_id for e in deltas} == {final.output[0].id}
    entries = [entry for e in deltas for entry in e.logprobs]
    assert [e.token for e in entries] == [e.token for e in final.output[0].content[0].logprobs]
    assert bool(entries) == bool(include)


def test_a_completed_answer_ends_with_completed(client: Client) -> None:
    text = client.chat("hello", max_tokens=20)["choices"][0]["message"]["content"]
    events = client.events(PATH, input="hello", temperature=0, stop=text[5:8])
    last = orjson.loads(events[-1].data)
    assert (events[-1].event, last["response"]["status"]) == ("response.completed", "completed")
    assert last["response"]["incomplete_details"] is None


def test_chat_and_models_parse_with_the_sdk(client: Client) -> None:
    async def collect() -> None:
        api = sdk(client)
        assert [m.id async for m in api.models.list()] == ["tiny"]
        assert (await api.models.retrieve("tiny")).id == "tiny"
        whole = await api.chat.completions.create(
            model="tiny", messages=[{"role": "user", "content": "hello"}], n=2, logprobs=True, max_tokens=4
        )
        assert len(whole.choices) == 2
        async with api.chat.completions.stream(
            model="tiny", messages=[{"role": "user", "content": "hello"}], temperature=0, max_tokens=50
        ) as stream:
            text = "".join([e.delta async for e in stream if e.type == "content.delta"])
        assert text
        completion = await api.completions.create(model="tiny", prompt="hello", logprobs=1)
        assert completion.choices[0].logprobs
        vectors = await api.embeddings.create(model="tiny", input=["a", "b"], encoding_format="float")
        assert [len(d.embedding) for d in vectors.data] == [64, 64]

    client.run(collect())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "x", "previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": "x", "background": True}, "background"),
        ({"input": "x", "tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"input": "x", "tool_choice": "required"}, "tool_choice"),
        ({"input": "x", "text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"input": "x", "include": ["file_search_call.results"]}, "include"),
        ({"input": [{"type": "computer_call"}]}, "input[0]"),
        ({"input": [3]}, "input[0]"),
        ({"input": []}, "input"),
        ({"input": "x", "instructions": 3}, "instructions"),
        ({"input": "x", "max_output_tokens": 10_000}, "input"),
    ],
)
def test_wrong_requests_name_the_field(client: Client, body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        client.whole(PATH, **body)
    assert caught.value.param == param
