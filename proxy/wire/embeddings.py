"""`/v1/embeddings`: text in, vectors out; the answer holds no text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import UpstreamError
from proxy.wire.answer import Open, StreamFilter, Tally
from proxy.wire.blocked import blocked_body as blocked
from proxy.wire.blocked import blocked_events as blocked_stream
from proxy.wire.completions import Prompt
from proxy.wire.fields import BOOLEAN, NUMBER, TOKEN, Object, Scalar, Stripped, invalid
from proxy.wire.parsing import build, walked
from proxy.wire.request import DEFAULTS, Options, WireRequest
from proxy.wire.tables import META, MODEL, NEVER
from proxy.wire.trees import AnyText, Control

__all__ = ["PATH", "TABLE", "blocked", "blocked_stream", "filter_body", "parse", "stream_filter"]

PATH = "/v1/embeddings"

_MAX_INPUTS = 2048

TABLE = Object(
    {
        "input": Prompt(),
        "model": MODEL,
        "dimensions": Scalar("integer", low=1),
        "encoding_format": TOKEN,
        "user": META,
        # vLLM
        "truncate_prompt_tokens": NUMBER,
        "add_special_tokens": BOOLEAN,
        "normalize": BOOLEAN,
        "embed_dtype": TOKEN,
        "endianness": TOKEN,
        "mm_processor_kwargs": Control("options of media processors"),
        "chat_template_kwargs": AnyText(),
        "cache_salt": Stripped(NEVER + ": part of the prefix cache's key"),
        "priority": Stripped("jumps the queue", allowable=True),
        "request_id": Stripped("may clash with another request", allowable=True),
    },
    required=("input",),
)


def parse(body: object, options: Options = DEFAULTS) -> WireRequest:
    """Take an embeddings request apart. Raises `RequestError` (400) naming the field."""
    fields, walk = walked(TABLE, body, options)
    if isinstance(fields["input"], list) and len(fields["input"]) > _MAX_INPUTS:
        raise invalid("input", f"at most {_MAX_INPUTS} entries are accepted.")
    return build(PATH, fields, walk)


def filter_body(
    answer: dict[str, Any],
    open: Open,
    request: WireRequest | None = None,
    *,
    tally: Tally | None = None,
    moderation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Nothing to filter in vectors; usage is noted. Raises `UpstreamError` (`malformed`) when there are none."""
    if not isinstance(answer.get("data"), list):
        raise UpstreamError("the upstream sent an answer without vectors", reason="malformed")
    if tally is not None and isinstance(answer.get("usage"), dict):
        tally.usage = answer["usage"]
    return answer


def stream_filter(open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> StreamFilter:
    """Embeddings do not stream: the upstream broke the protocol."""
    raise UpstreamError("the upstream answered an embeddings request with a stream", reason="malformed")
