"""What all OpenAI-shaped answers share: ids, usage, server-sent events."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

import orjson

from proxy.upstream.base import Event, Reply
from proxy.upstream.embedded.generation import Usage

JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
DONE = Event(data=b"[DONE]")


def new_id(prefix: str) -> str:
    return f"{prefix}{uuid.uuid4().hex}"


def now() -> int:
    return int(time.time())


def whole(body: Mapping[str, Any]) -> Reply:
    return Reply(status=200, headers=JSON, body=orjson.dumps(body))


def event(body: Mapping[str, Any], name: str | None = None) -> Event:
    return Event(data=orjson.dumps(body), event=name)


def usage_body(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
