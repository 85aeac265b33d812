"""Embeddings: mean-pooled last hidden states of unit length, as numbers and as base64."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
import torch

from guard.errors import RequestError
from proxy.upstream.embedded.model import LoadedModel
from tests.proxy.upstream.embedded.conftest import CONTEXT, Client

PATH = "/v1/embeddings"


def test_vectors_are_the_normalised_mean_of_hidden_states(client: Client, loaded: LoadedModel) -> None:
    texts = ["hello world", "你好"]
    answer = client.whole(PATH, input=texts)
    assert (answer["object"], answer["model"]) == ("list", "tiny")
    for n, text in enumerate(texts):
        with torch.inference_mode():
            out = loaded.model(torch.tensor([loaded.tokenizer(text)["input_ids"]]), output_hidden_states=True)
        mean = out.hidden_states[-1][0].mean(0)
        assert answer["data"][n]["index"] == n
        assert answer["data"][n]["embedding"] == pytest.approx((mean / mean.norm()).tolist(), abs=1e-5)


def test_input_forms_and_encodings_agree(client: Client, loaded: LoadedModel) -> None:
    ids = loaded.tokenizer("hello world")["input_ids"]
    expected = client.whole(PATH, input="hello world")
    for given in (["hello world"], ids, [ids]):
        assert client.whole(PATH, input=given)["data"] == expected["data"]
    encoded = client.whole(PATH, input="hello world", encoding_format="base64")["data"][0]["embedding"]
    decoded = np.frombuffer(base64.b64decode(encoded), dtype="<f4")
    assert decoded.tolist() == pytest.approx(expected["data"][0]["embedding"], abs=1e-6)
    assert expected["usage"] == {"prompt_tokens": len(ids), "total_tokens": len(ids)}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"input": "x", "dimensions": 3}, "dimensions"),
        ({"input": "x", "encoding_format": "int8"}, "encoding_format"),
        ({"input": [[1] * (CONTEXT + 1)]}, "input"),
        ({"input": [-1]}, "input"),
    ],
)
def test_wrong_requests_name_the_field(client: Client, body: dict[str, Any], param: str) -> None:
    with pytest.raises(RequestError) as caught:
        client.whole(PATH, **body)
    assert caught.value.param == param
