"""Retries, breaker and fallbacks over real sockets, with the real SDK in front."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
import pytest

from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
SSN = "536-22-1234"


@pytest.fixture(scope="module")
def main() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        up.stall = 6.0
        yield up


@pytest.fixture(scope="module")
def spare() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


def nobody() -> str:
    """The URL of a port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{sock.getsockname()[1]}/v1"


@contextmanager
def proxy(
    main: str, spare: FaultyUpstream | None = None, spare_model: str | None = None, **options: Any
) -> Iterator[Proxy]:
    upstreams: dict[str, Any] = {"main": {"kind": "openai", "base_url": main, "first_byte_seconds": 2.0, **options}}
    route: dict[str, Any] = {"upstream": "main"}
    if spare is not None:
        upstreams["spare"] = {"kind": "openai", "base_url": spare.url, "api_key": "sk-spare"}
        route["fallback"] = [{"upstream": "spare", "model": spare_model}]
    settings = {
        "upstreams": upstreams,
        "routes": [route],
        "policies": {"default": {"sanitize": {"ner": []}}},
        "surrogate_key": "for tests only, and long",
    }
    with Proxy.running(settings) as running:
        yield running


def ask(proxy: Proxy, model: str, text: str = f"I am {SECRET}", **more: Any) -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return httpx2.post(f"{proxy.url}/chat/completions", json=body, timeout=20)


@pytest.mark.parametrize(
    ("fault", "status", "tries", "reason"),
    [
        ("502", 502, 3, "502"),
        ("503-html", 503, 3, "503"),
        ("500", 500, 1, None),
        ("400", 400, 1, None),
        ("503-wait", 503, 1, None),  # told to wait longer than we do: the client is told instead
        ("429", 429, 1, None),
        ("reset-before", 502, 1, None),
        ("reset-mid", 502, 1, None),
    ],
)
def test_retries(main: FaultyUpstream, fault: str, status: int, tries: int, reason: str | None) -> None:
    with proxy(main.url, retries=2, retry_wait_seconds=1.0) as running:
        before = len(main.requests)
        answer = ask(running, f"fault-{fault}")
        assert answer.status_code == status and len(main.requests) - before == tries
        assert running.metric("guardchain_upstream_retries_total") == tries - 1
        if reason is not None:
            assert running.metric("guardchain_upstream_retries_total", upstream="main", reason=reason) == tries - 1
        if fault == "503-wait":
            assert answer.headers["retry-after"] == "60"


def test_a_response_is_not_made_twice(main: FaultyUpstream) -> None:
    with proxy(main.url, retries=2) as running:
        before = len(main.requests)
        httpx2.post(f"{running.url}/responses", json={"model": "fault-502", "input": "hi"}, timeout=20)
        assert len(main.requests) - before == 1


def test_total_time(main: FaultyUpstream) -> None:
    with proxy(main.url, total_seconds=0.5) as running:
        began = time.monotonic()
        answer = ask(running, "fault-stall-before")
        assert answer.status_code == 504 and answer.json()["error"]["code"] == "total_timeout"
        assert time.monotonic() - began < 5
        stream = ask(running, "fault-stall-mid", stream=True)
        assert "total_timeout" in stream.text or "did not answer in time" in stream.text
        assert stream.text.rstrip().endswith("[DONE]")


def test_the_breaker_opens_and_closes_again(main: FaultyUpstream) -> None:
    with proxy(main.url, retries=0, breaker={"failures": 3, "seconds": 1.0}) as running:
        assert [ask(running, "fault-502").status_code for _ in range(3)] == [502] * 3
        before = len(main.requests)
        refused = ask(running, "echo")
        assert refused.status_code == 503 and refused.json()["error"]["code"] == "circuit_open"
        assert refused.headers["retry-after"] == "1" and len(main.requests) == before
        assert running.metric("guardchain_upstream_breaker_state", upstream="main") == 2
        assert running.metric("guardchain_upstream_breaker_opened_total", upstream="main") == 1
        assert running.metric("guardchain_upstream_errors_total", reason="circuit_open") == 1
        time.sleep(1.05)
        client = openai.OpenAI(base_url=running.url, api_key="x", max_retries=0)
        said = client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "hi"}])
        assert said.choices[0].message.content == "You said: hi"
        assert running.metric("guardchain_upstream_breaker_state", upstream="main") == 0


