"""What of a server is open, by default and by name."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steering.vllm_plugin import wire
from steering.vllm_plugin.doors import Doors


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "reached"})


def ask(path: str, method: str = "POST", *, kind: str = "http", root: str = "", also: tuple[str, ...] = ()) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": kind, "path": path, "method": method, "root_path": root}
    asyncio.run(Doors(_app, also)(scope, receive, send))
    return sent[0]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/chat/completions", "POST"),
        ("/v1/completions", "POST"),
        ("/v1/models", "GET"),
        ("/health", "GET"),
        ("/ping", "GET"),
        ("/metrics", "GET"),
        ("/metrics/", "GET"),
        (wire.STATUS, "GET"),
        (wire.SCORE_PATH, "POST"),
    ],
)
def test_open(path: str, method: str) -> None:
    assert ask(path, method)["type"] == "reached"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/responses",
        "/v1/messages",
        "/v1/chat/completions/batch",
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/V1/chat/completions",
        "/inference/v1/generate",
        "/generative_scoring",
        "/invocations",
        "/ping",
        "/metrics",
        "/collective_rpc",
        "/v1/embeddings",
        "/pooling",
        "/",
        "",
    ],
)
def test_closed(path: str) -> None:
    answer = ask(path)
    assert (answer["type"], answer["status"]) == ("http.response.start", 404)


def test_others() -> None:
    assert ask("/v1/realtime", kind="websocket")["type"] == "websocket.close"
    assert ask("", kind="lifespan")["type"] == "reached"
    assert ask("/api/v1/chat/completions", root="/api")["type"] == "reached"
    assert ask("/api/v1/responses", root="/api")["status"] == 404
    assert ask("/v1/responses", also=("/v1/responses",))["type"] == "reached"
