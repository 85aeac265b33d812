"""Surfaces and channels: the text of an exchange, free of any wire format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Who wrote the text, or what it is for."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    DEFINITION = "definition"  # tool descriptions, JSON schemas
    META = "meta"  # metadata, user ids, stop strings


@dataclass(slots=True)
class Surface:
    """One piece of text in a request: where it stands, who wrote it, how to write it back.

    `path` is the JSON path (`messages[0].content`), for findings and errors; it holds no user text.
    `turn` numbers the message the text belongs to, -1 outside of messages.
    """

    path: str
    role: Role
    text: str
    _write: Callable[[str], None] = field(repr=False)
    turn: int = -1

    def write(self, text: str) -> None:
        """Replace the text, here and in the body it came from."""
        if text != self.text:
            self.text = text
            self._write(text)


class ChannelKind(StrEnum):
    CONTENT = "content"
    REFUSAL = "refusal"
    REASONING = "reasoning"
    ARGUMENTS = "arguments"  # JSON text: a restored value must be escaped for a JSON string


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream of output text: a choice's content, a tool call's arguments, a reasoning summary."""

    kind: ChannelKind
    choice: int = 0
    index: int = 0
    part: int = 0
