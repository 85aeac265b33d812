"""Nodes for what is nested to any depth: text in any shape, JSON schemas, and options that cannot hold text."""

from __future__ import annotations

from typing import Any

from guard.surface import Role
from proxy.wire.fields import TOKEN, TOKEN_SHAPE, JsonSchema, Node, Status, Walk, invalid
from proxy.wire.telling import telling_key, telling_token

_MEDIA = ("image_url", "file_data", "file_url", "encrypted_content", "result", "authorization", "server_url")
_UNREAD = frozenset((*_MEDIA, "pattern", "$ref", "$id", "$schema"))


def kept(name: str, value: object, keep: frozenset[str]) -> bool:
    """Whether a string inside a tree stays unread: its name says so, and it is no text in disguise."""
    return name in keep and isinstance(value, str) and (name in _UNREAD or TOKEN_SHAPE.fullmatch(value) is not None)


class Control(Node):
    """Nested numbers, flags and short tokens, such as a decoder's options; anything else is refused."""

    status = Status.CONSTRAINED

    def __init__(self, note: str, *, high: float | None = None) -> None:
        self.note, self.high = note, high

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if isinstance(value, dict):
            for name in value:
                if not TOKEN_SHAPE.fullmatch(name) or telling_token(name):
                    raise invalid(path, "only short names are accepted as its keys.")
                self.walk(w, value, name, path, role, turn)
        elif isinstance(value, list):
            for i in range(len(value)):
                self.walk(w, value, i, path, role, turn)
        elif isinstance(value, str):
            TOKEN.walk(w, holder, key, path, role, turn)
        elif self.high is not None and isinstance(value, int | float) and abs(value) > self.high:
            raise invalid(path, f"no number beyond {self.high:g} is accepted here.")

    def schema(self) -> JsonSchema:
        return {"$ref": f"#/components/schemas/{self._component}"}

    @property
    def _component(self) -> str:
        return "Options" if self.high is None else "Numbers"

    def component(self) -> dict[str, JsonSchema]:
        """What `schema` refers to, since it holds itself."""
        limits = {} if self.high is None else {"minimum": -self.high, "maximum": self.high}
        token, own = TOKEN.schema(), self.schema()
        shapes: list[JsonSchema] = [{"type": "array", "items": own}]
        shapes.append({"type": "object", "propertyNames": token, "additionalProperties": own})
        return {
            self._component: {"anyOf": [{"type": "number", **limits}, {"type": ["boolean", "null"]}, token, *shapes]}
        }


class AnyText(Node):
    """Every string inside is guarded, at any depth; keys, numbers and the names in `keep` stay as they are."""

    status = Status.GUARDED
    note = "every string inside, and keys that are no mere names; numbers pass"

    def __init__(self, role: Role | None = None, *, keep: frozenset[str] = frozenset()) -> None:
        self.role, self.keep = role, keep

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        role = self.role or role
        if isinstance(value, str):
            w.text(holder, key, path, role, turn)
        elif isinstance(value, list):
            for i in range(len(value)):
                self.walk(w, value, i, f"{path}[{i}]", role, turn)
        elif isinstance(value, dict):
            # keys may be words of a user, so that paths do not repeat them
            inner = path if path.endswith(".*") else f"{path}.*"
            keys = w.keys(value, inner, role, turn)
            for name in value:
                if not kept(name, value[name], self.keep) and not w.under(keys, value, name, inner, role, turn):
                    self.walk(w, value, name, inner, role, turn)


_SCHEMA_WORDS = frozenset(
    (
        "type",
        "format",
        "pattern",
        "$ref",
        "$schema",
        "$id",
        "$anchor",
        "$dynamicRef",
        "$dynamicAnchor",
        "$vocabulary",
        "contentEncoding",
        "contentMediaType",
        "required",
        "dependentRequired",
        "additionalProperties",
        "propertyNames",
        "discriminator",
        "strict",
    )
)
_SCHEMA_MAPS = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_SCHEMA_DATA = frozenset(("enum", "default", "const", "examples", "example"))


class Schema(Node):
    """A JSON schema, or a definition that holds some: every string is guarded but the structural ones (`type`,
    `format`, `pattern`, `$ref`, `required`...), those named in `keep`, and property names that are mere names."""

    status = Status.GUARDED
    note = "description, title, enum, default, const, examples, property names that are no mere names"
    _data = AnyText()

    def __init__(self, role: Role | None = None, *, keep: frozenset[str] = frozenset()) -> None:
        self.role, self.keep = role, keep | _SCHEMA_WORDS

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        role = self.role or role
        if isinstance(value, str):
            w.text(holder, key, path, role, turn)
        elif isinstance(value, list):
            for i in range(len(value)):
                self.walk(w, value, i, path, role, turn)
        elif isinstance(value, dict):
            for name, inner in value.items():
                if name in _SCHEMA_DATA:
                    self._data.walk(w, value, name, f"{path}.{name}", role, turn)
                elif name in _SCHEMA_MAPS and isinstance(inner, dict):
                    w.keys(inner, f"{path}.{name}.*", role, turn)
                    for prop in inner:
                        self.walk(w, inner, prop, f"{path}.{name}.*", role, turn)
                elif name == "required" and isinstance(inner, list):
                    for i, prop in enumerate(inner):
                        if isinstance(prop, str) and telling_key(prop):
                            w.text(inner, i, f"{path}.required", role, turn)
                elif not (kept(name, inner, self.keep) or (name in _SCHEMA_WORDS and isinstance(inner, list))):
                    self.walk(w, value, name, f"{path}.{name}" if name == "description" else path, role, turn)
