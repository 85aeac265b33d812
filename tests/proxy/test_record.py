"""What an answered request leaves in the metrics that alerts are made of."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

MAIL = "maria.lopez@example.org"


def ask(proxy: Proxy, messages: list[dict[str, str]], **more: Any) -> str:
    body = {"model": "m", "messages": messages, **more}
    return httpx2.post(f"{proxy.url}/chat/completions", json=body, timeout=30).text


@pytest.mark.parametrize("stream", [False, True])
def test_restores_are_counted_for_answers_to_masked_requests(stream: bool) -> None:
    with FaultyUpstream() as up, Proxy.in_front_of(up, sanitize=True) as proxy:
        ask(proxy, [{"role": "user", "content": "hello"}], stream=stream)
        assert proxy.metric("guardchain_restores_total") == 0, "nothing was hidden"
        ask(proxy, [{"role": "user", "content": f"write to {MAIL}"}], stream=stream)
        assert proxy.settled("guardchain_restores_total", 1)
        assert proxy.metric("guardchain_restores_total", result="restored") == 1
        ask(proxy, [{"role": "user", "content": f"I am {MAIL}"}, {"role": "user", "content": "hello"}], stream=stream)
        assert proxy.settled("guardchain_restores_total", 2)
        assert proxy.metric("guardchain_restores_total", result="none") == 1


def test_what_alerts_look_for_is_there_before_the_first_request() -> None:
    with Proxy.in_front_of("http://127.0.0.1:9/v1", sanitize=True) as proxy:
        text = httpx2.get(f"{proxy.root}/metrics").text
    for sample in (
        'guard_duration_seconds_count{check="sanitize",phase="input",result="error"}',
        'guard_duration_seconds_count{check="sanitize",phase="input",result="bypass"}',
        'upstream_requests_total{upstream="cloud"}',
        'upstream_errors_total{reason="connect",upstream="cloud"}',
        'upstream_breaker_state{upstream="cloud"}',
    ):
        assert f"guardchain_{sample} 0.0\n" in text


def test_a_calibrated_probe_has_all_its_quarters_before_the_first_request() -> None:
    settings = {
        "upstreams": {"local": {"kind": "embedded"}},
        "policies": {"default": {"sanitize": {}, "probe": {"scorer": "local", "mode": "monitor"}}},
        "routes": [{"upstream": "local"}],
        "surrogate_key": "for tests only",
    }
    with Proxy.running(settings) as proxy:
        text = httpx2.get(f"{proxy.root}/metrics").text
    found = [line for line in text.splitlines() if line.startswith("guardchain_score_quarters_total")]
    assert found == [
        f'guardchain_score_quarters_total{{check="probe",quarter="{quarter}"}} 0.0'
        for quarter in ("q1", "q2", "q3", "q4")
    ]


def test_what_a_stream_holds_back_is_timed() -> None:
    with FaultyUpstream(piece=3) as up, Proxy.in_front_of(up, sanitize=True) as proxy:
        text = ask(proxy, [{"role": "user", "content": f"write to {MAIL} now"}], stream=True)
        parts = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
        answer = "".join(c["delta"].get("content") or "" for p in parts for c in p["choices"])
        assert MAIL in answer
        assert proxy.metric("guardchain_stream_hold_seconds_count") >= 1
        assert proxy.metric("guardchain_stream_hold_seconds_sum") < 5
        assert proxy.metric("guardchain_stream_held_bytes") == 0
