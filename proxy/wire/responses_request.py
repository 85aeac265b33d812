"""`/v1/responses`, the request: its field table, and how its items read to a chat template."""

from __future__ import annotations

import copy
import json
from typing import Any

from guard.surface import Role
from proxy.wire.chat_request import flatten
from proxy.wire.fields import (
    BOOLEAN,
    TOKEN,
    Either,
    ListOf,
    Node,
    Object,
    Opaque,
    Rejected,
    Scalar,
    Stripped,
    Tagged,
    Text,
)
from proxy.wire.json_text import JsonOrText, JsonText
from proxy.wire.tables import (
    CACHE_BREAKPOINT,
    COUNT,
    JSON_SCHEMA,
    META,
    METADATA,
    MODEL,
    MODERATION,
    NAME,
    SAMPLING,
    VLLM_CHAT,
)
from proxy.wire.trees import AnyText, Control, Schema

PATH = "/v1/responses"

_MEDIA = Opaque("media: not read by text checks")
_UNSEEN = "it names text that this proxy does not see"

KEEP = frozenset(
    (
        "type",
        "id",
        "object",
        "role",
        "status",
        "phase",
        "call_id",
        "caller_id",
        "namespace",
        "container_id",
        "approval_request_id",
        "file_id",
        "image_url",
        "file_data",
        "file_url",
        "detail",
        "encrypted_content",
        "fingerprint",
        "execution",
        "button",
        "format",
        "output_format",
        "background",
        "quality",
        "size",
    )
)
"""Names inside items whose strings are ids, media or switches."""

_IDS: dict[str, Node] = {
    "type": TOKEN,
    "id": TOKEN,
    "call_id": TOKEN,
    "status": TOKEN,
    "namespace": TOKEN,
    "async": BOOLEAN,
    "caller": Object({"type": TOKEN, "caller_id": TOKEN}),
}

_PART = Tagged(
    "type",
    {
        "input_text": Object({"type": TOKEN, "text": JsonOrText(), "prompt_cache_breakpoint": CACHE_BREAKPOINT}),
        "text": Object({"type": TOKEN, "text": Text()}),
        "output_text": Object(
            {
                "type": TOKEN,
                "text": Text(),
                "annotations": AnyText(keep=KEEP),
                "logprobs": Stripped("log-probabilities of an earlier answer spell its text out"),
            }
        ),
        "summary_text": Object({"type": TOKEN, "text": Text()}),
        "reasoning_text": Object({"type": TOKEN, "text": Text()}),
        "refusal": Object({"type": TOKEN, "refusal": Text()}),
        "input_image": Object(
            {
                "type": TOKEN,
                "detail": TOKEN,
                "file_id": TOKEN,
                "image_url": _MEDIA,
                "prompt_cache_breakpoint": CACHE_BREAKPOINT,
            }
        ),
        "input_file": Object(
            {
                "type": TOKEN,
                "detail": TOKEN,
                "file_id": TOKEN,
                "file_data": _MEDIA,
                "file_url": _MEDIA,
                "filename": META,
                "prompt_cache_breakpoint": CACHE_BREAKPOINT,
            }
        ),
        "input_audio": Object({"type": TOKEN, "input_audio": Object({"data": _MEDIA, "format": TOKEN})}),
    },
)
_CONTENT = Either(string=JsonOrText(), array=ListOf(_PART))


def _message(role: Role) -> Object:
    return Object(
        {"type": TOKEN, "id": TOKEN, "role": TOKEN, "status": TOKEN, "phase": TOKEN, "content": _CONTENT},
        role=role,
        required=("content",),
    )


_TOOL_KEEP = KEEP | {"authorization", "server_url", "connector_id", "model", "environment", "tunnel_id", "execution"}
TOOL_TYPES = (
    "function",
    "custom",
    "mcp",
    "file_search",
    "computer",
    "computer_use_preview",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "code_interpreter",
    "programmatic_tool_calling",
    "image_generation",
    "local_shell",
    "shell",
    "apply_patch",
    "namespace",
    "tool_search",
)
TOOL = Tagged("type", dict.fromkeys(TOOL_TYPES, Schema(Role.DEFINITION, keep=_TOOL_KEEP)))

