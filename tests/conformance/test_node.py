"""OpenAI's package for Node: the same calls directly and through the proxy give the same values, event by event."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.calls import CHATS, SAY
from tests.support.proxy import Proxy
from tests.support.tools import need, require
from tests.support.upstream import FaultyUpstream

HERE = Path(__file__).parent / "clients"
SECRET, CARD = "maria.lopez@corp-internal.org", "4111 1111 1111 1111"
TOLD = f"I am {SECRET}, card {CARD}. {SAY}"


def calls(text: str = SAY) -> dict[str, tuple[str, Any]]:
    """Name → method and arguments."""
    chats = {name: {"model": "echo", **body} for name, body in CHATS.items()}
    if text != SAY:
        chats = {
            name: json.loads(json.dumps(body).replace(json.dumps(SAY), json.dumps(text)))
            for name, body in chats.items()
        }
    plain = {name: {k: v for k, v in body.items() if k != "stream_options"} for name, body in chats.items()}
    return {
        **{f"chat: {name}": ("chat.completions.create", body) for name, body in plain.items()},
        **{f"chat, streamed: {n}": ("chat.completions.create", {**b, "stream": True}) for n, b in chats.items()},
        **{f"chat, helper: {n}": ("chat.completions.stream", b) for n, b in chats.items() if b.get("n") is None},
        "completions": ("completions.create", {"model": "echo", "prompt": text, "n": 2}),
        "completions, streamed": ("completions.create", {"model": "echo", "prompt": text, "stream": True}),
        "responses": ("responses.create", {"model": "echo", "input": text}),
        "responses, streamed": ("responses.create", {"model": "echo", "input": text, "stream": True}),
        "responses, helper": ("responses.stream", {"model": "echo", "input": text}),
        "embeddings": ("embeddings.create", {"model": "echo", "input": [text, "b"]}),
        "models": ("models.list", None),
        "model": ("models.retrieve", "echo"),
        "not found": ("chat.completions.create", {**plain["plain"], "model": "fault-404"}),
        "rate limit": ("chat.completions.create", {**plain["plain"], "model": "fault-429"}),
        "server error": ("chat.completions.create", {**plain["plain"], "model": "fault-500"}),
    }


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as running:
        yield running


def drive(base: str, wanted: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    node = need("node")
    require(HERE / "node_modules/openai")
    work = {"base_url": base, "calls": [{"name": n, "method": m, "args": a} for n, (m, a) in wanted.items()]}
    done = subprocess.run(
        [node, HERE / "driver.mjs"], input=json.dumps(work), capture_output=True, text=True, timeout=120, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def direct(upstream: FaultyUpstream) -> dict[str, Any]:
    return drive(upstream.url, calls())


@pytest.fixture(scope="module", params=["off", "sanitize"])
def guarded(request: pytest.FixtureRequest, upstream: FaultyUpstream) -> Iterator[dict[str, Any]]:
    with Proxy.in_front_of(upstream, sanitize=request.param == "sanitize") as proxy:
        yield drive(proxy.url, calls())


@pytest.mark.parametrize("name", calls())
def test_same(direct: dict[str, Any], guarded: dict[str, Any], name: str) -> None:
    if name == "models":
        names = {one["id"] for one in guarded[name]["value"]}
        assert names >= {one["id"] for one in direct[name]["value"]}
        return
    assert "error" in direct[name] if name in ("not found", "rate limit", "server error") else "value" in direct[name]
    assert guarded[name] == direct[name]


def test_planted_values_stay_and_come_back(upstream: FaultyUpstream) -> None:
    """Content alone: how a text is cut into events depends on what stood in its place upstream."""
    wanted = {n: c for n, c in calls(TOLD).items() if c[0] != "embeddings.create" and not n.startswith("model")}
    want = drive(upstream.url, wanted)
    seen = len(upstream.requests)
    with Proxy.in_front_of(upstream, sanitize=True) as proxy:
        got = drive(proxy.url, wanted)
    left = b"".join(request.body for request in upstream.requests[seen:])
    assert SECRET.encode() not in left and CARD.encode() not in left
    for name in wanted:
        if "helper" in name:  # which keeps of a field it does not know the last event's piece only
            pair = [told(one[name]["value"][-1], "logprobs", "reasoning") for one in (got, want)]
        elif "streamed" not in name and "value" in want[name]:
            pair = [told(one[name]["value"], "logprobs") for one in (got, want)]
        else:
            continue
        assert pair[0] == pair[1] != "", name


def told(value: Any, *but: str) -> str:
    """All that an answer says, apart from what stands under these keys."""
    if isinstance(value, dict):
        return "".join(told(one, *but) for key, one in value.items() if key not in but)
    if isinstance(value, list):
        return "".join(told(one, *but) for one in value)
    return value if isinstance(value, str) else ""
