"""What breaks under load: a scorer that dies and comes back, a config that turns to garbage, a clock that jumps."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.end_to_end.served import Served, free_port
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
BODY = {"model": "echo", "messages": [{"role": "user", "content": f"Write to {SECRET} please"}]}


@pytest.fixture
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


@contextmanager
def load(url: str, clients: int = 4) -> Iterator[list[tuple[int, str]]]:
    """Whole answers and streams in turn, from several clients, while the block runs; status and text of each."""
    got: list[tuple[int, str]] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx2.Client(timeout=20) as http:
            while not stop.is_set():
                answer = http.post(f"{url}/v1/chat/completions", json={**BODY, "stream": len(got) % 2 == 0})
                got.append((answer.status_code, answer.text))
                if answer.status_code != 200:
                    time.sleep(0.02)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not any(t.is_alive() for t in threads), "a request hangs"


def until(condition: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Judge(BaseHTTPRequestHandler):
    """A guard that finds everything safe."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        data = json.dumps({"choices": [{"message": {"role": "assistant", "content": "safe"}}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Judge)
        self.sockets: list[Any] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def get_request(self) -> Any:
        found = super().get_request()
        self.sockets.append(found[0])
        return found

    def kill(self) -> None:
        """As a killed process: nobody listens, and connections that stood are gone."""
        self.shutdown()
        self.server_close()
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(("on_error", "without"), [("block", 503), ("allow", 200)])
def test_a_scorer_is_killed_and_restarted(upstream: FaultyUpstream, on_error: str, without: int) -> None:
    port = free_port()
    guard = {"kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "api_key": "sk-guard",
             "first_byte_seconds": 2.0, "retries": 0, "breaker": {"failures": None}}  # fmt: skip
    external = {"upstream": "guard", "kind": "chat", "model": "g", "on_error": on_error}
    settings = {
        "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url, "api_key": "sk-upstream"}, "guard": guard},
        "policies": {"default": {"sanitize": {"ner": []}, "external": external}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, and long",
    }
    judge = Server(port)
    with Proxy.running(settings) as proxy, load(proxy.root) as got:
        until(lambda: len(got) > 20)
        assert {status for status, _ in got} == {200}
        judge.kill()
        reached, seen = len(upstream.requests), len(got)
        until(lambda: len(got) > seen + 30)
        later = got[seen + 8 :]  # those under way when it died had been judged
        assert {status for status, _ in later} == {without}
        if on_error == "block":
            assert len(upstream.requests) <= reached + 8, "nothing goes out unjudged"
            assert all('"guard_unavailable"' in text for _, text in later)
        else:
            assert (
                proxy.metric("guardchain_check_bypasses_total") or "bypass" in httpx2.get(f"{proxy.root}/metrics").text
            )
        judge = Server(port)
        seen = len(got)
        until(lambda: len(got) > seen + 60)
        assert {status for status, _ in got[seen + 30 :]} == {200}
    judge.kill()
    assert SECRET.encode() not in upstream.seen
    assert all(SECRET in text.replace('"}', "") or "data: " in text for status, text in got if status == 200)


GARBAGE = [
    "",
    "{",
    "\x00\x01",
    "routes: []\n",
    "upstreams: {cloud: {kind: nothing}}\n",
    "a: &a [*a, *a]\n",
    "x" * 100_000,
]


def test_garbage_for_a_config_under_load(upstream: FaultyUpstream, tmp_path: Path) -> None:
    settings = {
        "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url}},
        "policies": {"default": {"sanitize": {"ner": []}}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, and long",
    }
    with Served(tmp_path, settings) as served:
        with load(served.url) as got:
            until(lambda: len(got) > 10)
            for refused, text in enumerate(GARBAGE, 1):
                served.config.write_text(text)
                served.wait_metric("guardchain_config_reload_failures_total", refused)
            served.write({**served.settings, "routes": [{"upstream": "cloud", "model": "renamed"}]})
            served.wait_metric("guardchain_config_generation", 2)
            seen = len(got)
            until(lambda: len(got) > seen + 10)
        assert Counter(status for status, _ in got) == {200: len(got)}
        assert upstream.requests[-1].json["model"] == "renamed"
    assert SECRET.encode() not in upstream.seen


@pytest.mark.parametrize("jump", [-400 * 86_400, 400 * 86_400])
def test_a_clock_that_jumps_changes_no_deadline_and_no_limit(
    upstream: FaultyUpstream, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """Deadlines, limits and breakers go by the monotonic clock."""
    settings = {
        "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url, "first_byte_seconds": 2.0, "retries": 0}},
        "policies": {"default": {"sanitize": {"ner": []}}},
        "routes": [{"upstream": "cloud"}],
        "limits": {"requests_per_minute": 60_000},
        "surrogate_key": "for tests only, and long",
    }
    real = time.time
    with Proxy.running(settings) as proxy, load(proxy.root, clients=2) as got:
        until(lambda: len(got) > 5)
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        seen = len(got)
        until(lambda: len(got) > seen + 20)
        began = time.monotonic()
        slow = httpx2.post(f"{proxy.url}/chat/completions", json={**BODY, "model": "fault-stall-before"}, timeout=20)
        assert slow.status_code == 504 and 1.5 < time.monotonic() - began < 6
        monkeypatch.setattr(time, "time", real)
    upstream.release()
    assert Counter(status for status, _ in got)[200] == len(got)
