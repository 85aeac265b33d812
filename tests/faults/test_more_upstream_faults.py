"""Upstreams that drip, repeat themselves, mix answers up, lie in the middle, and every status they can give."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.faults.test_upstream_faults import BODY, SAID, SECRET, events, is_openai_error, post, streamed
from tests.support.proxy import Proxy
from tests.support.upstream import FAULTS, FaultyUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        up.stall = 6.0
        yield up


@pytest.fixture(scope="module")
def proxy(upstream: FaultyUpstream) -> Iterator[Proxy]:
    cloud = {"kind": "openai", "base_url": upstream.url, "first_byte_seconds": 3.0, "idle_seconds": 2.0,
             "total_seconds": 2.0, "retries": 0, "breaker": {"failures": None}}  # fmt: skip
    settings = {
        "upstreams": {"cloud": cloud},
        "routes": [{"upstream": "cloud"}],
        "policies": {"default": {"sanitize": {"ner": []}}},
        "surrogate_key": "for tests only, and long",
    }
    with Proxy.running(settings) as running:
        yield running


def test_a_drip_ends_at_the_deadline(proxy: Proxy, upstream: FaultyUpstream) -> None:
    began = time.monotonic()
    answer = post(proxy, "fault-slow-drip", stream=True)
    assert time.monotonic() - began < 8, "two seconds in all, whatever drips"
    got = events(answer.text)
    assert got[-1] == "[DONE]" and got[-2]["error"]["code"] == "total_timeout"
    assert upstream.requests[-1].hung_up.wait(5), "the upstream is told to stop"


def test_events_that_come_twice_are_passed_as_they_come(proxy: Proxy) -> None:
    """Nothing in the protocol tells a repeated piece from a new one; the first end is the end, and nothing leaks."""
    answer = post(proxy, "fault-duplicated", stream=True)
    got = events(answer.text)
    assert got[-1] == "[DONE]" and got.count("[DONE]") == 1
    assert sum(1 for e in got if isinstance(e, dict) and e["choices"][0].get("finish_reason")) == 1
    assert "You said" in streamed(answer.text).replace("You You ", "You ").replace("saidsaid", "said")


def test_another_answer_in_between_does_not_get_into_ours(proxy: Proxy) -> None:
    answer = post(proxy, "fault-interleaved", stream=True)
    mine = "".join(
        choice["delta"].get("content") or ""
        for event in events(answer.text)
        if isinstance(event, dict)
        for choice in event.get("choices", [])
        if choice["index"] == 0
    )
    assert mine == SAID


@pytest.mark.parametrize("fault", ["bad-chunk", "utf-16"])
def test_lies_in_the_middle_end_well_formed(proxy: Proxy, fault: str) -> None:
    answer = post(proxy, f"fault-{fault}", stream=True)
    if answer.status_code == 200:
        got = events(answer.text)
        assert got[-1] == "[DONE]" and got[-2]["error"]["message"]
        assert SAID.startswith(streamed(answer.text))
    else:
        assert answer.status_code == 502 and is_openai_error(answer.json())


STATUSES = [name for name in FAULTS if name.startswith("status-")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", STATUSES)
def test_every_status(proxy: Proxy, upstream: FaultyUpstream, fault: str, stream: bool) -> None:
    """The status arrives as it is, with the upstream's own error object or one of ours, never with foreign bytes."""
    status, kind = int(fault.split("-")[1]), fault.split("-")[2]
    before = proxy.metric("guardchain_upstream_errors_total", reason=str(status))
    answer = post(proxy, f"fault-{fault}", stream=stream)
    assert answer.status_code == status
    assert is_openai_error(answer.json()) and SECRET not in answer.text
    assert (answer.json()["error"]["code"] == "code_of_theirs") == (kind == "openai")
    assert "<html>" not in answer.text and answer.headers["content-type"].startswith("application/json")
    assert proxy.metric("guardchain_upstream_errors_total", reason=str(status)) == before + 1
    assert SECRET.encode() not in upstream.seen


def abort_after(proxy: Proxy, size: int) -> None:
    with (
        httpx2.Client(timeout=20) as http,
        http.stream("POST", f"{proxy.url}/chat/completions", json={"model": "echo", **BODY, "stream": True}) as answer,
    ):
        got = 0
        for chunk in answer.iter_raw(16):
            got += len(chunk)
            if got >= size:
                break


def test_aborts_at_every_point_leave_nothing_behind(proxy: Proxy) -> None:
    whole = len(post(proxy, "echo", stream=True).content)
    for size in range(0, whole, max(1, whole // 40)):
        abort_after(proxy, size)
    assert proxy.settled("guardchain_inflight", 0)
    assert proxy.settled("guardchain_stream_held_bytes", 0)
    assert streamed(post(proxy, "echo", stream=True).text) == SAID
