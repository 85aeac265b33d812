"""The same calls with the official SDK, directly and through the proxy: the objects must be the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.conformance.calls import ASSISTANT_CALL, CHATS, SAY, TOOL, user
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream


@pytest.fixture(scope="module")
def upstream():
    with FaultyUpstream() as up:
        yield up


@pytest.fixture(scope="module", params=["off", "sanitize"])
def pair(request, upstream):
    """Clients straight to the upstream and through the proxy."""
    with Proxy.in_front_of(upstream, sanitize=request.param == "sanitize") as proxy:
        yield tuple(openai.OpenAI(base_url=u, api_key="x", max_retries=0) for u in (upstream.url, proxy.url))


def both(pair: tuple[openai.OpenAI, openai.OpenAI], call: Callable[[openai.OpenAI], Any]) -> tuple[Any, Any]:
    direct, guarded = (call(client) for client in pair)
    return direct, guarded


@pytest.mark.parametrize("name", CHATS)
def test_chat(pair, name):
    arguments = {"model": "echo", **CHATS[name]}
    arguments.pop("stream_options", None)
    direct, guarded = both(pair, lambda c: c.chat.completions.create(**arguments).model_dump())
    assert guarded == direct


@pytest.mark.parametrize("name", CHATS)
def test_chat_stream_event_by_event(pair, name):
    arguments = {"model": "echo", **CHATS[name], "stream": True}
    direct, guarded = both(pair, lambda c: [e.model_dump() for e in c.chat.completions.create(**arguments)])
    assert guarded == direct


@pytest.mark.parametrize("stream", [False, True])
def test_completions(pair, stream):
    def call(client: openai.OpenAI) -> Any:
        answer = client.completions.create(model="echo", prompt=SAY, n=2, stream=stream)
        return [e.model_dump() for e in answer] if stream else answer.model_dump()

    direct, guarded = both(pair, call)
    assert guarded == direct


def test_embeddings_and_models(pair):
    direct, guarded = both(pair, lambda c: c.embeddings.create(model="echo", input=[SAY, "b"]).model_dump())
    assert guarded == direct
    assert {m.id for m in pair[1].models.list()} >= {m.id for m in pair[0].models.list()}


def test_responses(pair):
    direct, guarded = both(pair, lambda c: c.responses.create(model="echo", input=SAY).model_dump())
    assert guarded == direct


def test_responses_stream_event_by_event(pair):
    def call(client: openai.OpenAI) -> Any:
        with client.responses.stream(model="echo", input=SAY) as stream:
            return [e.model_dump(warnings=False) for e in stream]

    direct, guarded = both(pair, call)
    assert guarded == direct


def test_async_client_with_many_at_once(pair):
    async def ask(base: str) -> list[str]:
        async with openai.AsyncOpenAI(base_url=base, api_key="x", max_retries=0) as client:
            answers = [client.chat.completions.create(model="echo", messages=user(f"say {i}")) for i in range(20)]
            return [a.choices[0].message.content or "" for a in await asyncio.gather(*answers)]

    got = asyncio.run(ask(str(pair[1].base_url)))
    assert got == [f"You said: say {i}" for i in range(20)]


SECRET = "maria.lopez@corp-internal.org"
CARD = "4111 1111 1111 1111"
PLANTED = {
    "system": {"messages": [{"role": "system", "content": f"The boss is {SECRET}"}, *user(f"Mail {SECRET}")]},
    "user": {"messages": user(f"I am {SECRET}, card {CARD}.")},
    "assistant history": {
        "messages": [*user("hi"), {"role": "assistant", "content": f"Hello {SECRET}"}, *user(f"Again {SECRET}")]
    },
    "tool result": {
        "messages": [*user(), ASSISTANT_CALL, {"role": "tool", "tool_call_id": "c1", "content": f"found {SECRET}"}]
    },
    "tool arguments": {"model": "tool-echo", "messages": user(f"Record {SECRET} and {CARD}"), "tools": [TOOL]},
    "reasoning": {"model": "reason-echo", "messages": user(f"About {SECRET}")},
    "metadata": {"messages": user(f"I am {SECRET}"), "metadata": {"who": SECRET}, "user": SECRET},
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", PLANTED)
def test_planted_values_stay_and_come_back(upstream, name, stream):
    arguments = {"model": "echo", **PLANTED[name]}
    with Proxy.in_front_of(upstream, sanitize=True) as proxy:
        direct = openai.OpenAI(base_url=upstream.url, api_key="x", max_retries=0)
        guarded = openai.OpenAI(base_url=proxy.url, api_key="x", max_retries=0)
        want = _text(direct, arguments, stream)
        sent = len(upstream.requests)
        assert _text(guarded, arguments, stream) == want
        assert SECRET in want
        left = b"".join(r.body for r in upstream.requests[sent:])
        assert SECRET.encode() not in left and CARD.encode() not in left
        assert SECRET not in proxy.audit.read_text() and CARD not in proxy.audit.read_text()


def _text(client: openai.OpenAI, arguments: dict[str, Any], stream: bool) -> str:
    """All text of an answer, from every channel."""
    if not stream:
        messages = [c.message for c in client.chat.completions.create(**arguments).choices]
    else:
        with client.chat.completions.stream(**arguments) as events:
            messages = [c.message for c in events.get_final_completion().choices]
    out = ""
    for message in messages:
        out += (message.content or "") + str(getattr(message, "reasoning", "") or "")
        out += "".join(call.function.arguments for call in message.tool_calls or [])
    return out
