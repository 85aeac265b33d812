"""The bundled model through the official SDK: types, content, and the ladder of verdicts."""

from __future__ import annotations

import asyncio
import base64
import json
from statistics import mean

import httpx2
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.end_to_end.conftest import HARMFUL, HARMLESS, Running

MODEL = "tiny-chat"
PII = "My name is Maria Lopez, my email is maria.lopez@corp-internal.org and my card is 4111 1111 1111 1111."


def ask(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_the_model_finds_harmful_prompts_more_harmful(running: Running) -> None:
    assert mean(running.scores[t] for t in HARMFUL) > mean(running.scores[t] for t in HARMLESS)


def test_a_whole_answer(running: Running) -> None:
    answer = running.client().chat.completions.create(
        model=MODEL, messages=ask(running.allowed), max_tokens=24, temperature=0, seed=1
    )
    assert isinstance(answer, ChatCompletion)
    assert answer.id and answer.object == "chat.completion" and answer.model == MODEL
    (choice,) = answer.choices
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage is not None and answer.usage.total_tokens > 0
    assert answer.usage.prompt_tokens + answer.usage.completion_tokens == answer.usage.total_tokens


def test_a_stream_says_the_same(running: Running) -> None:
    client = running.client()
    options = {"model": MODEL, "messages": ask(running.allowed), "max_tokens": 24, "temperature": 0, "seed": 1}
    whole = client.chat.completions.create(**options)
    chunks = list(client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True}))
    assert all(isinstance(c, ChatCompletionChunk) for c in chunks)
    assert len({(c.id, c.created, c.model) for c in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == whole.choices[0].finish_reason
    assert not chunks[-1].choices and chunks[-1].usage is not None
    assert all(c.usage is None for c in chunks[:-1])


def test_a_stream_without_usage_has_none(running: Running) -> None:
    stream = running.client().chat.completions.create(
        model=MODEL, messages=ask(running.allowed), max_tokens=4, stream=True
    )
    chunks = list(stream)
    assert all(c.choices and c.usage is None for c in chunks)


def test_several_choices_and_logprobs(running: Running) -> None:
    answer = running.client().chat.completions.create(
        model=MODEL,
        messages=ask(running.allowed),
        n=3,
        max_tokens=8,
        temperature=1.0,
        seed=7,
        logprobs=True,
        top_logprobs=2,
    )
    assert sorted(c.index for c in answer.choices) == [0, 1, 2]
    for choice in answer.choices:
        assert choice.logprobs is not None and choice.logprobs.content
        for token in choice.logprobs.content:
            assert token.logprob <= 0 and len(token.top_logprobs) == 2
    chunks = running.client().chat.completions.create(
        model=MODEL, messages=ask(running.allowed), n=2, max_tokens=8, stream=True, logprobs=True
    )
    finished = {c.choices[0].index for c in chunks if c.choices and c.choices[0].finish_reason}
    assert finished == {0, 1}


def test_tools_are_accepted(running: Running) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    answer = running.client().chat.completions.create(
        model=MODEL, messages=ask(running.allowed), tools=[tool], max_tokens=8
    )
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls")


def test_the_sdks_streaming_helper(running: Running) -> None:
    with running.client().chat.completions.stream(model=MODEL, messages=ask(running.allowed), max_tokens=8) as stream:
        said = "".join(event.delta for event in stream if event.type == "content.delta")
    assert said


def test_asynchronously_and_at_once(running: Running) -> None:
    async def main() -> list[str]:
        async with running.async_client() as client:

            async def whole() -> str:
                answer = await client.chat.completions.create(
                    model=MODEL, messages=ask(running.allowed), max_tokens=8, temperature=0
                )
                return answer.choices[0].message.content or ""

            async def streamed() -> str:
                stream = await client.chat.completions.create(
                    model=MODEL, messages=ask(running.allowed), max_tokens=8, temperature=0, stream=True
                )
                return "".join([c.choices[0].delta.content or "" async for c in stream])

            return await asyncio.gather(whole(), streamed(), whole(), streamed())

    answers = asyncio.run(main())
    assert len(set(answers)) == 1 and answers[0]


@pytest.mark.parametrize("stream", [False, True])
def test_a_harmful_prompt_is_blocked_and_not_retried(running: Running, stream: bool) -> None:
    before = len(running.served.records())
    with pytest.raises(openai.BadRequestError) as error:
        running.client(max_retries=3).chat.completions.create(model=MODEL, messages=ask(running.blocked), stream=stream)
    assert error.value.code == "content_policy_violation"
    assert error.value.request_id
    headers = error.value.response.headers
    assert headers["x-should-retry"] == "false" and headers["x-guardchain-decision"] == "block"
    records = running.served.records()[before:]
    assert [(r["verdict"], r["status"]) for r in records] == [("block", 400)]


def test_a_block_as_a_refusal(running: Running) -> None:
    client = running.client()
    answer = client.chat.completions.create(model=f"{MODEL}-refusing", messages=ask(running.blocked))
    assert answer.choices[0].message.refusal == "No." and answer.choices[0].message.content is None
    stream = client.chat.completions.create(model=f"{MODEL}-refusing", messages=ask(running.blocked), stream=True)
    assert "".join(c.choices[0].delta.refusal or "" for c in stream) == "No."


def test_a_block_as_a_filtered_answer(running: Running) -> None:
    client = running.client()
    answer = client.chat.completions.create(model=f"{MODEL}-filtering", messages=ask(running.blocked))
    assert answer.choices[0].finish_reason == "content_filter"
    with pytest.raises(openai.ContentFilterFinishReasonError):
        client.chat.completions.parse(model=f"{MODEL}-filtering", messages=ask(running.blocked))


def test_a_borderline_prompt_is_steered(running: Running) -> None:
    raw = running.client().chat.completions.with_raw_response.create(
        model=MODEL, messages=ask(running.steered), max_tokens=16
    )
    assert raw.headers["x-guardchain-decision"] == "steer"
    assert raw.parse().choices[0].message.content
    record = running.served.records()[-1]
    assert record["verdict"] == "steer" and 0 < record["strength"] <= 1


def test_monitoring_answers_and_records(running: Running) -> None:
    raw = running.client().chat.completions.with_raw_response.create(
        model=f"{MODEL}-monitor", messages=ask(running.blocked), max_tokens=4
    )
    assert raw.headers["x-guardchain-decision"] == "allow, would-block"
    assert raw.parse().choices[0].message.content is not None
    record = running.served.records()[-1]
    assert (record["verdict"], record["would"], record["policy"]) == ("allow", "block", "monitor")


def test_the_model_does_not_see_personal_data(running: Running) -> None:
    body = {"model": f"{MODEL}-refusing", "messages": ask(PII), "max_tokens": 4}
    answer = httpx2.post(
        f"{running.served.url}/v1/chat/completions", json=body, headers={"x-guardchain-explain": "1"}, timeout=60
    )
    entities = running.served.records()[-1]["findings"][0]["entities"]
    assert entities["EMAIL_ADDRESS"] == 1 and entities["CREDIT_CARD"] == 1
    if answer.headers["x-guardchain-decision"] != "block":
        seen = dict(json.loads(base64.urlsafe_b64decode(answer.headers["x-guardchain-explain"])))
        text = seen["messages[0].content"]
        assert "@" in text and "corp-internal" not in text and "4111 1111" not in text and "Maria" not in text


def test_text_completions(running: Running) -> None:
    client = running.client()
    answer = client.completions.create(model=MODEL, prompt=running.allowed, max_tokens=8, temperature=0)
    assert answer.object == "text_completion" and answer.choices[0].text is not None
    chunks = list(client.completions.create(model=MODEL, prompt=running.allowed, max_tokens=8, stream=True))
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")
    with pytest.raises(openai.BadRequestError):
        client.completions.create(model=MODEL, prompt=[running.allowed, running.blocked])


def test_embeddings(running: Running) -> None:
    answer = running.client().embeddings.create(model=MODEL, input=["spring", "summer", "spring"])
    one, two, three = (d.embedding for d in answer.data)
    assert one == pytest.approx(three, abs=1e-5) and one != two
    assert answer.usage.prompt_tokens > 0


def test_responses(running: Running) -> None:
    client = running.client()
    answer = client.responses.create(model=MODEL, input=running.allowed, max_output_tokens=16)
    assert answer.status in ("completed", "incomplete") and answer.output_text
    events = list(client.responses.create(model=MODEL, input=running.allowed, max_output_tokens=16, stream=True))
    assert events[0].type == "response.created"
    assert events[-1].type in ("response.completed", "response.incomplete")
    assert [e.sequence_number for e in events] == sorted({e.sequence_number for e in events})
    said = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert said == events[-1].response.output_text
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model=MODEL, input=running.blocked)
    with pytest.raises(openai.NotFoundError) as error:
        client.responses.retrieve("resp_1")
    assert error.value.code == "path_not_guarded"


def test_moderations(running: Running) -> None:
    answer = running.client().moderations.create(input=[running.allowed, running.steered, running.blocked])
    assert [r.flagged for r in answer.results] == [False, False, True]


def test_models(running: Running) -> None:
    client = running.client()
    names = {m.id for m in client.models.list()}
    assert {MODEL, f"{MODEL}-monitor", "echo", "tool-echo"} <= names
    assert client.models.retrieve(MODEL).id == MODEL
    for call in (
        lambda: client.models.retrieve("gpt-17"),
        lambda: client.chat.completions.create(model="gpt-17", messages=ask("hi")),
    ):
        with pytest.raises(openai.NotFoundError) as error:
            call()
        assert error.value.code == "model_not_found"
