"""Bodies that hold the secret in every field that can hold text."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.proxy.wire.doubles import SECRET as S

SCHEMA = {
    "type": "object",
    "title": f"t {S}",
    "description": f"d {S}",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "description": f"of {S}", "enum": [S, "other"], "default": S, "const": S},
        "description": {"type": "string", "examples": [S]},
    },
    "$defs": {"x": {"description": S, "pattern": "^a$"}},
}
ARGUMENTS = json.dumps({"who": S, "deep": [{"x": f"a {S}"}], "n": 1.0, "flag": True, "none": None}, ensure_ascii=True)
IMAGE = {"url": "https://example.org/a.png", "detail": "low"}

TOOLS = [
    {"type": "function", "function": {"name": S, "description": f"for {S}", "parameters": SCHEMA}},
    {
        "type": "custom",
        "custom": {
            "name": S,
            "description": S,
            "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": f'start: "{S}"'}},
        },
    },
]


def chat() -> dict[str, Any]:
    return copy.deepcopy(
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": f"You serve {S}.", "name": S, "tools": TOOLS},
                {"role": "developer", "content": [{"type": "text", "text": f"dev {S}"}], "name": S},
                {
                    "role": "user",
                    "name": S,
                    "content": [
                        {"type": "text", "text": f"I am {S}"},
                        {"type": "image_url", "image_url": IMAGE},
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                        {"type": "file", "file": {"filename": f"{S}.txt", "file_id": "f1"}},
                        {"type": "video_url", "video_url": {"url": "https://example.org/v"}},
                        {"type": "audio_url", "audio_url": {"url": "https://example.org/a"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [{"type": "text", "text": f"hi {S}"}, {"type": "refusal", "refusal": f"no {S}"}],
                    "refusal": f"no {S}",
                    "name": S,
                    "reasoning": f"think {S}",
                    "reasoning_content": f"think {S}",
                    "annotations": [
                        {"type": "url_citation", "url_citation": {"title": S, "url": "u", "start_index": 1}}
                    ],
                    "audio": {"id": "a1", "transcript": f"say {S}"},
                    "function_call": {"name": S, "arguments": ARGUMENTS},
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": S, "arguments": ARGUMENTS}},
                        {"id": "c2", "type": "function", "function": {"name": "f", "arguments": f"broken {S} {{"}},
                        {"id": "c3", "type": "custom", "custom": {"name": S, "input": f"in {S}"}},
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": f"result {S}", "name": S},
                {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": f"more {S}"}]},
                {"role": "function", "name": S, "content": f"old {S}"},
                {"role": "user", "content": f"Who is {S}?"},
            ],
            "tools": TOOLS,
            "functions": [{"name": S, "description": S, "parameters": SCHEMA}],
            "function_call": {"name": S},
            "tool_choice": {
                "type": "allowed_tools",
                "function": {"name": S},
                "custom": {"name": S},
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": S}}]},
            },
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": S, "description": S, "schema": SCHEMA, "strict": True},
            },
            "metadata": {"who": S},
            "user": S,
            "safety_identifier": S,
            "prompt_cache_key": S,
            "stop": [S],
            "prediction": {"type": "content", "content": [{"type": "text", "text": S}]},
            "web_search_options": {
                "user_location": {
                    "type": "approximate",
                    "approximate": dict.fromkeys(("city", "country", "region", "timezone"), S),
                    **dict.fromkeys(("city", "country", "region", "timezone"), S),
                }
            },
            "bad_words": [S],
            "documents": [{"title": S, "text": f"about {S}"}],
            "chat_template": f"{{{{ x }}}} {S}",
            "chat_template_kwargs": {"hint": S},
            "structured_outputs": {
                "json": SCHEMA,
                "regex": S,
                "choice": [S],
                "grammar": S,
                "whitespace_pattern": S,
                "structural_tag": {"x": S},
            },
            "guided_json": SCHEMA,
            "guided_choice": [S],
            "guided_regex": S,
            "guided_grammar": S,
            "guided_whitespace_pattern": S,
        }
    )


def completions() -> dict[str, Any]:
    shared = {k: v for k, v in chat().items() if k.startswith("guided") or k in ("bad_words", "structured_outputs")}
    return {
        "model": "m",
        "prompt": [f"one {S}", f"two {S}"],
        "suffix": f"end {S}",
        "user": S,
        "safety_identifier": S,
        "stop": S,
        "metadata": {"who": S},
        "response_format": {"type": "json_schema", "json_schema": {"name": S}},
        **shared,
    }


def embeddings() -> dict[str, Any]:
    return {"model": "m", "input": [f"one {S}", f"two {S}"], "user": S, "chat_template_kwargs": {"x": S}}


def moderations() -> dict[str, Any]:
    return {"model": "m", "input": [f"one {S}", f"two {S}"], "metadata": {"x": S}}


def responses() -> dict[str, Any]:
    ids = {"id": "i1", "call_id": "c1", "status": "completed"}
    part = {"type": "input_text", "text": f"part {S}"}
    tool = {"type": "function", "name": S, "description": S, "parameters": SCHEMA}
    mcp = {"type": "mcp", "server_label": S, "server_description": S, "server_url": "https://x", "headers": {"k": S}}
    shared = {
        k: v
        for k, v in chat().items()
        if k.startswith(("guided", "chat_template")) or k in ("bad_words", "structured_outputs", "documents")
    }
    return copy.deepcopy(
        {
            "model": "m",
            "instructions": f"Help {S}.",
            "input": [
                {"role": "user", "content": f"plain {S}"},
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        part,
                        {"type": "text", "text": S},
                        {"type": "summary_text", "text": S},
                        {"type": "reasoning_text", "text": S},
                        {"type": "input_file", "filename": S, "file_id": "f"},
                        {"type": "input_image", "image_url": "https://example.org/x.png"},
                    ],
                },
                {"type": "message", "role": "system", "content": [part]},
                {"type": "message", "role": "developer", "content": S},
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [
                        {"type": "output_text", "text": S, "annotations": [{"type": "url_citation", "title": S}]},
                        {"type": "refusal", "refusal": S},
                    ],
                },
                {"type": "function_call", **ids, "name": S, "arguments": ARGUMENTS},
                {"type": "function_call_output", **ids, "name": S, "output": S},
                {"type": "custom_tool_call", **ids, "name": S, "input": S},
                {"type": "custom_tool_call_output", **ids, "output": [part]},
                {
                    "type": "mcp_call",
                    "id": "i",
                    "name": S,
                    "server_label": S,
                    "arguments": ARGUMENTS,
                    "output": S,
                    "error": {"type": "http_error", "message": S},
                },
                {
                    "type": "mcp_list_tools",
                    "id": "i",
                    "server_label": S,
                    "tools": [{"name": S, "input_schema": SCHEMA}],
                },
                {"type": "mcp_approval_request", "id": "i", "name": S, "server_label": S, "arguments": ARGUMENTS},
                {
                    "type": "mcp_approval_response",
                    "approval_request_id": "i",
                    "approve": True,
                    "reason": S,
                    "name": S,
                    "server_label": S,
                },
                {
                    "type": "reasoning",
                    "id": "r",
                    "summary": [{"type": "summary_text", "text": S}],
                    "content": [{"type": "reasoning_text", "text": S}],
                    "encrypted_content": "gAAAA",
                },
                {"type": "shell_call", **ids, "action": {"commands": [f"echo {S}"]}},
                {"type": "shell_call_output", **ids, "output": [{"stdout": S, "stderr": S}]},
                {"type": "local_shell_call", **ids, "action": {"type": "exec", "command": [S], "env": {"N": S}}},
                {"type": "local_shell_call_output", "id": "i", "output": S},
                {"type": "apply_patch_call", **ids, "operation": {"type": "create_file", "path": S, "diff": S}},
                {"type": "apply_patch_call_output", **ids, "output": S},
                {"type": "code_interpreter_call", **ids, "code": S, "outputs": [{"type": "logs", "logs": S}]},
                {"type": "program", **ids, "code": S, "fingerprint": "fp"},
                {"type": "program_output", **ids, "result": f"r {S}"},
                {"type": "file_search_call", **ids, "queries": [S], "results": [{"text": S, "attributes": {"id": S}}]},
                {"type": "web_search_call", **ids, "action": {"type": "search", "query": S}},
                {"type": "computer_call", **ids, "action": {"type": "type", "text": S}},
                {
                    "type": "computer_call_output",
                    **ids,
                    "output": {"type": "computer_screenshot", "file_id": "f"},
                    "acknowledged_safety_checks": [{"id": "x", "message": S}],
                },
                {"type": "tool_search_call", **ids, "arguments": {"id": S}},
                {"type": "tool_search_output", **ids, "tools": [tool]},
                {"type": "additional_tools", "role": "developer", "tools": [tool, mcp]},
                {"type": "image_generation_call", "id": "i", "result": "AAAA", "revised_prompt": S},
                {"type": "compaction", "id": "i", "encrypted_content": "gAAAA"},
                {"type": "compaction_trigger"},
                {
                    "type": "configuration_update",
                    "text": {"format": {"type": "json_schema", "name": S, "description": S, "schema": SCHEMA}},
                },
            ],
            "tools": [tool, mcp, {"type": "web_search", "user_location": {"type": "approximate", "city": S}}],
            "tool_choice": {"type": "function", "name": S},
            "text": {"format": {"type": "json_schema", "name": S, "description": S, "schema": SCHEMA}},
            "metadata": {"who": S},
            "user": S,
            "safety_identifier": S,
            "prompt_cache_key": S,
            "stop": [S],
            "previous_input_messages": [{"role": "user", "content": S}],
            **shared,
        }
    )
