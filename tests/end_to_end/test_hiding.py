"""Hide and restore around an HTTP upstream that echoes: nothing leaves in the clear, everything comes back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.end_to_end.conftest import Running

EMAIL, CARD, PHONE = "maria.lopez@corp-internal.org", "4111 1111 1111 1111", "+49 30 901820"
TEXT = f"Write to {EMAIL}, charge {CARD}, call {PHONE}; again: {EMAIL}."
SECRETS = (EMAIL, CARD, PHONE, "corp-internal")


def ask(text: str = TEXT) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@pytest.fixture(autouse=True)
def nothing_leaks(running: Running) -> Any:
    yield
    for secret in SECRETS:
        assert secret.encode() not in running.echo.seen
        assert secret not in running.served.audit.read_text()
        assert secret not in running.served.log.read_text()


def test_whole(running: Running) -> None:
    answer = running.client().chat.completions.create(model="echo", messages=ask())
    assert answer.choices[0].message.content == f"You said: {TEXT}"
    sent = running.echo.requests[-1]
    assert sent.headers["authorization"] == "Bearer sk-upstream"
    assert "@" in sent.json["messages"][0]["content"]


@pytest.mark.parametrize("n", [1, 3])
def test_streamed(running: Running, n: int) -> None:
    texts = [""] * n
    for chunk in running.client().chat.completions.create(model="echo", messages=ask(), stream=True, n=n):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts == [f"You said: {TEXT}"] * n


def test_asynchronously(running: Running) -> None:
    async def main() -> str:
        async with running.async_client() as client:
            stream = await client.chat.completions.create(model="echo", messages=ask(), stream=True)
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

    assert asyncio.run(main()) == f"You said: {TEXT}"


@pytest.mark.parametrize("stream", [False, True])
def test_tool_arguments(running: Running, stream: bool) -> None:
    client = running.client()
    options: dict[str, Any] = {
        "model": "tool-echo",
        "messages": ask(f'Quote "{EMAIL}"'),
        "tools": [{"type": "function", "function": {"name": "record", "parameters": {"type": "object"}}}],
    }
    if stream:
        arguments = name = ""
        for chunk in client.chat.completions.create(**options, stream=True):
            for call in chunk.choices[0].delta.tool_calls or [] if chunk.choices else []:
                arguments += (call.function and call.function.arguments) or ""
                name += (call.function and call.function.name) or ""
        assert name == "record"
    else:
        (call,) = client.chat.completions.create(**options).choices[0].message.tool_calls or []
        arguments = call.function.arguments
    assert json.loads(arguments) == {"text": f'Quote "{EMAIL}"', "count": 2}


def test_a_conversation_keeps_its_stand_ins(running: Running) -> None:
    client = running.client()
    client.chat.completions.create(model="echo", messages=ask())
    first = running.echo.requests[-1].json["messages"][0]["content"]
    history = [*ask(), {"role": "assistant", "content": f"Noted {EMAIL}."}, *ask("thanks")]
    client.chat.completions.create(model="echo", messages=history)
    assert running.echo.requests[-1].json["messages"][0]["content"] == first


def test_logprobs_do_not_spell_the_stand_ins(running: Running) -> None:
    answer = running.client().chat.completions.create(model="echo", messages=ask(), logprobs=True)
    assert answer.choices[0].logprobs is None
    plain = running.client().chat.completions.create(model="echo", messages=ask("hello"), logprobs=True)
    assert plain.choices[0].logprobs is not None


def test_responses(running: Running) -> None:
    client = running.client()
    answer = client.responses.create(model="echo", input=TEXT, instructions=f"Answer {EMAIL} politely.")
    assert answer.output_text == f"You said: {TEXT}"
    events = list(client.responses.create(model="echo", input=TEXT, stream=True))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == f"You said: {TEXT}"
    assert events[-1].response.output_text == f"You said: {TEXT}"


def test_embeddings_and_completions(running: Running) -> None:
    client = running.client()
    assert client.embeddings.create(model="echo", input=[TEXT]).data[0].embedding == [0.5, 0.25]
    assert client.completions.create(model="echo", prompt=TEXT).choices[0].text == f"You said: {TEXT}"
    streamed = client.completions.create(model="echo", prompt=TEXT, stream=True)
    assert "".join(c.choices[0].text for c in streamed) == f"You said: {TEXT}"
