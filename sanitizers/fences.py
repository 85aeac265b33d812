"""Fenced blocks of an answer in Markdown: which stretches of a stream are JSON, without holding any of it back."""

from __future__ import annotations

import re
from collections.abc import Iterator

_JSON = frozenset(("json", "jsonl", "jsonc", "json5", "ndjson", "geojson"))
_LONGEST = 120  # characters of a line that are looked at
# In a list or a quotation a fence has marks in front of it.
_OPEN = re.compile(
    r"[ \t>]*(?:[-*+][ \t]+|[0-9]{1,3}[.)][ \t]+)?(?P<fence>`{3,}|~{3,})[ \t]*(?P<label>[^`\s{]*)[^`\n]*\n?"
)
_CLOSED = re.compile(r"[ \t>]*(?P<fence>`{3,}|~{3,})\s*")


class Fences:
    """Follows a text and says what of it stands in fenced JSON: by the label, or without one when it begins with `{`,
    `[{`, `["` or `[[`. What it says depends on the text alone, never on its chunks."""

    def __init__(self) -> None:
        self._line = ""  # the beginning of the line so far
        self._fence = ""  # what opened the block, empty outside
        self._json = False
        self._begun: str | None = None  # of a block without a label, until it is clear what it is

    def split(self, text: str) -> Iterator[tuple[str, bool]]:
        """The text as stretches, each with whether it is JSON in a fence."""
        if self._begun is None and "\n" not in text:
            self._line = (self._line + text)[:_LONGEST]
            yield text, self._json
            return
        for line in text.splitlines(keepends=True):
            at = self._decide(line) if self._begun is not None else 0
            if at:
                yield line[:at], False
            if at < len(line):
                yield line[at:], self._json
            self._line = (self._line + line)[:_LONGEST]
            if line.endswith("\n"):
                self._end(self._line)
                self._line = ""

    def _decide(self, line: str) -> int:
        """Where in a line of an unlabelled block its JSON begins."""
        for index, char in enumerate(line):
            if char.isspace():
                continue
            if char == "{" or (self._begun and char in '{["'):
                self._json, self._begun = True, None
                return index
            if char != "[" or self._begun:
                self._begun = None
                return 0
            self._begun = char
        return 0

    def _end(self, line: str) -> None:
        if self._fence:
            closed = _CLOSED.fullmatch(line)
            if closed and closed["fence"].startswith(self._fence):
                self._fence, self._json, self._begun = "", False, None
        elif opened := _OPEN.fullmatch(line):
            self._fence, label = opened["fence"], opened["label"].lower()
            self._json, self._begun = label in _JSON, None if label else ""
