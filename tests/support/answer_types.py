"""The official SDK's answer types as a schema: where text can stand, and answers with a value planted there."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import typing_extensions as te
from openai.types import Completion, CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseOutputItem, ResponseStreamEvent, Tool
from pydantic import BaseModel

_LITERALS = (typing.Literal, te.Literal)
_WRAPPERS = (te.Annotated, te.Required, te.NotRequired)


def members(t: Any) -> Iterator[Any]:
    """The members of a union (of a type that is none: itself), wrappers and None taken off."""
    origin = get_origin(t)
    if origin in _WRAPPERS:
        yield from members(get_args(t)[0])
    elif origin in (typing.Union, types.UnionType):
        for arm in get_args(t):
            yield from members(arm)
    elif hasattr(t, "__value__"):
        yield from members(t.__value__)
    elif t is not type(None):
        yield t


def is_model(t: Any) -> bool:
    return isinstance(t, type) and issubclass(t, BaseModel)


def tag(cls: type[BaseModel]) -> str:
    """What the member of a union is told by: its `type`, or the class's name."""
    field = cls.model_fields.get("type")
    for arm in members(field.annotation) if field is not None else ():
        if get_origin(arm) in _LITERALS:
            return str(get_args(arm)[0])
    return cls.__name__


def minimal(t: Any) -> Any:
    """A valid value of a type with nothing in it that need not be."""
    for arm in members(t):
        origin = get_origin(arm)
        if is_model(arm):
            return fields(arm)
        if origin in _LITERALS:
            return get_args(arm)[0]
        return {str: "x", bool: False, int: 0, float: 0.0}.get(arm, [] if (origin or arm) is list else {})
    return None


def fields(cls: type[BaseModel]) -> dict[str, Any]:
    """A minimal object: what is required, and every constant, since that is what tells types apart."""
    return {
        f.alias or name: minimal(f.annotation)
        for name, f in cls.model_fields.items()
        if f.is_required()
        or any(get_origin(arm) in _LITERALS and len(get_args(arm)) == 1 for arm in members(f.annotation))
    }


def planted(
    t: Any, value: Any, *, whole: Mapping[Any, str] | None = None, path: str = "", stack: tuple[Any, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """Every place of a type that can hold a string: its path, and a minimal value of the type with `value` there.

    Paths are those of the coverage ledger: `[]` for elements, `(tag)` for the member of a union, `*` for any key.
    Types in `whole` are given as one place, without a value, under the path and the type's name.
    """
    arms = list(members(t))
    several = sum(map(is_model, arms)) > 1
    for arm in arms:
        origin = get_origin(arm)
        if whole and stack and is_model(arm) and arm in whole:
            yield f"{path} → {whole[arm]}", None
        elif is_model(arm):
            if arm in stack:
                continue
            prefix = f"{path}({tag(arm)})" if several else path
            base = fields(arm)
            for name, field in arm.model_fields.items():
                key = field.alias or name
                inner = f"{prefix}.{key}" if prefix else key
                for at, one in planted(field.annotation, value, whole=whole, path=inner, stack=(*stack, arm)):
                    yield at, None if one is None else {**base, key: one}
        elif origin is list or arm is list:
            element = get_args(arm)[0] if get_args(arm) else object
            for at, one in planted(element, value, whole=whole, path=f"{path}[]", stack=stack):
                yield at, None if one is None else [one]
        elif origin is dict or arm is dict:
            element = get_args(arm)[1] if get_args(arm) else object
            for at, one in planted(element, value, whole=whole, path=f"{path}.*", stack=stack):
                yield at, None if one is None else {"key": one}
        elif arm is str:
            yield path, value
        elif arm is object or arm is Any:
            yield path, {"key": value}


def tables() -> Iterator[tuple[str, str, list[str]]]:
    """Endpoint, kind of answer, and every place in it that can hold a string, as in `docs/coverage.md`.

    What a Response or one of its events holds of items, and of the request it repeats, is given as one place.
    """
    repeated = {
        arm: said
        for name, said in (("output", "items"), ("instructions", "the request's"), ("tools", "the request's"))
        for element in members(Response.model_fields[name].annotation)
        for arm in members(get_args(element)[0] if get_origin(element) is list else element)
        if is_model(arm)
    }
    items = dict.fromkeys(members(ResponseOutputItem), "items")
    tools = dict.fromkeys(members(Tool), "the request's")
    yield "/v1/chat/completions", "whole", places(ChatCompletion)
    yield "/v1/chat/completions", "a chunk of a stream", places(ChatCompletionChunk)
    yield "/v1/completions", "whole, or a chunk of a stream", places(Completion)
    yield "/v1/embeddings", "whole", places(CreateEmbeddingResponse)
    yield "/v1/responses", "whole", places(Response, repeated)
    yield "/v1/responses", "an item, whole or in an event", places(ResponseOutputItem, tools)
    yield "/v1/responses", "an event of a stream", places(ResponseStreamEvent, {Response: "whole", **items})


def places(t: Any, whole: Mapping[Any, str] | None = None) -> list[str]:
    """The paths of `planted`, each once, those given as a whole left out."""
    return list(dict.fromkeys(path for path, one in planted(t, "", whole=whole) if one is not None))
