"""`/v1/moderations`, the request: the check-only API. Answers are built by the handler from decisions."""

from __future__ import annotations

from typing import Any

from guard.surface import Role
from proxy.wire.fields import (
    TOKEN,
    Either,
    JsonSchema,
    ListOf,
    Node,
    Object,
    Opaque,
    Tagged,
    Text,
    Walk,
    invalid,
    wrong_type,
)
from proxy.wire.parsing import build, walked
from proxy.wire.request import DEFAULTS, Options, WireRequest
from proxy.wire.tables import METADATA, MODEL

PATH = "/v1/moderations"

_PART = Tagged(
    "type",
    {
        "text": Object({"type": TOKEN, "text": Text()}, required=("text",)),
        "image_url": Object(
            {"type": TOKEN, "image_url": Object({"url": Opaque("media: not read by text checks")})},
            required=("image_url",),
        ),
    },
)


class _Input(Node):
    """A string, strings (each judged by itself), or parts (judged together)."""

    status = Text.status
    note = "a string, strings or parts"

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is not None and not isinstance(value, str | list):
            raise wrong_type(path, "a string or an array", value)
        if isinstance(value, list):
            if not value:
                raise invalid(path, "it must not be empty.")
            if len({isinstance(v, str) for v in value}) > 1:
                raise invalid(path, "strings and parts cannot be mixed.")
            _ITEMS.walk(w, holder, key, path, role, turn)
        elif value:
            w.text(holder, key, path, role, 0)

    def schema(self) -> JsonSchema:
        lists = ({"type": "array", "items": item, "minItems": 1} for item in (Text().schema(), _PART.schema()))
        return {"anyOf": [Text().schema(), *lists]}


_ITEMS = ListOf(Either(string=Text(), object=_PART), turns=True)

TABLE = Object({"input": _Input(), "model": MODEL, "metadata": METADATA}, required=("input",))


def parse(body: object, options: Options = DEFAULTS) -> WireRequest:
    """Take a moderation request apart; `groups` holds the surfaces of each result to give, in order.

    An empty string has a group without surfaces. Raises `RequestError` (400) naming the field.
    """
    if isinstance(body, dict):
        body["model"] = "omni-moderation-latest" if body.get("model") is None else body["model"]
    fields, walk = walked(TABLE, body, options)
    request = build(PATH, fields, walk)
    value = fields["input"]
    mine = [s for s in walk.surfaces if s.path.startswith("input")]
    if isinstance(value, list) and isinstance(value[0], str):
        request.groups = [[s for s in mine if s.turn == i] for i in range(len(value))]
    else:
        request.groups = [mine]
    request._messages = _messages
    return request


def _messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Each input as a user message of its own."""
    value = body["input"]
    texts = (
        [value] if isinstance(value, str) else [v if isinstance(v, str) else v.get("text", "[image]") for v in value]
    )
    return [{"role": "user", "content": text} for text in texts]