_CALLS = AnyText(Role.ASSISTANT, keep=KEEP)
_RESULTS = AnyText(Role.TOOL, keep=KEEP)
_TOOLS = Object({**_IDS, "role": TOKEN, "execution": TOKEN, "tools": ListOf(TOOL)}, role=Role.DEFINITION)
_OUTPUT = Object({**_IDS, "name": NAME, "output": _CONTENT}, role=Role.TOOL)
_MCP: dict[str, Node] = {**_IDS, "name": NAME, "server_label": NAME, "approval_request_id": TOKEN}

ITEMS: dict[str, Node] = {
    "message": Tagged(
        "role",
        {
            "system": _message(Role.SYSTEM),
            "developer": _message(Role.SYSTEM),
            "user": _message(Role.USER),
            "assistant": _message(Role.ASSISTANT),
        },
    ),
    "function_call": Object({**_IDS, "name": NAME, "arguments": JsonText()}, role=Role.ASSISTANT),
    "function_call_output": _OUTPUT,
    "custom_tool_call": Object({**_IDS, "name": NAME, "input": Text()}, role=Role.ASSISTANT),
    "custom_tool_call_output": _OUTPUT,
    "mcp_call": Object(
        {**_MCP, "arguments": JsonText(), "output": JsonOrText(Role.TOOL), "error": AnyText(Role.TOOL, keep=KEEP)},
        role=Role.ASSISTANT,
    ),
    "mcp_list_tools": Schema(Role.DEFINITION, keep=KEEP),
    "mcp_approval_request": Object({**_MCP, "arguments": JsonText()}, role=Role.ASSISTANT),
    "mcp_approval_response": Object({**_MCP, "approve": BOOLEAN, "reason": Text(Role.USER)}),
    "reasoning": Object(
        {
            **_IDS,
            "summary": ListOf(_PART),
            "content": ListOf(_PART),
            "encrypted_content": Opaque("encrypted by the upstream, round-trips untouched"),
        },
        role=Role.ASSISTANT,
    ),
    "compaction": Object({**_IDS, "encrypted_content": Opaque("encrypted by the upstream, round-trips untouched")}),
    "image_generation_call": AnyText(Role.ASSISTANT, keep=KEEP | {"result", "action", "model"}),
    "compaction_trigger": Object(_IDS),
    "configuration_update": Object(
        {**_IDS, "reasoning": Object({"effort": TOKEN}), "text": Object({"format": JSON_SCHEMA})}
    ),
    "item_reference": Object({"type": TOKEN, "id": Rejected(_UNSEEN, then=TOKEN)}),
    "tool_search_output": _TOOLS,
    "additional_tools": _TOOLS,
    **dict.fromkeys(
        (
            "shell_call",
            "local_shell_call",
            "apply_patch_call",
            "code_interpreter_call",
            "program",
            "file_search_call",
            "web_search_call",
            "computer_call",
            "tool_search_call",
        ),
        _CALLS,
    ),
    **dict.fromkeys(
        (
            "shell_call_output",
            "local_shell_call_output",
            "apply_patch_call_output",
            "program_output",
            "computer_call_output",
        ),
        _RESULTS,
    ),
}

ITEM = Tagged("type", ITEMS, default="message")

PREVIOUS = Scalar("id", note="names an answer whose stand-ins the store knows, else 400")

