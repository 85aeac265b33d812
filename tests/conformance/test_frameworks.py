"""Frameworks' own OpenAI clients: the same calls directly and through the proxy give the same values."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.proxy import Proxy
from tests.support.tools import require
from tests.support.upstream import FaultyUpstream

HERE = Path(__file__).parent / "clients"
PYTHON = Path(os.environ.get("VENV_CLIENTS", Path(__file__).parents[2] / ".venv-clients")) / "bin/python"
FRAMEWORKS = ("langchain", "litellm", "llama_index")
SECRET, CARD = "maria.lopez@corp-internal.org", "4111 1111 1111 1111"
SAY = f"I am {SECRET}, card {CARD}. 你好 🙂"
KINDS = {"chat": "echo", "async": "echo", "stream": "echo", "tools": "tool-echo", "embed": "echo"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as running:
        yield running


@pytest.fixture(scope="module", params=[False, True], ids=["off", "sanitize"])
def proxy(request: pytest.FixtureRequest, upstream: FaultyUpstream) -> Iterator[tuple[Proxy, bool]]:
    with Proxy.in_front_of(upstream, sanitize=request.param) as running:
        yield running, request.param


def drive(framework: str, base: str) -> dict[str, Any]:
    require(PYTHON)
    common = {"text": SAY, "system": "Be brief."}
    calls = [{"name": kind, "kind": kind, "model": model, **common} for kind, model in KINDS.items()]
    calls.append({"name": "error", "kind": "chat", "model": "fault-404", **common})
    done = subprocess.run(
        [PYTHON, HERE / "frameworks.py", framework],
        input=json.dumps({"base_url": base, "calls": calls}), capture_output=True, text=True, timeout=170, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_same(upstream: FaultyUpstream, proxy: tuple[Proxy, bool], framework: str) -> None:
    running, hides = proxy
    want = drive(framework, upstream.url)
    seen = len(upstream.requests)
    got = drive(framework, running.url)
    left = b"".join(request.body for request in upstream.requests[seen:])
    assert (SECRET.encode() in left) is not hides
    for name, outcome in want.items():
        if name == "stream" and hides:  # cut elsewhere, since other text stood there upstream
            outcome, got[name] = told(outcome), told(got[name])
        assert got[name] == outcome, name
    assert all("value" in want[kind] for kind in KINDS), want


def told(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(told(value[key]) for key in ("value", "content", "choices", "delta") if key in value)
    return "".join(map(told, value)) if isinstance(value, list) else value if isinstance(value, str) else ""
