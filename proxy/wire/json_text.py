"""Text inside JSON inside a string: tool-call arguments. Literals are replaced where they stand, nothing else moves."""

from __future__ import annotations

import json
import re
from typing import Any

from guard.surface import Role, Surface
from proxy.wire.fields import Node, Status, Walk, wrong_type

_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"(\s*:)?', re.DOTALL)


class JsonText(Node):
    """A string that should hold JSON: each string value in it is a surface of its own.

    Keys, numbers, white space and duplicate keys survive byte for byte, since only the changed literals are
    rewritten. What is no JSON (a model may write anything) is guarded as plain text.
    """

    status = Status.GUARDED
    note = "strings inside the JSON (all of it when it is none); keys and numbers pass"

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


class _Document:
    """One JSON text and its string values, by the place of their literals."""

    def __init__(self, holder: Any, key: Any, source: str) -> None:
        self.holder, self.key, self.source = holder, key, source
        self.literals = [m.span() for m in _LITERAL.finditer(source) if m[1] is None and m.end() - m.start() > 2]
        self.changed: dict[int, str] = {}

    def surfaces(self, path: str, role: Role, turn: int) -> list[Surface]:
        return [
            Surface(path, role, _clean(json.loads(self.source[a:b], strict=False)), self._setter(i), turn)
            for i, (a, b) in enumerate(self.literals)
        ]

    def _setter(self, i: int) -> Any:
        return lambda text: self.changed.__setitem__(i, text)

    def commit(self) -> None:
        if not self.changed:
            return
        out, at = [], 0
        for i, (a, b) in enumerate(self.literals):
            if i in self.changed:
                out += [self.source[at:a], json.dumps(self.changed[i], ensure_ascii=False)]
                at = b
        self.holder[self.key] = "".join([*out, self.source[at:]])


def _clean(text: str) -> str:
    """Without lone surrogates, which an escape can bring in and which have no UTF-8 form."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