TABLE = Object(
    {
        **{k: v for k, v in SAMPLING.items() if k != "n"},
        "model": MODEL,
        "input": Either(string=Text(Role.USER), array=ListOf(ITEM, turns=True)),
        "instructions": Either(string=Text(Role.SYSTEM), array=ListOf(ITEM)),
        "access_programs": Object({"cyber": TOKEN}),
        "background": Rejected("answers of background responses cannot be guarded here", harmless=(False,)),
        "background_options": Control("when and how a background response runs"),
        "context_management": ListOf(Object({"type": TOKEN, "compact_threshold": COUNT})),
        "conversation": Rejected(_UNSEEN, then=Either(string=TOKEN, object=Object({"id": TOKEN}))),
        "image": Object({"context_compression": TOKEN}),
        "include": ListOf(TOKEN),
        "max_output_tokens": COUNT,
        "max_tool_calls": COUNT,
        "metadata": METADATA,
        "moderation": MODERATION,
        "parallel_tool_calls": BOOLEAN,
        "previous_response_id": PREVIOUS,
        "prompt": Rejected(
            _UNSEEN,
            then=Object({"id": TOKEN, "version": TOKEN, "variables": AnyText(Role.USER, keep=KEEP)}),
        ),
        "prompt_cache_key": META,
        "prompt_cache_options": Object(
            {"comparison_response_id": TOKEN, "mode": TOKEN, "prewarm": BOOLEAN, "ttl": TOKEN}
        ),
        "prompt_cache_retention": TOKEN,
        "reasoning": Object(dict.fromkeys(("context", "effort", "generate_summary", "mode", "summary"), TOKEN)),
        "safety_identifier": META,
        "service_tier": TOKEN,
        "store": BOOLEAN,
        "text": Object({"format": JSON_SCHEMA, "verbosity": TOKEN}),
        "tool_choice": Either(string=TOKEN, object=Schema(Role.DEFINITION, keep=KEEP | {"mode"})),
        "tools": ListOf(TOOL),
        "top_logprobs": COUNT,
        "truncation": TOKEN,
        **VLLM_CHAT,
        "previous_input_messages": AnyText(keep=KEEP),
        "enable_response_messages": Stripped("hands the masked prompt back", allowable=True),
    },
    required=("input",),
)


def template_messages(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Instructions and items as chat messages: calls become tool calls, outputs tool messages; items of other kinds
    are given as their JSON."""
    out: list[dict[str, Any]] = []
    instructions = body.get("instructions")
    if isinstance(instructions, str) and instructions:
        out.append({"role": "system", "content": instructions})
    elif isinstance(instructions, list):
        out += [m for item in instructions for m in _as_messages(item)]
    given = body["input"]
    if isinstance(given, str):
        return [*out, {"role": "user", "content": given}]
    for message in (m for item in given for m in _as_messages(item)):
        # calls made in one turn belong to one assistant message
        if message.get("tool_calls") and out and out[-1].get("tool_calls"):
            out[-1]["tool_calls"] += message["tool_calls"]
        else:
            out.append(message)
    return out


def template_tools(body: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Function tools in chat form; tools that run at the upstream have none."""
    tools = [
        {"type": "function", "function": {k: copy.deepcopy(t[k]) for k in _FUNCTION_KEYS if k in t}}
        for t in body.get("tools") or ()
        if t.get("type") == "function"
    ]
    return tools or None


_FUNCTION_KEYS = ("name", "description", "parameters", "strict")
_SILENT = frozenset(("compaction", "compaction_trigger", "item_reference", "configuration_update"))


def _as_messages(item: dict[str, Any]) -> list[dict[str, Any]]:
    kind = item.get("type", "message")
    ident = item.get("call_id") or item.get("id") or ""
    if kind == "message":
        return [{"role": item["role"], "content": flatten(item.get("content"))}]
    if kind in _SILENT:
        return []
    if kind in ("function_call", "custom_tool_call", "mcp_call"):
        arguments = item.get("arguments") if kind != "custom_tool_call" else item.get("input")
        call = {
            "id": ident or None,
            "type": "function",
            "function": {"name": item.get("name"), "arguments": arguments or ""},
        }
        made = {"role": "assistant", "content": "", "tool_calls": [call]}
        said = item.get("output") or item.get("error")  # an MCP call holds its result
        return [made, {"role": "tool", "content": _said(said), "tool_call_id": ident}] if said else [made]
    if kind == "reasoning":
        text = flatten([*(item.get("summary") or ()), *(item.get("content") or ())])
        return [{"role": "assistant", "content": "", "reasoning": text}] if text else []
    text = _said(item.get("output")) or _json({k: v for k, v in item.items() if k not in KEEP})
    if kind.endswith("_output"):
        return [{"role": "tool", "content": text, "tool_call_id": ident}]
    return [{"role": "assistant", "content": text}]


def _said(output: Any) -> str:
    """What a tool returned, nothing of it left out: text parts as text, a shell's or a hosted tool's result as JSON."""
    if isinstance(output, str) or output is None:
        return output or ""
    parts = isinstance(output, list) and all(isinstance(p, dict) and flatten([p]) for p in output)
    return flatten(output) if parts else _json(output)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
