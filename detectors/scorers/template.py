"""From a conversation to prompt ids: the model's own chat template, ending at the assistant header."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from detectors.scorers.base import Message, Tool

_ROLES = {"developer": "system", "function": "tool"}  # templates know the older names only


def render(
    tokenizer: Any,
    messages: Sequence[Message],
    tools: Sequence[Tool] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[int]:
    """Apply `tokenizer`'s chat template with a generation prompt; `options` are extra template variables.

    For reasoning models pass what closes the thinking block (for Qwen3: `{"enable_thinking": False}`), so that
    probes stand where the answer begins. Lists of content parts are reduced to their text.
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
    """The message as templates expect it: a plain role, string content, tool arguments as objects."""
    flat = dict(message)
    flat["role"] = _ROLES.get(flat["role"], flat["role"])
    content = flat.get("content")
    if content is None:
        flat["content"] = ""
    elif not isinstance(content, str):
        texts = [p if isinstance(p, str) else p.get("text") or p.get("refusal") for p in content]
        flat["content"] = "".join(t for t in texts if isinstance(t, str))
    if flat.get("tool_calls"):
        flat["tool_calls"] = [_call(c) for c in flat["tool_calls"]]
    return flat


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if isinstance(function, Mapping) and isinstance(function.get("arguments"), str):
        # Half a call, as a model wrote it, stays a string: templates print strings as they are.
        with suppress(ValueError):
            return {**call, "function": {**function, "arguments": json.loads(function["arguments"] or "{}")}}
    return dict(call)