@pytest.mark.parametrize(
    ("fault", "opens"), [("reset-mid", True), ("cut", True), ("stall-mid", True), ("malformed-event", False)]
)
def test_streams_that_break_open_the_breaker(main: FaultyUpstream, fault: str, opens: bool) -> None:
    with proxy(main.url, retries=0, idle_seconds=0.5, breaker={"failures": 2, "seconds": 60.0}) as running:
        for _ in range(2):
            assert ask(running, f"fault-{fault}", stream=True).text.rstrip().endswith("[DONE]")
        assert running.metric("guardchain_upstream_requests_total", upstream="main") == 2
        before = running.metric("guardchain_upstream_duration_seconds_count")
        assert ask(running, "echo").status_code == (503 if opens else 200)
        assert running.metric("guardchain_upstream_requests_total", upstream="main") == 3
        assert running.settled("guardchain_requests_total", 3)
        took = running.metric("guardchain_upstream_duration_seconds_count") - before
        assert took == (not opens), "a call that was not made took no time"


def test_a_client_that_hangs_up_says_nothing_of_the_upstream() -> None:
    breaker = {"failures": 1, "seconds": 60.0}
    with FaultyUpstream() as up, proxy(up.url, retries=0, breaker=breaker) as running:
        up.hold()
        body = {"model": "fault-pause", "messages": [{"role": "user", "content": "a b c d e f"}], "stream": True}
        with httpx2.stream("POST", f"{running.url}/chat/completions", json=body, timeout=20) as answer:
            next(answer.iter_lines())
        assert running.settled("guardchain_requests_total", 1)
        assert running.metric("guardchain_upstream_errors_total") == 0
        assert ask(running, "echo").status_code == 200


