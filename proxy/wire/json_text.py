"""Text inside JSON inside a string, as in tool calls. Literals are replaced where they stand, nothing else moves."""

from __future__ import annotations

import json
import re
from typing import Any

from guard.surface import Role, Surface
from proxy.wire.fields import JsonSchema, Node, Status, Text, Walk, wrong_type
from proxy.wire.telling import telling_key, telling_number

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?|-?[0-9][0-9.eE+-]*', re.DOTALL)
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]*")


class JsonText(Node):
    """A string that should hold JSON: each string value in it is a surface of its own, as are keys that are no mere
    names and whole numbers of 7 to 19 digits (a restored phone number comes back as a number in the next turn).

    All else survives byte for byte, duplicate keys included, since only the changed literals are rewritten. What is
    no JSON (a model may write anything) is guarded as plain text.
    """

    status = Status.GUARDED
    note = "strings, long whole numbers and keys that are no mere names (all of it when it is no JSON)"

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if value is None:
            return
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        try:
            json.loads(value, strict=False)
        except (ValueError, RecursionError):
            w.text(holder, key, path, role, turn)
            return
        document = _Document(holder, key, value)
        for surface in document.surfaces(path, role, turn):
            w.surfaces.append(surface)
        if document.literals:
            w.commits.append(document.commit)

    def schema(self) -> JsonSchema:
        return {"type": "string"}


class JsonOrText(Text):
    """A text that often is JSON (a tool's result). It is read as JSON only where escapes would hide what it says."""

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if isinstance(value, str) and "\\u" in value and value.lstrip()[:1] in ("{", "["):
            JsonText().walk(w, holder, key, path, self.role or role, turn)
        else:
            super().walk(w, holder, key, path, role, turn)


class _Document:
    """One JSON text and those of its literals that can tell something, by their places."""

    def __init__(self, holder: Any, key: Any, source: str) -> None:
        self.holder, self.key, self.source = holder, key, source
        self.literals: list[tuple[int, int, str]] = []
        for match in _LITERAL.finditer(source):
            text = self._text(match)
            if text:
                self.literals.append((match.start(), match.end() - len(match[1] or ""), text))
        self.changed: dict[int, str] = {}

    @staticmethod
    def _text(match: re.Match[str]) -> str:
        literal = match[0]
        if literal[0] != '"':
            return literal if telling_number(literal) else ""
        text = _clean(json.loads(literal.removesuffix(match[1] or ""), strict=False))
        return text if match[1] is None or telling_key(text) else ""

    def surfaces(self, path: str, role: Role, turn: int) -> list[Surface]:
        return [Surface(path, role, text, self._setter(i), turn) for i, (_, _, text) in enumerate(self.literals)]

    def _setter(self, i: int) -> Any:
        return lambda text: self.changed.__setitem__(i, text)

    def commit(self) -> None:
        if not self.changed:
            return
        out, at = [], 0
        for i, (a, b, _) in enumerate(self.literals):
            if i in self.changed:
                fresh = self.changed[i]
                number = self.source[a] != '"' and _PLAIN_NUMBER.fullmatch(fresh)
                out += [self.source[at:a], fresh if number else json.dumps(fresh, ensure_ascii=False)]
                at = b
        self.holder[self.key] = "".join([*out, self.source[at:]])


def _clean(text: str) -> str:
    """Without lone surrogates, which an escape can bring in and which have no UTF-8 form."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
