"""From a conversation to prompt ids: the model's own chat template, ending at the assistant header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detectors.scorers.base import Message, Tool


def render(
    tokenizer: Any,
    messages: Sequence[Message],
    tools: Sequence[Tool] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[int]:
    """Apply `tokenizer`'s chat template with a generation prompt; `options` are extra template variables.

    For reasoning models pass what closes the thinking block (for Qwen3: `{"enable_thinking": False}`), so that
    probes stand where the answer begins. Lists of content parts are reduced to their text, joined by newlines.
    Raises whatever the template raises: callers must not let that text out, it may quote the conversation.
    """
    ids = tokenizer.apply_chat_template(
        [_flat(m) for m in messages],
        tools=list(tools) if tools else None,
        add_generation_prompt=True,
        tokenize=True,
        return_dict=False,
        **(options or {}),
    )
    return [int(i) for i in ids]


def _flat(message: Message) -> dict[str, Any]:
    flat = dict(message)
    content = flat.get("content")
    if content is None:
        flat["content"] = ""
    elif not isinstance(content, str):
        flat["content"] = "\n".join(
            p if isinstance(p, str) else p["text"]
            for p in content
            if isinstance(p, str) or isinstance(p.get("text"), str)
        )
    return flat
