"""Chat completions, whole and streamed, against the model's own `generate` and a plain forward pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from guard.errors import RequestError
from proxy.upstream.base import Call
from proxy.upstream.embedded.model import LoadedModel
from tests.proxy.upstream.embedded.conftest import CONTEXT, Client, text_of, user

PROMPTS = ["hello", "tell me a story about a king", "你好，世界", "x " * 120]


def reference(loaded: LoadedModel, messages: list[dict[str, str]], tokens: int) -> list[int]:
    ids = loaded.template.render(messages, None)
    out = loaded.model.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=tokens, do_sample=False
    )
    tokens_out: list[int] = out[0, len(ids) :].tolist()
    return tokens_out


@pytest.mark.parametrize("prompt", PROMPTS)
def test_greedy_is_what_generate_gives(client: Client, loaded: LoadedModel, prompt: str) -> None:
    expected = reference(loaded, user(prompt), 20)
    text = loaded.tokenizer.decode(expected, skip_special_tokens=True)
    for _ in range(2):  # cold, then from the prefix cache
        answer = client.chat(prompt, max_tokens=20)
        assert answer["choices"][0]["message"] == {"role": "assistant", "content": text, "refusal": None}
        ended = expected[-1] in loaded.eos
        assert answer["choices"][0]["finish_reason"] == ("stop" if ended else "length")
        assert answer["usage"]["completion_tokens"] == len(expected)
    assert text_of(client.chat_chunks(prompt, max_tokens=20)) == text


def test_stream_has_one_identity_a_role_first_and_a_finish_last(client: Client) -> None:
    chunks = client.chat_chunks(max_tokens=5, n=2)
    assert {(c["id"], c["created"], c["model"], c["object"]) for c in chunks} == {
        (chunks[0]["id"], chunks[0]["created"], "tiny", "chat.completion.chunk")
    }
    for index in (0, 1):
        mine = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == index]
        assert mine[0]["delta"]["role"] == "assistant"
        assert [m["finish_reason"] for m in mine] == [None] * (len(mine) - 1) + ["length"]
    assert all("usage" not in c for c in chunks)


def test_usage_chunk_comes_last_when_asked_for(client: Client) -> None:
    chunks = client.chat_chunks(max_tokens=5, stream_options={"include_usage": True})
    assert all(c["usage"] is None for c in chunks[:-1])
    assert chunks[-1]["choices"] == []
    usage = chunks[-1]["usage"]
    assert usage["completion_tokens"] == 5
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5


def test_logprobs_are_those_of_a_plain_forward(client: Client, loaded: LoadedModel) -> None:
    answer = client.chat("hello", max_tokens=12, logprobs=True, top_logprobs=3, temperature=1.3, seed=4)
    entries = answer["choices"][0]["logprobs"]["content"]
    prompt = loaded.template.render(user("hello"), None)
    spelled = {loaded.vocabulary.bytes_of(t): t for t in range(loaded.vocabulary_size)}
    tokens = [spelled[bytes(e["bytes"])] for e in entries]
    with torch.inference_mode():
        plain = loaded.model(torch.tensor([[*prompt, *tokens]])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
    for row, token, entry in zip(plain, tokens, entries, strict=True):
        assert entry["logprob"] == pytest.approx(float(row[token]), abs=1e-4)
        assert [t["logprob"] for t in entry["top_logprobs"]] == pytest.approx(row.topk(3).values.tolist(), abs=1e-4)


def test_streamed_logprobs_cover_every_token_once(client: Client) -> None:
    options: dict[str, Any] = {"max_tokens": 15, "logprobs": True, "top_logprobs": 2}
    whole = client.chat(**options)["choices"][0]["logprobs"]["content"]
    chunks = client.chat_chunks(**options)
    streamed = [e for c in chunks for e in (c["choices"][0]["logprobs"] or {"content": []})["content"]]
    assert [e["bytes"] for e in streamed] == [e["bytes"] for e in whole]


@pytest.mark.parametrize("stream", [False, True])
def test_seed_repeats_each_choice(client: Client, stream: bool) -> None:
    def texts(seed: int) -> list[str]:
        options: dict[str, Any] = {"n": 3, "seed": seed, "temperature": 1.5, "max_tokens": 12}
        if stream:
            chunks = client.chat_chunks(**options)
            return [text_of(chunks, i) for i in range(3)]
        return [c["message"]["content"] for c in client.chat(**options)["choices"]]

    first = texts(1)
    assert texts(1) == first
    assert texts(2) != first
    assert len(set(first)) == 3


def test_stop_ends_before_its_text_also_across_tokens(client: Client) -> None:
    text = client.chat(max_tokens=40)["choices"][0]["message"]["content"]
    for start in range(3, 20, 4):
        stop = text[start : start + 3]
        cut = text[: text.index(stop)]
        answer = client.chat(max_tokens=40, stop=[stop, "never"])["choices"][0]
        assert (answer["message"]["content"], answer["finish_reason"]) == (cut, "stop")
        chunks = client.chat_chunks(max_tokens=40, stop=stop)
        assert text_of(chunks) == cut
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


def test_usage_counts_cached_prompt_tokens(client: Client) -> None:
    first, second = (client.chat("tell me a story", max_tokens=2)["usage"] for _ in range(2))
    assert first["prompt_tokens_details"]["cached_tokens"] < first["prompt_tokens"]
    assert second["prompt_tokens_details"]["cached_tokens"] == second["prompt_tokens"] == first["prompt_tokens"]


def test_penalties_and_bias_change_the_choice(client: Client, loaded: LoadedModel) -> None:
    token = 100
    biased = client.chat(max_tokens=4, logit_bias={str(token): 100}, logprobs=True)["choices"][0]["logprobs"]["content"]
    assert {bytes(e["bytes"]) for e in biased} == {loaded.vocabulary.bytes_of(token)}
    spread = client.chat(max_tokens=4, logit_bias={str(token): 20}, frequency_penalty=2, presence_penalty=2)
    assert spread["usage"]["completion_tokens"] == 4


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_p": -0.1}, "top_p", "invalid_value"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": True}, "n", "invalid_type"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"max_tokens": CONTEXT}, "messages", "context_length_exceeded"),
        ({"messages": user("word " * CONTEXT)}, "messages", "context_length_exceeded"),
        ({"messages": []}, "messages", "invalid_type"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages", "unsupported_messages"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0]",
            "unsupported_content",
        ),
        ({"stop": ["x"] * 17}, "stop", "invalid_value"),
        ({"stop": 3}, "stop", "invalid_type"),
        ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs", "invalid_value"),
        ({"logit_bias": {"x": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"1": 101}}, "logit_bias", "invalid_value"),
        ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
        ({"tools": [{"type": "custom"}]}, "tools[0]", "unsupported_parameter"),
        ({"response_format": {"type": "json_schema"}}, "response_format", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
    ],
)
def test_wrong_requests_name_the_field(client: Client, body: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        client.chat(**body)
    assert (caught.value.param, caught.value.code, caught.value.status) == (param, code, 400)
    call = Call("/v1/chat/completions", {"messages": user("hello"), **body})
    with pytest.raises(RequestError) as vetted:
        client.run(client.upstream.vet(call))
    assert str(vetted.value) == str(caught.value)


def test_tools_reach_the_template(client: Client) -> None:
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
    plain, given, none = (
        client.chat(max_tokens=1, **extra)["usage"]["prompt_tokens"]
        for extra in ({}, {"tools": tools}, {"tools": tools, "tool_choice": "none"})
    )
    assert given == none > plain
