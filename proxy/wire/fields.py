"""Field tables: what each body field is (guarded, constrained, opaque, stripped, rejected), executed and listed.

A table is a tree of nodes. `walk` runs it over a body and collects surfaces; `rows` lists it for the coverage
ledger. A field no table names is refused, so nothing passes unread in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from operator import setitem
from typing import Any

from guard.errors import RequestError
from guard.surface import Role, Surface
from proxy.wire.request import Options
from proxy.wire.telling import Keys, telling_key, telling_token

_SHOWABLE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_.:/+|=,#~\-]{0,256}")
_MODEL = re.compile(r"[A-Za-z0-9_.:/+@\-]{1,256}")


JsonSchema = dict[str, Any]


class Status(StrEnum):
    GUARDED = "guarded"  # a surface: checks see it and may rewrite it
    CONSTRAINED = "constrained"  # numbers, flags, short tokens: cannot hold text
    OPAQUE = "opaque"  # passes unread, declared as such
    STRIPPED = "stripped"  # taken out before the body is sent
    REJECTED = "rejected"  # 400


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the coverage ledger."""

    path: str
    status: Status
    note: str = ""


@dataclass(slots=True)
class Walk:
    """What a walk over one body collects."""

    options: Options
    surfaces: list[Surface] = field(default_factory=list)
    commits: list[Callable[[], None]] = field(default_factory=list)
    stripped: list[str] = field(default_factory=list)

    def text(self, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value:
            self.surfaces.append(Surface(path, role, value, partial(setitem, holder, key), turn))

    def keys(self, holder: dict[str, Any], path: str, role: Role, turn: int) -> Keys | None:
        """Surfaces for the keys of an object that are no mere names; None when all are."""
        telling = [name for name in holder if telling_key(name)]
        if not telling:
            return None
        keys = Keys(holder)
        for name in telling:
            self.surfaces.append(Surface(path, role, name, keys.rename(name), turn))
        self.commits.append(keys.commit)
        return keys

    def under(self, keys: Keys | None, holder: dict[str, Any], name: str, path: str, role: Role, turn: int) -> bool:
        """Take the text that stands under a telling key; False for everything else."""
        value = holder[name]
        if keys is None or not isinstance(value, str) or not telling_key(name):
            return False
        if value:
            self.surfaces.append(Surface(path, role, value, keys.put(name), turn))
        return True


def wrong_type(path: str, wanted: str, value: object) -> RequestError:
    kind = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    got = kind.get(type(value), "a number")
    return RequestError(
        f"Invalid type for '{path}': expected {wanted}, but got {got} instead.", param=path, code="invalid_type"
    )


def invalid(path: str, message: str, code: str = "invalid_value") -> RequestError:
    return RequestError(f"Invalid value for '{path}': {message}", param=path, code=code)


def shown(name: object) -> str:
    """A field name or tag as an error may say it: names that could be text of a user are not repeated."""
    return f"'{name}'" if isinstance(name, str) and _SHOWABLE.fullmatch(name) else "(a name not shown)"


def dotted(path: str) -> str:
    """`messages[3].content` → `messages.content`: the form used in `opaque_fields` and in the ledger."""
    return re.sub(r"\[\d+\]", "", path)


class Node:
    """What is at one place of a body. Null is taken for "not given" everywhere."""

    status = Status.OPAQUE
    note = ""

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        raise NotImplementedError

    def rows(self, path: str) -> Iterator[Row]:
        yield Row(path, self.status, self.note)

    def schema(self) -> JsonSchema:
        """What is accepted here, null aside, as a JSON schema (OpenAPI 3.1)."""
        return {}


class Text(Node):
    """A string that checks read and rewrite. `role` overrides the role of the place."""

    status = Status.GUARDED

    def __init__(self, role: Role | None = None) -> None:
        self.role = role

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if type(value) is not str:
            if value is None:
                return
            raise wrong_type(path, "a string", value)
        w.text(holder, key, path, self.role or role, turn)

    def schema(self) -> JsonSchema:
        return {"type": "string"}


class Scalar(Node):
    """Numbers, flags and short tokens (no white space, no `@`, at most 256 characters): too narrow for text.

    A token or model name that holds 9 digits or an address is guarded all the same; an `id` of the upstream's is not.
    """

    status = Status.CONSTRAINED

    def __init__(
        self,
        kind: str,
        *,
        low: float | None = None,
        high: float | None = None,
        choices: tuple[str, ...] = (),
        note: str = "",
    ) -> None:
        self.kind, self.low, self.high, self.choices, self.note = kind, low, high, choices, note or kind

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None:
            return
        if self.kind == "boolean":
            if not isinstance(value, bool):
                raise wrong_type(path, "a boolean", value)
        elif self.kind in ("token", "model", "id"):
            if not isinstance(value, str):
                raise wrong_type(path, "a string", value)
            if self.choices and value not in self.choices:
                raise invalid(path, f"it must be {' or '.join(map(repr, self.choices))}.")
            if not (_MODEL if self.kind == "model" else TOKEN_SHAPE).fullmatch(value):
                raise invalid(path, "only a short name is accepted here.")
            if self.kind != "id" and telling_token(value):
                w.text(holder, key, path, Role.META, turn)
        else:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise wrong_type(path, f"a{'n' if self.kind == 'integer' else ''} {self.kind}", value)
            if self.kind == "integer" and int(value) != value:
                raise wrong_type(path, "an integer", value)
            if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
                raise invalid(path, f"it must be between {self.low} and {self.high}.")

    def schema(self) -> JsonSchema:
        if self.choices:
            return {"enum": list(self.choices)}
        if self.kind in ("token", "model", "id"):
            shape = _MODEL if self.kind == "model" else TOKEN_SHAPE
            return {"type": "string", "pattern": f"^{shape.pattern}$"}
        limits = {"minimum": self.low, "maximum": self.high}
        return {"type": self.kind, **{name: limit for name, limit in limits.items() if limit is not None}}


NUMBER, INTEGER, BOOLEAN, TOKEN = Scalar("number"), Scalar("integer"), Scalar("boolean"), Scalar("token")


class Opaque(Node):
    """Passes unread; `note` says why that is right."""

    def __init__(self, note: str) -> None:
        self.note = note

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        return


class Stripped(Node):
    """Taken out of the body; with `allowable` an entry in `opaque_fields` keeps it."""

    status = Status.STRIPPED

    def __init__(self, note: str, *, allowable: bool = False) -> None:
        self.note, self.allowable = note, allowable

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        if self.allowable and dotted(path) in w.options.opaque_fields:
            return
        del holder[key]
        w.stripped.append(dotted(path))


class Rejected(Node):
    """A 400 unless null, one of `harmless`, or let through by `opaque_fields` (or references, when it is one)."""

    status = Status.REJECTED

    def __init__(self, note: str, *, harmless: tuple[object, ...] = (), then: Node | None = None) -> None:
        self.note, self.harmless, self.then = note, harmless, then

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None or any(value is h for h in self.harmless):
            return
        if dotted(path) in w.options.opaque_fields or (self.then and w.options.allow_references):
            if self.then:
                self.then.walk(w, holder, key, path, role, turn)
            return
        how = "allow_references: true" if self.then else f"opaque_fields: [{dotted(path)}]"
        raise RequestError(
            f"'{path}' is not accepted by this proxy: {self.note}. A policy can allow it with `{how}`.",
            param=path,
            code="unsupported_parameter",
        )

    def schema(self) -> JsonSchema:
        return {"enum": [None, *self.harmless]}


class Object(Node):
    """An object with exactly these fields. `role` is for everything inside."""

    def __init__(self, fields: Mapping[str, Node], *, role: Role | None = None, required: tuple[str, ...] = ()) -> None:
        self.fields, self.role, self.required = dict(fields), role, required

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None:
            return
        if not isinstance(value, dict):
            raise wrong_type(path, "an object", value)
        self.inside(w, value, f"{path}." if path else "", self.role or role, turn)

    def inside(self, w: Walk, value: dict[str, Any], prefix: str, role: Role, turn: int) -> None:
        for name in self.required:
            if value.get(name) is None:
                raise RequestError(
                    f"Missing required parameter: '{prefix}{name}'.",
                    param=f"{prefix}{name}",
                    code="missing_required_parameter",
                )
        get = self.fields.get
        for name in tuple(value):
            node = get(name)
            if node is None:
                unknown(w, prefix, name)
            else:
                node.walk(w, value, name, prefix + name, role, turn)

    def rows(self, path: str) -> Iterator[Row]:
        for name, node in self.fields.items():
            yield from node.rows(f"{path}.{name}" if path else name)

    def schema(self) -> JsonSchema:
        fields = {
            n: node.schema() if n in self.required else nullable(node.schema()) for n, node in self.fields.items()
        }
        required = {"required": list(self.required)} if self.required else {}
        return {"type": "object", "properties": fields, **required, "additionalProperties": False}


def nullable(schema: JsonSchema) -> JsonSchema:
    """`schema`, or null: the same as not given."""
    if not schema or None in schema.get("enum", ()):
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def unknown(w: Walk, prefix: str, name: str) -> None:
    """Refuse a field no table knows, unless the policy lets it pass unread."""
    path = dotted(prefix) + name
    if path in w.options.opaque_fields:
        return
    label = shown(path)
    raise RequestError(
        f"Unrecognized request argument: {label}. This proxy forwards only fields it can guard; "
        f"a policy can let it pass unread with `opaque_fields: [{label.strip(chr(39))}]`.",
        param=label.strip("'") if label.startswith("'") else (dotted(prefix).rstrip(".") or None),
        code="unknown_field",
    )


class ListOf(Node):
    """A list; with `turns` each element is a message and its index the turn."""

    def __init__(self, item: Node, *, turns: bool = False) -> None:
        self.item, self.turns = item, turns

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None:
            return
        if not isinstance(value, list):
            raise wrong_type(path, "an array", value)
        for i, element in enumerate(value):
            if element is None:
                raise wrong_type(f"{path}[{i}]", "a value", element)
            self.item.walk(w, value, i, f"{path}[{i}]", role, i if self.turns else turn)

    def rows(self, path: str) -> Iterator[Row]:
        return self.item.rows(f"{path}[]")

    def schema(self) -> JsonSchema:
        return {"type": "array", "items": self.item.schema() or {"not": {"type": "null"}}}


class Either(Node):
    """By JSON type: a string, a list or an object, each with its own node or none."""

    def __init__(self, *, string: Node | None = None, array: Node | None = None, object: Node | None = None) -> None:
        self.nodes: dict[type, Node] = {
            t: node for t, node in ((str, string), (list, array), (dict, object)) if node is not None
        }
        names: dict[type, str] = {str: "a string", list: "an array", dict: "an object"}
        self.wanted = " or ".join(names[t] for t in self.nodes)

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        node = self.nodes.get(type(value))
        if node is not None:
            node.walk(w, holder, key, path, role, turn)
        elif value is not None:
            raise wrong_type(path, self.wanted, value)

    def rows(self, path: str) -> Iterator[Row]:
        for node in self.nodes.values():
            yield from node.rows(path)

    def schema(self) -> JsonSchema:
        names: dict[type, str] = {str: "string", list: "array", dict: "object"}
        return {"anyOf": [{"type": names[t], **node.schema()} for t, node in self.nodes.items()]}


class Tagged(Node):
    """An object whose `key` says which table holds; an unknown tag is refused. `default` is for a missing tag."""

    def __init__(self, key: str, variants: Mapping[str, Node], *, default: str | None = None) -> None:
        self.key, self.variants, self.default = key, dict(variants), default

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None:
            return
        if not isinstance(value, dict):
            raise wrong_type(path, "an object", value)
        tag = value.get(self.key, self.default)
        node = self.variants.get(tag) if isinstance(tag, str) else None
        if node is None:
            raise invalid(f"{path}.{self.key}", f"{shown(tag)} is not supported by this proxy.", "unsupported_value")
        node.walk(w, holder, key, path, role, turn)

    def rows(self, path: str) -> Iterator[Row]:
        for tag, node in self.variants.items():
            yield from node.rows(f"{path}({tag})")

    def schema(self) -> JsonSchema:
        return {"anyOf": [self._variant(tag, node.schema()) for tag, node in self.variants.items()]}

    def _variant(self, tag: str, schema: JsonSchema) -> JsonSchema:
        required = [*schema.get("required", ()), *((self.key,) if tag != self.default else ())]
        fields = {**schema.get("properties", {}), self.key: {"const": tag}}
        return {**schema, "type": "object", "properties": fields, **({"required": required} if required else {})}
