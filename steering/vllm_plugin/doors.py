"""Which of vLLM's routes are open. Every route that generates or scores past the guard is closed.

A middleware in front of the router, not a change of routes: what other parts of vLLM add later is closed as well.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from steering.vllm_plugin import wire

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

GUARDED = ("/v1/chat/completions", "/v1/completions")
"""Served by this plugin."""

HARMLESS = ("/health", "/load", "/version", "/v1/models", "/tokenize", "/detokenize", wire.STATUS, wire.SCORE_PATH)
"""Core routes that generate nothing. `/ping` answers to GET only."""


class Doors:
    """ASGI middleware: 404 for HTTP, a refused handshake for websockets."""

    def __init__(self, app: App, also: Iterable[str] = ()) -> None:
        """`also`: paths that the operator opens by name."""
        self._app = app
        self._open = frozenset((*GUARDED, *HARMLESS, *also))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._is_open(scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _closed(send)

    def _is_open(self, scope: Scope) -> bool:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        if path in self._open:
            return True
        # Mounted, and answers to reading only.
        return scope["method"] == "GET" and (path in ("/ping", "/metrics") or path.startswith("/metrics/"))


async def _closed(send: Send) -> None:
    error = {
        "message": "This path is closed: it would pass the guard by.",
        "type": "invalid_request_error",
        "param": None,
        "code": "unknown_url",
    }
    body = json.dumps({"error": error}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
