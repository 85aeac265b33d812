"""Two proxies that share one Redis, which is killed and started again under them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from guard.keys import digest
from tests.support.proxy import Proxy
from tests.support.redis import RedisServer
from tests.support.upstream import FaultyUpstream


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


@contextmanager
def pair(upstream: FaultyUpstream, redis: RedisServer, limit: int, on_error: str) -> Iterator[list[Proxy]]:
    settings = {
        "upstreams": {"main": {"kind": "openai", "base_url": upstream.url}},
        "routes": [{"upstream": "main"}],
        "policies": {"default": {"sanitize": {"ner": []}}},
        "tenants": [{"name": "acme", "key_sha256": [digest("gc-acme")]}],
        "limits": {"requests_per_minute": limit},
        "store": {"url": redis.url, "on_error": on_error, "deadline_seconds": 1.0},
        "surrogate_key": "for tests only, and long",
    }
    with ExitStack() as stack:
        yield [stack.enter_context(Proxy.running(settings)) for _ in range(2)]


def ask(proxy: Proxy) -> Any:
    client = openai.OpenAI(base_url=proxy.url, api_key="gc-acme", max_retries=0)
    messages: Any = [{"role": "user", "content": "hi"}]
    return client.chat.completions.with_raw_response.create(model="echo", messages=messages)


def test_replicas_share_a_budget(upstream: FaultyUpstream, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis, pair(upstream, redis, 6, "block") as proxies:
        left = [int(ask(proxies[i % 2]).headers["x-ratelimit-remaining-requests"]) for i in range(6)]
        assert left == sorted(left, reverse=True) and left[-1] <= 1
        with pytest.raises(openai.RateLimitError):
            for proxy in proxies * 2:
                ask(proxy)
        keys = redis.command("KEYS", "*")
        assert all(key.startswith(b"guardchain:{acme:") for key in keys) and b"gc-acme" not in b"".join(keys)


def test_without_its_store_a_limited_key_is_refused_or_counted_here(upstream: FaultyUpstream, tmp_path: Path) -> None:
    for on_error in ("block", "allow"):
        with RedisServer(tmp_path) as redis, pair(upstream, redis, 50, on_error) as proxies:
            assert ask(proxies[0]).http_response.status_code == 200
            redis.kill()
            sent = len(upstream.requests)
            for proxy in proxies:
                if on_error == "block":
                    with pytest.raises(openai.InternalServerError) as error:
                        ask(proxy)
                    assert (error.value.status_code, error.value.code) == (503, "guard_unavailable")
                    assert "store" in error.value.message
                    assert len(upstream.requests) == sent
                else:
                    assert ask(proxy).headers["x-ratelimit-remaining-requests"] == "49"
                assert proxy.metric("guardchain_store_errors_total", operation="take", result=on_error) >= 1
            redis.start()
            deadline = time.monotonic() + 30
            while True:
                try:
                    left = int(ask(proxies[0]).headers["x-ratelimit-remaining-requests"])
                    if on_error == "block" or proxies[0].metric("guardchain_store_duration_seconds_count") >= 2:
                        break
                except openai.InternalServerError:
                    pass
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert left <= 49 and int(ask(proxies[1]).headers["x-ratelimit-remaining-requests"]) <= 49
