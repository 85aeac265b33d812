"""A scorer on another server that fails in every way it can: the policy's `on_error`, in time, counted, never a score.

A running proxy whose probe reads a vLLM server's answers over real sockets; the server breaks, the proxy is asked.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from aiohttp import web

from detectors.scorers.local import LocalScorer
from detectors.scorers.vllm_stock import VllmStockScorer
from tests.detectors import support
from tests.detectors.scorers.test_vllm_stock import Server, answer, cut, slow
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

DEADLINE = 1.5
PREFIXES = [((7, 8), 1.0), ((9,), 0.5), ((11, 12, 13), -1.0), ((14, 15), -2.0)]


class Scorer(Server):
    """The vLLM server in a thread of its own."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        loop, up, self.done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def run() -> None:
            async with self.running() as self.url:
                up.set()
                await self.done.wait()

        self.loop, self.thread = loop, threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
        self.thread.start()
        assert up.wait(30)
        yield
        self.stop()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.done.set)
            self.thread.join(10)


def breaks(handle):
    return lambda server: setattr(server, "break_with", handle)


def spoils(change):
    """The server's own answer with `change` made to each choice's one row of log-probabilities."""

    def on(server):
        async def handle(request):
            server.break_with = None
            try:
                body = json.loads((await server.completions(request)).body)
            finally:
                server.break_with = handle
            for choice in body["choices"]:
                logprobs = choice["logprobs"]
                logprobs["top_logprobs"] = change(logprobs["top_logprobs"])
            return web.Response(text=json.dumps(body), content_type="application/json")

        server.break_with = handle

    return on


def every(value):
    return spoils(lambda rows: [dict.fromkeys(rows[0], value)])


FAULTS = {
    "down": (Scorer.stop, "unreachable"),
    "cut": (breaks(cut), "unreachable"),
    "slow": (breaks(slow), "deadline"),
    "busy": (breaks(answer(status=429)), "queue_full"),
    "error": (breaks(answer(status=500)), "status_500"),
    "html": (breaks(answer(text=b"<html>")), "garbage"),
    "none": (spoils(lambda rows: None), "garbage"),
    "no rows": (spoils(lambda rows: []), "garbage"),
    "short": (spoils(lambda rows: [dict(list(rows[0].items())[:1])]), "garbage"),
    "null": (every(None), "garbage"),
    "positive": (every(0.5), "garbage"),
    "nan": (every(math.nan), "garbage"),
    "infinite": (every(-math.inf), "garbage"),
    "words": (every("likely"), "garbage"),
    "reloaded": (lambda server: setattr(server, "model", support.model(seed=9)), "model_changed"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("scorer")
    support.model().save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")
    identity = LocalScorer.load(root / "model").identity
    support.probe_set(PREFIXES, identity=identity, steer_at=90.0, block_at=100.0).save(root / "probes.json")
    return root


@pytest.fixture
def served(files, monkeypatch):
    """(proxy, scorer, upstream); the scorer looks before every read whether its model is still the same."""
    defaults = VllmStockScorer.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "verify_seconds", 0.0)
    probe = {"scorer": "far", "artifact": str(files / "probes.json"), "deadline_seconds": DEADLINE}
    scorer = Scorer()
    with FaultyUpstream() as up, scorer.serving():
        scoring = {"model": str(files / "model"), "served_name": "tiny", "runner": "v2"}
        settings = {
            "upstreams": {
                "cloud": {"kind": "openai", "base_url": up.url, "api_key": "k"},
                "far": {"kind": "openai", "base_url": scorer.url, "scoring": scoring},
            },
            "policies": {"strict": {"probe": probe}, "lax": {"probe": {**probe, "on_error": "allow"}}},
            "routes": [
                {"match": {"model": "strict"}, "upstream": "cloud", "policy": "strict"},
                {"match": {"model": "*"}, "upstream": "cloud", "policy": "lax"},
            ],
            "surrogate_key": "for tests only",
        }
        with Proxy.running(settings) as proxy:
            yield proxy, scorer, up


def ask(proxy, model):
    started = time.monotonic()
    body = {"model": model, "messages": [{"role": "user", "content": "secret words"}]}
    status = httpx2.post(f"{proxy.url}/chat/completions", json=body, timeout=30).status_code
    return status, time.monotonic() - started


def findings(proxy, count):
    deadline = time.monotonic() + 10
    while (text := proxy.audit.read_text() if proxy.audit.exists() else "").count("\n") < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "secret" not in text
    return [json.loads(line)["findings"][0] for line in text.splitlines()]


@pytest.mark.parametrize("name", FAULTS)
def test_fault(served, name):
    proxy, scorer, up = served
    fault, reason = FAULTS[name]
    assert ask(proxy, "strict")[0] == 200  # it works
    fault(scorer)
    for model, status in (("strict", 429 if name == "busy" else 503), ("lax", 200)):
        got, seconds = ask(proxy, model)
        assert got == status
        assert seconds < DEADLINE + 2
    assert len(up.requests) == 2  # the one before, and the one that `on_error: allow` let pass
    good, strict, lax = findings(proxy, 3)
    assert isinstance(good["score"], float) and good["error"] is None
    assert [(f["error"], f["score"]) for f in (strict, lax)] == [(reason, None)] * 2
    assert (strict["result"], lax["result"]) == ("error", "bypass")
    for result in ("error", "bypass"):
        assert proxy.metric("guardchain_guard_duration_seconds_count", check="probe", result=result) == 1


def test_it_scores_again_when_the_server_is_back(served):
    proxy, scorer, _ = served
    breaks(answer(status=500))(scorer)
    assert ask(proxy, "strict")[0] == 503
    scorer.break_with = None
    assert ask(proxy, "strict")[0] == 200
