"""The field tables against the official SDK's request types: a field that only the SDK knows is a failure."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import typing_extensions as te
from openai.types import completion_create_params, embedding_create_params, moderation_create_params
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params

from proxy.wire.fields import Either, ListOf, Node, Object, Rejected, Scalar, Status, Tagged
from proxy.wire.ledger import TABLES, coverage, ledger, markdown
from scripts.generate import coverage as coverage_page

PAGE = Path(__file__).parents[3] / "docs/coverage.md"

_WRAPPERS = (te.Required, te.NotRequired, typing.Required, typing.NotRequired, te.Annotated)

REQUESTS = [
    ("/v1/chat/completions", chat_params.CompletionCreateParamsStreaming),
    ("/v1/completions", completion_create_params.CompletionCreateParamsStreaming),
    ("/v1/embeddings", embedding_create_params.EmbeddingCreateParams),
    ("/v1/moderations", moderation_create_params.ModerationCreateParams),
    ("/v1/responses", response_create_params.ResponseCreateParamsStreaming),
]


def arms(t: Any) -> Iterator[Any]:
    """The members of a type, wrappers and None taken off."""
    if get_origin(t) in _WRAPPERS:
        yield from arms(get_args(t)[0])
    elif get_origin(t) is typing.Union:
        for arm in get_args(t):
            yield from arms(arm)
    elif t is not type(None):
        yield t


def shape(t: Any) -> type:
    if te.is_typeddict(t) or get_origin(t) is dict:
        return dict
    if get_origin(t) in (typing.Literal, te.Literal) or t is str:
        return str
    return list if get_args(t) else t


def gaps(node: Node, t: Any, path: str, seen: tuple[Any, ...] = ()) -> Iterator[str]:
    """What `t` allows and `node` has no row for."""
    if isinstance(node, Rejected) and node.then is not None:
        node = node.then
    for arm in arms(t):
        if te.is_typeddict(arm) and arm in seen:
            continue
        if isinstance(node, Either):
            inner = node.nodes.get(shape(arm))
            if inner is None:
                yield f"{path}: no node for {shape(arm).__name__}"
            else:
                yield from gaps(inner, arm, path, seen)
        elif isinstance(node, ListOf):
            if shape(arm) is not list:
                yield f"{path}: only a list is expected"
            else:
                yield from gaps(node.item, get_args(arm)[0], f"{path}[]", seen)
        elif isinstance(node, Object | Tagged):
            if get_origin(arm) is dict:
                continue
            if not te.is_typeddict(arm):
                yield f"{path}: only an object is expected"
                continue
            hints = get_type_hints(arm, include_extras=True)
            if isinstance(node, Object):
                for name, hint in hints.items():
                    if name not in node.fields:
                        yield f"{path}.{name}: not in the table"
                    else:
                        yield from gaps(node.fields[name], hint, f"{path}.{name}", (*seen, arm))
            else:
                tags = [tag for a in arms(hints[node.key]) for tag in (get_args(a) or (node.default,))]
                for tag in tags:
                    if tag not in node.variants:
                        yield f"{path}: {node.key} {tag!r} not in the table"
                    else:
                        yield from gaps(node.variants[tag], arm, f"{path}({tag})", seen)
        elif isinstance(node, Scalar) and shape(arm) in (dict, list):
            yield f"{path}: a scalar is expected"


@pytest.mark.parametrize(("path", "params"), REQUESTS)
def test_every_field_of_the_sdk_is_classified(path: str, params: Any) -> None:
    assert list(gaps(TABLES[path], params, "")) == []


def test_a_new_field_would_be_noticed() -> None:
    class Params(chat_params.CompletionCreateParamsStreaming):
        something_new: str

    assert list(gaps(TABLES["/v1/chat/completions"], Params, "")) == [".something_new: not in the table"]


VLLM_FIELDS = {
    "guarded": ["bad_words[]", "chat_template", "documents", "structured_outputs.regex", "chat_template_kwargs"],
    "stripped": ["vllm_xargs", "cache_salt", "priority", "request_id", "logprob_token_ids", "return_prompt_text"],
    "rejected": ["prompt_embeds", "mm_payload", "echo"],
    "constrained": [
        "top_k",
        "min_p",
        "repetition_penalty",
        "min_tokens",
        "ignore_eos",
        "prompt_logprobs",
        "stop_token_ids",
        "kv_transfer_params",
        "logit_bias",
        "media_io_kwargs",
    ],
    "opaque": ["messages[](user).content[](image_url).image_url.url"],
}


@pytest.mark.parametrize(("status", "names"), VLLM_FIELDS.items())
def test_vllm_extras(status: str, names: list[str]) -> None:
    rows = {row.path: row.status for row in ledger()["/v1/chat/completions"]}
    assert {name: rows[name] for name in names} == dict.fromkeys(names, Status(status))


def test_the_ledger_lists_every_endpoint() -> None:
    counts = coverage()
    assert set(counts) == set(TABLES)
    assert all(counts[path][Status.GUARDED] for path in counts)
    assert "| `messages[](user).content` | guarded |" in markdown()
    assert coverage_page() in PAGE.read_text("utf-8"), "run `make generate`"


def test_opaque_fields_say_why() -> None:
    for rows in ledger().values():
        assert all(row.note for row in rows if row.status in (Status.OPAQUE, Status.REJECTED, Status.STRIPPED))
