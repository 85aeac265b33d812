"""`/v1/embeddings`: mean of the last hidden states, L2-normalised.

A chat model's states are no match for a trained embedding model; they are good enough to group near texts and
for applications that need the endpoint to exist offline.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Any

from guard.errors import RequestError
from proxy.upstream.embedded import params
from proxy.upstream.embedded.completions_api import read_inputs
from proxy.upstream.embedded.model import LoadedModel
from proxy.upstream.embedded.params import Body

_MAX_INPUTS = 2048
_MAX_TOKENS = 300_000


def parse(body: Body, loaded: LoadedModel) -> tuple[list[list[int]], str]:
    """Token ids per input and the encoding (`float` or `base64`). Raises `RequestError`."""
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise RequestError(
            "'encoding_format' must be 'float' or 'base64'.", param="encoding_format", code="invalid_value"
        )
    width = loaded.model.config.get_text_config(decoder=True).hidden_size
    if (params.integer(body, "dimensions", 1) or width) != width:
        raise params.unsupported("dimensions", f"its vectors have {width} dimensions.")
    inputs = read_inputs(body, "input", loaded, _MAX_INPUTS)
    longest = max(map(len, inputs))
    if longest > loaded.context:
        raise RequestError(
            f"This model's maximum context length is {loaded.context} tokens, however you requested {longest} tokens. "
            "Please reduce your prompt.",
            param="input",
            code="context_length_exceeded",
        )
    if sum(map(len, inputs)) > _MAX_TOKENS:
        raise RequestError(
            f"'input' may hold at most {_MAX_TOKENS} tokens in all.", param="input", code="max_tokens_per_request"
        )
    return inputs, encoding


def body_of(vectors: Sequence[Sequence[float]], encoding: str, model: str, tokens: int) -> dict[str, Any]:
    """OpenAI's list object. base64 is little-endian float32."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": n, "embedding": _base64(v) if encoding == "base64" else list(v)}
            for n, v in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