@pytest.mark.parametrize(("silent", "after"), [(0.2, 503), (60.0, 200)])
def test_clients_that_hang_up_before_an_answer(silent: float, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.upstream.resilience._SILENT_SECONDS", silent)
    with FaultyUpstream() as up, proxy(up.url, breaker={"failures": 2, "seconds": 60.0}) as running:
        body = {"model": "fault-stall-before", "messages": [{"role": "user", "content": "hi"}]}
        for stream in (False, True):
            with pytest.raises(httpx2.ReadTimeout):
                httpx2.post(f"{running.url}/chat/completions", json={**body, "stream": stream}, timeout=0.5)
        assert running.settled("guardchain_requests_total", 2)
        assert running.metric("guardchain_upstream_errors_total", upstream="main", reason="client_gone") == 2
        assert running.metric("guardchain_upstream_errors_total") == 2
        assert ask(running, "echo").status_code == after


@pytest.mark.parametrize(("key_from", "reason"), [("client", "client_key"), ("config", "401")])
def test_a_client_s_own_key_is_its_own_affair(main: FaultyUpstream, key_from: str, reason: str) -> None:
    with proxy(main.url, key_from=key_from, **({"api_key": "sk-ours"} if key_from == "config" else {})) as running:
        assert ask(running, "fault-401").status_code == 401
        assert running.metric("guardchain_upstream_errors_total", reason=reason) == 1
        assert running.metric("guardchain_upstream_errors_total") == 1


@pytest.mark.parametrize("fault", ["500", "502", "503-html", "429", "reset-before", "stall-before"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_fallback_serves(main: FaultyUpstream, spare: FaultyUpstream, fault: str, stream: bool) -> None:
    with proxy(main.url, spare, "echo", retries=0) as running:
        client = openai.OpenAI(base_url=running.url, api_key="x", max_retries=0)
        before = len(spare.requests)
        messages: Any = [{"role": "user", "content": f"I am {SECRET}"}]
        if stream:
            chunks = client.chat.completions.create(model=f"fault-{fault}", messages=messages, stream=True)
            said = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        else:
            whole = client.chat.completions.create(model=f"fault-{fault}", messages=messages)
            said = whole.choices[0].message.content or ""
        assert SECRET in said
        assert len(spare.requests) == before + 1
        sent = spare.requests[-1]
        assert SECRET not in sent.body.decode() and sent.headers["authorization"] == "Bearer sk-spare"
        assert running.metric("guardchain_upstream_fallbacks_total", upstream="main", served_by="spare") == 1
        assert running.metric("guardchain_upstream_errors_total", upstream="main") == 1
        for name in ("main", "spare"):
            assert running.metric("guardchain_upstream_requests_total", upstream=name) == 1


def test_a_vllm_server_that_hangs_costs_its_callers_one_wait(
    spare: FaultyUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.upstream.vllm._STATUS_SECONDS", 1.0)
    with socket.socket() as deaf:  # takes connections and never reads them
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(64)
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        server = {"kind": "vllm", "base_url": url, "secret": "s" * 32, "breaker": {"failures": 1, "seconds": 60.0}}
        settings = {
            "upstreams": {"gpu": server, "spare": {"kind": "openai", "base_url": spare.url}},
            "routes": [{"upstream": "gpu", "fallback": ["spare"]}],
            "policies": {"default": {"sanitize": {"ner": []}}},
            "surrogate_key": "for tests only, and long",
        }
        with Proxy.running(settings) as running, ThreadPoolExecutor(6) as crowd:
            began = time.monotonic()
            answers = list(crowd.map(lambda _: ask(running, "echo").status_code, range(6)))
            assert answers == [200] * 6 and time.monotonic() - began < 3
            assert running.metric("guardchain_upstream_breaker_state", upstream="gpu") == 2
            began = time.monotonic()
            assert ask(running, "echo").status_code == 200 and time.monotonic() - began < 0.9, "at once"
            assert running.metric("guardchain_upstream_fallbacks_total", upstream="gpu", served_by="spare") == 7


def one(base_url: str, **breaker: Any) -> dict[str, Any]:
    return {"main": {"kind": "openai", "base_url": base_url, "retries": 0, "breaker": {"failures": 1, **breaker}}}


@contextmanager
def watched(upstreams: dict[str, Any]) -> Iterator[Proxy]:
    settings = {
        "upstreams": upstreams,
        "routes": [{"upstream": "main"}],
        "policies": {"default": {"sanitize": {"ner": []}}},
        "surrogate_key": "for tests only, and long",
    }
    with Proxy.running(settings, watched=True) as running:
        yield running


@pytest.mark.parametrize("change", ["repaired", "no breaker", "renamed", "refused", "another"])
def test_a_reload_shows_the_breakers_that_are_in_force(main: FaultyUpstream, change: str) -> None:
    before = one(main.url, seconds=60.0)
    after = {
        "repaired": {"upstreams": one(main.url, seconds=50.0)},
        "no breaker": {"upstreams": one(main.url, failures=None)},
        "renamed": {"upstreams": {"new": one(main.url)["main"]}, "routes": [{"upstream": "new"}]},
        "another": {"upstreams": {**before, "new": one(main.url)["main"]}},
        "refused": {"upstreams": one(main.url), "policies": {"default": {"plugins": {"missing": {}}}}},
    }[change]
    with watched(before) as running:
        assert ask(running, "fault-502").status_code == 502
        assert running.metric("guardchain_upstream_breaker_state", upstream="main") == 2
        if change == "refused":
            with pytest.raises(AssertionError):
                running.reload(seconds=5.0, **after)
            assert running.metric("guardchain_config_reload_failures_total") == 1
        else:
            running.reload(**after)
        kept = change in ("another", "refused")
        assert running.metric("guardchain_upstream_breaker_state", upstream="main") == (2 if kept else 0)
        assert ask(running, "echo").status_code == (503 if kept else 200)


def test_calls_of_before_a_reload_say_nothing_of_what_came_after() -> None:
    with FaultyUpstream() as up, watched(one(up.url)) as running:
        up.hold()
        body = {"model": "fault-stall-mid", "messages": [{"role": "user", "content": "a b c d e f"}], "stream": True}
        with httpx2.stream("POST", f"{running.url}/chat/completions", json=body, timeout=20) as answer:
            lines = answer.iter_lines()
            next(lines)
            running.reload(upstreams=one(up.url, seconds=50.0))
            up.release()
            assert "data: [DONE]" in list(lines)
        assert running.metric("guardchain_upstream_errors_total", upstream="main", reason="early_close") == 1
        assert running.metric("guardchain_upstream_breaker_state", upstream="main") == 0
        assert running.metric("guardchain_upstream_breaker_opened_total", upstream="main") == 0


def test_when_nobody_serves_the_first_failure_is_the_answer(spare: FaultyUpstream) -> None:
    with proxy(nobody(), spare, retries=0) as running:
        answer = ask(running, "fault-503-html")
        assert answer.status_code == 502 and answer.json()["error"]["code"] == "connect"
        assert running.metric("guardchain_upstream_errors_total", upstream="spare", reason="503") == 1
        assert running.metric("guardchain_upstream_fallbacks_total") == 0


def test_what_only_the_local_upstream_may_see_has_no_fallback(spare: FaultyUpstream) -> None:
    policy = {"sanitize": {"ner": [], "entities": {"US_SSN": "route_local"}, "route_local": "house"}}
    settings = {
        "upstreams": {
            "house": {"kind": "openai", "base_url": nobody(), "local": True, "retries": 0},
            "spare": {"kind": "openai", "base_url": spare.url},
        },
        "routes": [{"upstream": "house", "fallback": ["spare"]}],
        "policies": {"default": policy},
        "surrogate_key": "for tests only, and long",
    }
    with Proxy.running(settings) as running:
        before = len(spare.requests)
        refused = ask(running, "echo", f"My SSN is {SSN}")
        assert refused.status_code == 502 and refused.json()["error"]["code"] == "connect"
        assert len(spare.requests) == before, "it may be seen by the local upstream alone"
        served = ask(running, "echo", f"I am {SECRET}")
        assert served.status_code == 200 and SECRET in served.text
        assert len(spare.requests) == before + 1 and SECRET not in spare.requests[-1].body.decode()
