"""Bodies with a text planted in one place, for every guarded row of the request ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from proxy.wire.completions import Prompt
from proxy.wire.fields import Either, ListOf, Node, Object, Scalar, Tagged, Text
from proxy.wire.json_text import JsonText
from proxy.wire.ledger import TABLES
from proxy.wire.moderations import _Input
from proxy.wire.trees import AnyText, Schema

NEEDED: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}], "prompt": "hi", "input": "hi"}


def bodies(endpoint: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A row's path and a body that the endpoint accepts, with `text` in that row's field and little else."""
    for path, body in planted(TABLES[endpoint], text, ""):
        if "stream_options" not in body:
            needed = {name: NEEDED[name] for name in TABLES[endpoint].required}
            yield path, {"model": "all", **needed, **body}


def planted(node: Node, text: str, path: str) -> Iterator[tuple[str, Any]]:
    """Minimal values of a node with `text` in one guarded place, by the place's path."""
    if isinstance(node, Object):
        for name, inner in node.fields.items():
            least = {needed: minimal(node.fields[needed]) for needed in node.required}
            for at, value in planted(inner, text, f"{path}.{name}" if path else name):
                yield at, {**least, name: value}
    elif isinstance(node, Tagged):
        for tag, inner in node.variants.items():
            for at, value in planted(inner, text, f"{path}({tag})"):
                yield at, {**value, node.key: tag}
    elif isinstance(node, ListOf):
        for at, value in planted(node.item, text, f"{path}[]"):
            yield at, [value]
    elif isinstance(node, Either):
        for inner in node.nodes.values():
            yield from planted(inner, text, path)
    elif isinstance(node, JsonText):
        yield path, json.dumps({"to": text})
    elif isinstance(node, AnyText):
        yield path, {"key": [text]}
    elif isinstance(node, Schema):
        yield path, {"type": "object", "description": text}
    elif isinstance(node, Text | Prompt | _Input):
        yield path, text


def minimal(node: Node) -> Any:
    """A value that a required field takes."""
    if isinstance(node, Object):
        return {name: minimal(node.fields[name]) for name in node.required}
    if isinstance(node, Scalar):
        return "x" if node.kind in ("token", "model") else 1
    return [] if isinstance(node, ListOf) else "x"
