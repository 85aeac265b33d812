"""YAML 1.2 text to plain data, with the line of every key and the environment references resolved.

Built on the composer's node graph rather than on a constructor: that is where lines are, where duplicate keys
still show, and where an alias bomb can be stopped before it is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from guard.config.problems import Problem

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 24

KeyPath = tuple[str | int, ...]

_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$\{)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})")
_TAG = "tag:yaml.org,2002:"


class Reference(str):
    """Text that came out of the environment."""

    __slots__ = ()


@dataclass(slots=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and where it stood. Lines count from 1."""

    data: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    references: dict[KeyPath, str] = field(default_factory=dict)
    unset: set[KeyPath] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: KeyPath) -> int | None:
        """The line of a key, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read(text: str, environment: Mapping[str, str]) -> Document:
    """Parse one YAML document. Never raises for bad input: what is wrong is in `problems`."""
    document = Document()
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        document.problems.append(Problem(f"the file is larger than {MAX_BYTES} bytes"))
        return document
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        # Only `problem`: the error's full text quotes the file, secrets included.
        mark = error.problem_mark or error.context_mark
        document.problems.append(
            Problem(f"not valid YAML: {error.problem or 'syntax error'}", line=mark.line + 1 if mark else None)
        )
        return document
    except (YAMLError, ValueError, RecursionError) as error:
        document.problems.append(Problem(f"not valid YAML ({type(error).__name__})"))
        return document
    if node is not None:
        document.data = _Builder(document, environment).build(node, (), 0)
    return document


class _Builder:
    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self.document = document
        self.environment = environment
        self.nodes = 0

    def build(self, node: Node, path: KeyPath, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            # Aliases count as often as they are used, so this also stops bombs and cycles.
            if not any(p.fatal for p in self.document.problems):
                what = f"more than {MAX_NODES} values" if depth <= MAX_DEPTH else f"nested deeper than {MAX_DEPTH}"
                self.problem(f"the document is too large once aliases are expanded: {what}", node, path, fatal=True)
            return None
        if not isinstance(node, ScalarNode) and node.tag not in (_TAG + "map", _TAG + "seq"):
            self.problem("YAML tags are not allowed here", node, path)
            return None
        if isinstance(node, MappingNode):
            return self.mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            out = []
            for index, item in enumerate(node.value):
                self.document.lines[(*path, index)] = item.start_mark.line + 1
                out.append(self.build(item, (*path, index), depth + 1))
            return out
        return self.scalar(node, path) if isinstance(node, ScalarNode) else None

    def mapping(self, node: MappingNode, path: KeyPath, depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if self.nodes > MAX_NODES:
                break
            if not isinstance(key_node, ScalarNode):
                self.problem("a key must be plain text", key_node, path)
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key_node.tag == _TAG + "merge":
                self.problem("'<<' is not YAML 1.2: use a whole alias, or write the keys out", key_node, here)
            elif key in out:
                self.problem(f"this key is there twice (first on line {self.document.lines[here]})", key_node, here)
            else:
                self.document.lines[here] = key_node.start_mark.line + 1
                out[key] = self.build(value_node, here, depth + 1)
        return out

    def scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        text = str(node.value)
        kind = str(node.tag).removeprefix(_TAG)
        if kind not in ("null", "bool", "int", "float", "str", "timestamp", "value"):
            self.problem("YAML tags are not allowed here", node, path)
            return None
        if kind in ("null", "bool", "int", "float"):
            return plain(text)
        if "${" not in text:
            return text
        return self.expand(text, node, path)

    def expand(self, text: str, node: Node, path: KeyPath) -> str:
        names: list[str] = []

        def value(match: re.Match[str]) -> str:
            if match["escaped"]:
                return "${"
            name = match["name"]
            names.append(name)
            # As in a shell, `:-` also stands in for a variable that is set but empty.
            found = self.environment.get(name)
            if match["default"] is not None:
                return found or match["default"]
            if found is None:
                self.problem(f"environment variable {name} is not set", node, path)
                self.document.unset.add(path)
                return ""
            return found

        expanded = _REFERENCE.sub(value, text)
        rest = _REFERENCE.sub("", text)
        if "${" in rest:
            self.problem("'${' starts a reference: write ${NAME} or ${NAME:-default}, or $${ for the text", node, path)
            self.document.unset.add(path)
        if not names:
            return expanded
        self.document.references[path] = text
        return Reference(expanded)

    def problem(self, message: str, node: Node, path: KeyPath, *, fatal: bool = False) -> None:
        self.document.problems.append(Problem(message, key=dotted(path), line=node.start_mark.line + 1, fatal=fatal))


def plain(text: str) -> Any:
    """A scalar by YAML 1.2's core schema: null, bool, int, float, else the text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    digits = text.replace("_", "")
    for convert in (lambda: int(digits), lambda: int(digits, 0), lambda: float(_dotless(digits))):
        try:
            return convert()
        except ValueError:
            continue
    return str(text)


def _dotless(text: str) -> str:
    return re.sub(r"^([-+]?)\.(inf|nan)$", r"\1\2", text, flags=re.IGNORECASE)


def dotted(path: KeyPath) -> str:
    """`("routes", 0, "match")` as `routes[0].match`."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return out
