"""Text completions: prompts in all forms, echo, log-probabilities with offsets."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from guard.errors import RequestError
from proxy.upstream.embedded.model import LoadedModel
from tests.proxy.upstream.embedded.conftest import Client

PATH = "/v1/completions"


def complete(client: Client, **body: Any) -> Any:
    return client.whole(PATH, **{"temperature": 0, "max_tokens": 8, **body})


def test_prompt_forms(client: Client, loaded: LoadedModel) -> None:
    ids = loaded.tokenizer("hello world")["input_ids"]
    other = loaded.tokenizer("a story")["input_ids"]
    single = complete(client, prompt="hello world")["choices"][0]["text"]
    second = complete(client, prompt="a story")["choices"][0]["text"]
    for prompt in (["hello world", "a story"], [ids, other]):
        answer = complete(client, prompt=prompt)
        assert [(c["index"], c["text"]) for c in answer["choices"]] == [(0, single), (1, second)]
        assert answer["usage"]["prompt_tokens"] == len(ids) + len(other)
    assert complete(client, prompt=ids)["choices"][0]["text"] == single


def test_choices_of_several_prompts_are_numbered_prompt_by_prompt(client: Client) -> None:
    options: dict[str, Any] = {"seed": 3, "temperature": 1.2, "n": 2}
    both = complete(client, prompt=["hello", "a king"], **options)["choices"]
    alone = [c for p in ("hello", "a king") for c in complete(client, prompt=p, **options)["choices"]]
    assert [c["index"] for c in both] == [0, 1, 2, 3]
    assert [c["text"] for c in both] == [c["text"] for c in alone]


def test_default_length_is_openais(client: Client) -> None:
    answer = client.whole(PATH, prompt="hello", temperature=0, ignore_eos=True)
    assert answer["usage"]["completion_tokens"] == 16


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("prompt", ["hello you", "你好，世界"])
def test_offsets_point_at_each_tokens_text(client: Client, echo: bool, prompt: str) -> None:
    answer = complete(client, prompt=prompt, echo=echo, logprobs=2, temperature=1.0, seed=1)
    choice = answer["choices"][0]
    logprobs, text = choice["logprobs"], choice["text"]
    assert text.startswith(prompt) == echo
    assert len({len(v) for v in logprobs.values()}) == 1
    for token, offset in zip(logprobs["tokens"], logprobs["text_offset"], strict=True):
        if "\\x" not in token and "\ufffd" not in text[offset : offset + len(token)]:
            assert text[offset : offset + len(token)] == token
    assert (logprobs["token_logprobs"][0] is None) == echo
    for token, logprob, top in zip(
        logprobs["tokens"], logprobs["token_logprobs"], logprobs["top_logprobs"], strict=True
    ):
        assert top is None if logprob is None else top[token] == logprob
    chunks = client.chunks(PATH, prompt=prompt, echo=echo, logprobs=2, temperature=1.0, seed=1, max_tokens=8)
    assert "".join(c["choices"][0]["text"] for c in chunks) == text
    for key, values in logprobs.items():
        assert [v for c in chunks for v in c["choices"][0]["logprobs"][key]] == values, key


def test_echoed_prompt_logprobs_are_those_of_a_plain_forward(client: Client, loaded: LoadedModel) -> None:
    ids = loaded.tokenizer("tell me a story")["input_ids"]
    for _ in range(2):
        answer = complete(client, prompt=ids, echo=True, logprobs=1, max_tokens=0)
        with torch.inference_mode():
            plain = loaded.model(torch.tensor([ids])).logits[0].log_softmax(-1)
        got = answer["choices"][0]["logprobs"]["token_logprobs"]
        assert got[1:] == pytest.approx([float(plain[n, t]) for n, t in enumerate(ids[1:])], abs=1e-4)
        assert answer["choices"][0]["text"] == "tell me a story"
        assert answer["choices"][0]["finish_reason"] == "length"
        assert answer["usage"]["completion_tokens"] == 0


def test_usage_of_a_stream_sums_choices(client: Client) -> None:
    chunks = client.chunks(
        PATH, prompt=["a", "b"], n=2, max_tokens=3, ignore_eos=True, stream_options={"include_usage": True}
    )
    assert chunks[-1]["usage"]["completion_tokens"] == 12


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": "a", "suffix": "b"}, "suffix"),
        ({"prompt": "a", "best_of": 3}, "best_of"),
        ({"prompt": "a", "logprobs": 21}, "logprobs"),
        ({"prompt": "a", "max_tokens": 0}, "max_tokens"),
        ({"prompt": [1, 100000]}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [1, "a"]}, "prompt"),
        ({}, "prompt"),
        ({"prompt": "word " * 600}, "prompt"),
    ],
)
def test_wrong_requests_name_the_field(client: Client, body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        client.whole(PATH, **body)
    assert caught.value.param == param
