"""Limits as a client of the real SDK meets them: budgets a key, turns a tenant, what is said about them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
import pytest

from guard.config import Config, Limits
from guard.errors import RequestError
from guard.keys import digest
from proxy.auth import Caller
from proxy.limits import _claims, check_messages, demand, duration
from proxy.paths import Route
from tests.proxy.serving import Echo, Serving, assembly, guarded, serve

TENANTS: list[dict[str, Any]] = [
    {"name": "acme", "key_sha256": [digest("gc-acme"), digest("gc-acme-new")]},
    {"name": "globex", "key_sha256": [digest("gc-globex")], "limits": {"requests_per_minute": None}},
]


@contextmanager
def limited(echo: Echo, **limits: Any) -> Iterator[Serving]:
    with serve(lambda: assembly([guarded(echo)], {"tenants": TENANTS, "limits": limits})) as serving:
        yield serving


def client(serving: Serving, key: str = "gc-acme", retries: int = 0) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{serving.url}/v1", api_key=key, max_retries=retries)


def say(serving: Serving, text: str = "hi", key: str = "gc-acme", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client(serving, key).chat.completions.with_raw_response.create(model="echo", messages=messages, **more)


def test_requests_a_minute_are_those_of_a_key() -> None:
    with limited(Echo(), requests_per_minute=2) as serving:
        headers = [say(serving).headers for _ in range(2)]
        assert [h["x-ratelimit-remaining-requests"] for h in headers] == ["1", "0"]
        assert headers[0]["x-ratelimit-limit-requests"] == "2" and headers[0]["x-ratelimit-reset-requests"] == "30s"
        with pytest.raises(openai.RateLimitError) as error:
            say(serving)
        assert (error.value.code, error.value.type, error.value.param) == ("rate_limit_exceeded", "requests", None)
        assert 25 <= int(error.value.response.headers["retry-after"]) <= 30
        assert 25_000 < int(error.value.response.headers["retry-after-ms"]) <= 30_000
        assert error.value.response.headers["x-ratelimit-remaining-requests"] == "0"
        assert "Please try again in" in error.value.message
        assert say(serving, key="gc-acme-new").headers["x-ratelimit-remaining-requests"] == "1"
        assert "x-ratelimit-limit-requests" not in say(serving, key="gc-globex").headers
        assert serving.metric('guardchain_rejections_total{reason="limit_requests"}') == 1
        assert serving.records[2].status == 429 and serving.records[2].error == "limit_requests"


def test_the_sdk_waits_as_told_and_comes_through() -> None:
    with limited(Echo(), requests_per_minute=60) as serving:
        for _ in range(60):
            say(serving)
        began = time.monotonic()
        messages = [{"role": "user", "content": "hi"}]
        client(serving, retries=2).chat.completions.create(model="echo", messages=messages)  # type: ignore[arg-type]
        assert 0 < time.monotonic() - began < 30  # .5 s doubling would not be this; what counts is that it came


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_are_put_right_by_what_the_answer_reports(stream: bool) -> None:
    with limited(Echo(), tokens_per_minute=1000) as serving:
        first = say(serving, max_tokens=900, stream=stream)
        list(first.parse()) if stream else first.parse()
        assert int(first.headers["x-ratelimit-remaining-tokens"]) < 100  # reserved
        serving.settle()
        time.sleep(0.1)
        left = int(say(serving).headers["x-ratelimit-remaining-tokens"])
        # 5 as reported, or about 16 in and one an event; then some 15 more reserved for the second request.
        assert left > 940


def test_tokens_run_out() -> None:
    with limited(Echo(), tokens_per_minute=200) as serving:
        with pytest.raises(openai.RateLimitError) as error:
            say(serving, "x" * 1200)
        assert error.value.type == "tokens" and "too large" in error.value.message
        assert error.value.response.headers["x-should-retry"] == "false"
        say(serving, "x" * 400, max_tokens=10_000)  # more than the whole budget for the answer is no reason
        assert serving.metric('guardchain_rejections_total{reason="limit_tokens"}') == 1


def test_the_check_only_endpoint_is_capped_by_texts() -> None:
    with limited(Echo(), checks_per_minute=5) as serving:
        asked = client(serving).moderations
        assert asked.create(input=["a", "b", "c"]).results
        assert asked.with_raw_response.create(input="d").headers["x-ratelimit-remaining-checks"] == "1"
        with pytest.raises(openai.RateLimitError) as error:
            asked.create(input=["e", "f"])
        assert error.value.type == "checks"
        assert asked.create(input="g").results
        say(serving)  # other endpoints have budgets of their own


def test_by_default_only_the_oracle_is_capped() -> None:
    claims = _claims(Limits(), Caller("a", "k"), demand(Route.MODERATIONS, b"{}", {"input": ["x"] * 7}))
    assert [(c.key, c.limit, c.cost) for c in claims] == [("checks:a:k", 600, 7)]
    assert not _claims(Limits(), Caller("a", "k"), demand(Route.CHAT, b"{}", {"messages": []}))


def test_turns_of_a_tenant() -> None:
    echo = Echo()
    with limited(echo, concurrency=1, queue=1, queue_seconds=30.0) as serving:
        url = f"{serving.url}/v1/chat/completions"
        head = {"authorization": "Bearer gc-acme"}
        body = {"model": "echo", "messages": [{"role": "user", "content": "stall"}], "stream": True}
        with httpx2.Client(timeout=30) as http, http.stream("POST", url, json=body, headers=head) as held:
            chunks = held.iter_lines()
            next(chunks)
            got: list[int] = []
            second = threading.Thread(
                target=lambda: got.append(say(serving, key="gc-acme-new").http_response.status_code)
            )
            second.start()
            while not serving.metrics.render().decode().count("guardchain_queued 1.0"):
                time.sleep(0.01)
            with pytest.raises(openai.RateLimitError) as error:
                say(serving)
            assert error.value.code == "concurrency_exceeded"
            assert error.value.response.headers["retry-after"] == "1"
            assert say(serving, key="gc-globex").http_response.status_code == 200, (
                "another tenant has a line of its own"
            )
            assert not got
        second.join(30)  # the first hung up, so it is the second one's turn
        assert got == [200]
        assert serving.metric('guardchain_rejections_total{reason="limit_concurrency"}') == 1
        assert serving.metric("guardchain_queued") == 0
        assert serving.metric("guardchain_queue_wait_seconds_count") == 4


def test_a_turn_that_does_not_come() -> None:
    with limited(Echo(), concurrency=1, queue_seconds=0.1) as serving:
        url, head = f"{serving.url}/v1/chat/completions", {"authorization": "Bearer gc-acme"}
        body = {"model": "echo", "messages": [{"role": "user", "content": "stall"}], "stream": True}
        with httpx2.Client(timeout=30) as http, http.stream("POST", url, json=body, headers=head) as held:
            lines = held.iter_lines()
            next(lines)
            with pytest.raises(openai.RateLimitError) as error:
                say(serving)
            assert "in time" in error.value.message
        assert serving.metric('guardchain_rejections_total{reason="limit_queue_seconds"}') == 1


@pytest.mark.parametrize(
    ("limits", "patience", "refused"),
    [
        ({"queue": 0}, 20.0, "limit_concurrency"),
        ({"queue_seconds": 0.1}, 20.0, "limit_queue_seconds"),
        ({"queue_seconds": 30.0}, 0.3, "ClientGone"),
    ],
)
def test_who_gets_no_turn_pays_no_tokens(limits: dict[str, Any], patience: float, refused: str) -> None:
    with limited(Echo(), tokens_per_minute=10_000, requests_per_minute=6, concurrency=1, **limits) as serving:
        url, head = f"{serving.url}/v1/chat/completions", {"authorization": "Bearer gc-acme"}
        body = {"model": "echo", "messages": [{"role": "user", "content": "stall"}], "stream": True}
        with httpx2.Client(timeout=30) as http, http.stream("POST", url, json=body, headers=head) as held:
            lines = held.iter_lines()
            next(lines)
            with contextlib.suppress(httpx2.ReadTimeout):
                many = {**body, "max_tokens": 8000}
                assert httpx2.post(url, json=many, headers=head, timeout=patience).status_code == 429
        assert refused in [record.error for record in serving.records]
        time.sleep(0.1)
        left = say(serving).headers
        assert int(left["x-ratelimit-remaining-tokens"]) > 9_900
        assert left["x-ratelimit-remaining-requests"] == "3", "a request it was"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [{}] * 4}, "messages"),
        ({"input": ["a"] * 4}, "input"),
        ({"prompt": ["a"] * 4}, "prompt"),
        ({"messages": [{}] * 3}, None),
        ({"prompt": [1] * 400}, None),  # one text, in tokens
        ({"input": "a" * 400}, None),
    ],
)
def test_messages(body: dict[str, Any], param: str | None) -> None:
    limits = Limits(max_messages=3)
    if param is None:
        check_messages(body, limits)
        return
    with pytest.raises(RequestError) as error:
        check_messages(body, limits)
    assert (error.value.param, error.value.code, error.value.status) == (param, "too_many_messages", 400)


@pytest.mark.parametrize(
    ("raw", "body", "tokens", "reserved"),
    [
        (b"x" * 401, {"messages": []}, 101, 0),
        (b"", {"max_tokens": 5, "max_completion_tokens": 7, "n": 3}, 0, 21),
        (b"", {"max_output_tokens": 9}, 0, 9),
        (b"", {"max_tokens": -1, "n": True}, 0, 0),
        (b"", {"max_tokens": "many", "n": None}, 0, 0),
    ],
)
def test_demand(raw: bytes, body: dict[str, Any], tokens: int, reserved: int) -> None:
    found = demand(Route.CHAT, raw, body)
    assert (found.tokens, found.reserved) == (tokens, reserved)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0ms"),
        (0.0171, "18ms"),
        (1.0, "1s"),
        (8.631, "8.64s"),
        (59.999, "1m0s"),
        (360.0, "6m0s"),
        (90.5, "1m30.5s"),
    ],
)
def test_durations_as_openai_writes_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_limits_of_a_tenant_fill_up_from_the_general_ones() -> None:
    config = Config.model_validate({"tenants": TENANTS, "limits": {"requests_per_minute": 9, "tokens_per_minute": 8}})
    assert config.limits_of("acme").requests_per_minute == config.limits_of("").requests_per_minute == 9
    assert config.limits_of("globex").requests_per_minute is None
    assert config.limits_of("globex").tokens_per_minute == 8
