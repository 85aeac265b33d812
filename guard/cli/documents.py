"""What `guard sanitize` reads: text in blocks, JSON by its strings; and how to put it together again."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guard.errors import ConfigError

MAX_BYTES = 10 * 1024 * 1024
_BLOCK = 32 * 1024  # characters; progress is shown from block to block
_ENDS = (re.compile(r"\n[ \t]*\n"), re.compile(r"\n"), re.compile(r"\s"))


@dataclass(slots=True)
class Document:
    """`pieces` are the texts to hide; `places` say where each stands: a line number, or a path in JSON.

    `build` makes the document again from as many texts.
    """

    name: str
    pieces: Sequence[str]
    places: Sequence[str]
    build: Callable[[Sequence[str]], str] = field(repr=False)
    lines: bool = True  # pieces follow one another and are read line by line


def read(file: Path, form: str) -> Document:
    """A file, or stdin for `-`. `form`: auto (by the name's end), text, json or jsonl.

    Raises `ConfigError` when it cannot be read, is too large, no UTF-8, or not the JSON it should be.
    """
    name = "stdin" if str(file) == "-" else str(file)
    text = _text(file, name)
    if form == "auto":
        form = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(Path(name).suffix.lower(), "text")
    if form == "text":
        blocks = list(_blocks(text))
        starts = [1]
        for block in blocks[:-1]:
            starts.append(starts[-1] + block.count("\n"))
        return Document(name, blocks, [str(line) for line in starts], "".join)
    return _json(name, text) if form == "json" else _json_lines(name, text)


def _text(file: Path, name: str) -> str:
    try:
        if str(file) == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise ConfigError(f"{name} is a folder: name the files in it, as in {name}/*.txt") from None
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{name} is larger than {MAX_BYTES} bytes: split it, at line breaks (split -C 9M)")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name} is not UTF-8 (byte {error.start}): convert it first, as in iconv -f GB18030 -t UTF-8"
        ) from None


def _blocks(text: str) -> Iterator[str]:
    """The text in blocks, cut at an empty line if there is one, else at a line's end, else between words."""
    at = 0
    while len(text) - at > 2 * _BLOCK:
        window = text[at : at + 2 * _BLOCK]
        end = next((m.end() for pattern in _ENDS if (m := pattern.search(window, _BLOCK)) is not None), 2 * _BLOCK)
        yield text[at : at + end]
        at += end
    if at < len(text) or not at:
        yield text[at:]


def _json(name: str, text: str) -> Document:
    root = [_parse(name, text, 0)]
    slots = list(_slots(root, 0, ""))
    return _document(name, slots, lambda: json.dumps(root[0], ensure_ascii=False, indent=2) + "\n")


def _json_lines(name: str, text: str) -> Document:
    rows = [_parse(name, line, number) if line.strip() else None for number, line in enumerate(text.splitlines(), 1)]
    slots = [slot for index in range(len(rows)) for slot in _slots(rows, index, f"line {index + 1}")]
    return _document(
        name,
        slots,
        lambda: "".join("\n" if row is None else json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
    )


def _document(name: str, slots: Sequence[_Slot], dump: Callable[[], str]) -> Document:
    def build(texts: Sequence[str]) -> str:
        for slot, text in zip(slots, texts, strict=True):
            slot.node[slot.key] = text
        return dump()

    pieces = [str(slot.node[slot.key]) for slot in slots]
    return Document(name, pieces, [slot.path for slot in slots], build, lines=False)


def _parse(name: str, text: str, line: int) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ConfigError(f"{name}: nested too deeply; --format text takes it as text") from None
    except json.JSONDecodeError as error:
        at = f"line {line or error.lineno}, column {error.colno}"
        raise ConfigError(f"{name} is not valid JSON ({at}); --format text takes it as text") from None


@dataclass(frozen=True, slots=True)
class _Slot:
    """`node[key]` is a string, `path` says where."""

    node: Any
    key: Any
    path: str


def _slots(root: list[Any], index: int, name: str) -> Iterator[_Slot]:
    """Every string value in `root[index]`, in document order; keys are no values."""
    stack: list[tuple[Any, Any, str]] = [(root, index, name)]
    while stack:
        node, key, path = stack.pop()
        value = node[key]
        if isinstance(value, str):
            yield _Slot(node, key, path.lstrip(".") or "(all)")
        elif isinstance(value, dict):
            stack += [(value, k, f"{path}.{k}") for k in reversed(value)]
        elif isinstance(value, list):
            stack += [(value, i, f"{path}[{i}]") for i in range(len(value) - 1, -1, -1)]
