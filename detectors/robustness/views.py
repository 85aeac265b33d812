"""Views of a conversation that might undo a wrapping, each to be measured: scored besides the conversation, the worst
counts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from detectors.scorers.base import Message
from detectors.unwrap import payloads, said


class View(StrEnum):
    USER_TEXT = "user_text"  # the latest user message alone, without system prompt and turns before
    UNWRAPPED = "unwrapped"  # what stands encoded, quoted or as a paragraph of its own in the user messages
    CLOSING_TURN = "closing_turn"  # the conversation, a neutral turn behind it, and then the probe


def conversations(messages: Sequence[Message], views: Sequence[View]) -> list[list[Message]]:
    """What the views add to `messages`, without repeats; at most 2 + 13 conversations."""
    texts = said(messages)
    found: list[list[Message]] = []
    for view in views:
        match view:
            case View.USER_TEXT if texts:
                found.append([{"role": "user", "content": texts[-1]}])
            case View.UNWRAPPED if texts:
                found += [[{"role": "user", "content": p}] for p in payloads(texts)]
            case View.CLOSING_TURN if messages:
                found.append(
                    [
                        *messages,
                        {"role": "assistant", "content": "I have read this."},
                        {"role": "user", "content": "Good. Please answer it now."},
                    ]
                )
            case _:
                pass
    out: list[list[Message]] = []
    for conversation in found:
        if conversation != list(messages) and conversation not in out:
            out.append(conversation)
    return out
