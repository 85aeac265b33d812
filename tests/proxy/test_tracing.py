"""Spans as a collector gets them: the tree, its times and numbers, and nothing of what was said."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
import pytest

from guard.config import Config
from guard.errors import ConfigError
from guard.metrics import Metrics
from proxy.app import build_tracer
from tests.support.collector import Collector, Span, collector
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
TRACE, PARENT = "ab" * 16, "cd" * 8
SERVER, CLIENT, INTERNAL = 2, 3, 1


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


@contextmanager
def traced(upstream: FaultyUpstream, url: str, *, policy: Any = None, **tracing: Any) -> Iterator[Proxy]:
    cloud = {"kind": "openai", "base_url": upstream.url, "retries": 0, "breaker": {"failures": None}}
    settings = {
        "upstreams": {"cloud": cloud, "spare": cloud},
        "routes": [
            {
                "match": {"model": "fault-500"},
                "upstream": "cloud",
                "fallback": [{"upstream": "spare", "model": "echo"}],
            },
            {"match": {"model": "echo"}, "upstream": "cloud"},
            {"upstream": "cloud"},
        ],
        "policies": {"default": policy or {"sanitize": {"ner": []}}},
        "surrogate_key": "for tests only, and long",
        "tracing": {"endpoint": url, **tracing},
    }
    with Proxy.running(settings) as proxy:
        yield proxy


def ask(proxy: Proxy, model: str = "echo", *, headers: Mapping[str, str] | None = None, **more: Any) -> httpx2.Response:
    body = {"model": model, "messages": [{"role": "user", "content": f"I am {SECRET}"}], **more}
    return httpx2.post(f"{proxy.url}/chat/completions", json=body, headers=headers, timeout=20)


def spans(found: Collector, answer: httpx2.Response) -> tuple[Span, list[Span], list[Span]]:
    """The request's span, those of checks, those of calls."""
    root, *rest = found.trace(answer.headers.get("x-guardchain-request-id", answer.headers["x-request-id"]))
    assert root.kind == SERVER and all(s.parent == root.id for s in rest)
    assert all(root.began - 0.01 <= s.began <= s.ended <= root.ended + 0.01 for s in rest)
    return root, [s for s in rest if s.kind == INTERNAL], [s for s in rest if s.kind == CLIENT]


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_request_its_check_and_its_call(upstream: FaultyUpstream, protocol: str) -> None:
    options = {"protocol": protocol, "headers": {"X-Key": "collector-key"}, "service_name": "guard-eu"}
    with collector(protocol) as found, traced(upstream, found.url, **options) as proxy:
        answer = ask(proxy, headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}, max_tokens=9)
        root, (check,), (call,) = spans(found, answer)
        assert (root.trace, root.parent) == (TRACE, PARENT)
        assert root.name == "POST /v1/chat/completions" and not root.failed
        assert root.attributes.items() >= {
            "http.request.method": "POST", "http.route": "/v1/chat/completions", "http.response.status_code": 200,
            "gen_ai.operation.name": "chat", "gen_ai.request.model": "echo", "gen_ai.request.stream": False,
            "guardchain.verdict": "mask", "guardchain.policy": "default", "guardchain.restored": 1,
        }.items()  # fmt: skip
        assert check.name == "check sanitize"
        assert check.attributes == {
            "guardchain.check.name": "sanitize", "guardchain.check.mode": "enforce",
            "guardchain.check.result": "mask", "guardchain.check.entities": 1,
            "guardchain.check.entity_types": ["EMAIL_ADDRESS"],
        }  # fmt: skip
        assert call.name == "chat echo" and check.ended <= call.began + 0.01
        assert call.attributes == {
            "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "echo",
            "gen_ai.request.stream": False, "gen_ai.request.max_tokens": 9, "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 5, "gen_ai.response.finish_reasons": ["stop"],
            "http.response.status_code": 200, "guardchain.upstream": "cloud",
        }  # fmt: skip
        assert upstream.requests[-1].headers["traceparent"] == f"00-{TRACE}-{call.id}-01"
        assert upstream.requests[-1].headers["tracestate"] == "vendor=1"
        assert root.resource["service.name"] == "guard-eu" and root.resource["service.instance.id"]
        assert found.headers[-1]["x-key"] == "collector-key"


def test_a_stream_s_spans_end_with_it(upstream: FaultyUpstream) -> None:
    upstream.hold()
    with collector() as found, traced(upstream, found.url) as proxy:
        client = openai.OpenAI(base_url=proxy.url, api_key="k", max_retries=0)
        raw = client.chat.completions.with_streaming_response.create(
            model="fault-pause", stream=True, stream_options={"include_usage": True},
            messages=[{"role": "user", "content": f"I am {SECRET}"}],
        )  # fmt: skip
        with raw as response:
            lines = response.iter_lines()
            next(lines)
            time.sleep(2.0)  # longer than spans wait to be sent
            assert not found.spans
            upstream.release()
            assert "[DONE]" in "".join(lines)
            root, _, (call,) = spans(found, response)  # type: ignore[arg-type]
        assert root.attributes["gen_ai.request.stream"] and call.attributes["gen_ai.request.stream"]
        assert call.ended - call.began > 2.0 and root.ended - root.began > 2.0
        assert 0 < call.attributes["gen_ai.response.time_to_first_chunk"] < 1.5
        assert call.attributes["gen_ai.usage.output_tokens"] == 5
        assert call.attributes["gen_ai.response.finish_reasons"] == ["stop"]


def test_blocked_failed_and_handed_over(upstream: FaultyUpstream) -> None:
    with collector() as found, traced(upstream, found.url) as proxy:
        root, _, (first, second) = spans(found, ask(proxy, "fault-500"))
        assert not root.failed and root.attributes["guardchain.upstream"] == "spare"
        assert first.failed and first.attributes["error.type"] == "500"
        assert not second.failed and second.attributes["guardchain.upstream"] == "spare"
        assert (
            "gen_ai.usage.output_tokens" in second.attributes and "gen_ai.usage.output_tokens" not in first.attributes
        )

        answer = ask(proxy, "fault-reset-mid", stream=True)
        root, _, (call,) = spans(found, answer)
        assert call.failed and call.attributes["error.type"] in ("reset", "early_close")
        assert root.failed and root.attributes["error.type"] == root.attributes["guardchain.reason"]
        assert root.attributes["guardchain.reason"] == f"upstream_{call.attributes['error.type']}"
        root, _, (call,) = spans(found, ask(proxy, "fault-cut", stream=True))
        assert root.failed and call.failed and root.attributes["error.type"] == "upstream_early_close"
        root, _, (call,) = spans(found, ask(proxy, "fault-no-done", stream=True))
        assert not root.failed and not call.failed

        answer = ask(proxy, "fault-reset-before")
        root, _, (call,) = spans(found, answer)
        assert answer.status_code == 502 and root.failed and call.attributes["error.type"] == "reset"

        answer = httpx2.get(f"{proxy.url}/nowhere")
        root, checks, calls = spans(found, answer)
        assert (root.name, checks, calls) == ("GET", [], []) and not root.failed, "a 404 is the caller's mistake"

    refusing = {"sanitize": {"ner": [], "entities": {"EMAIL_ADDRESS": {"policy": "block"}}}}
    options = {"guardrail_attributes": True, "policy": refusing}
    with collector() as found, traced(upstream, found.url, **options) as proxy:
        answer = ask(proxy)
        root, (check,), calls = spans(found, answer)
        assert (answer.status_code, calls, root.failed) == (400, [], False)
        assert root.attributes["guardchain.reason"] == "blocked_sanitize"
        assert check.attributes.items() >= {
            "guardchain.check.result": "block", "gen_ai.operation.name": "run_guardrail",
            "gen_ai.security.guardrail.name": "sanitize", "gen_ai.security.verdict.type": "deny",
            "gen_ai.security.action.type": "deny", "gen_ai.security.policy.name": "default",
        }.items()  # fmt: skip


def test_nothing_that_was_said_reaches_the_collector(upstream: FaultyUpstream) -> None:
    """Nor what only a client wrote: model names, parameters, paths."""
    with collector() as found, traced(upstream, found.url, guardrail_attributes=True) as proxy:
        said = {"user": SECRET, "metadata": {"who": SECRET}, "stop": [SECRET]}
        answers = [ask(proxy, model, **said) for model in ("echo", "corp-internal.org", f"m/{SECRET}")]
        answers += [ask(proxy, f"fault-{name}", stream=True) for name in ("error-event", "malformed-event", "html")]
        answers.append(httpx2.get(f"{proxy.url}/files/corp-internal.org"))
        answers.append(ask(proxy, headers={"traceparent": f"00-{SECRET}-01", "tracestate": SECRET}))
        answers.append(ask(proxy, "echo", max_tokens=f"lots, says {SECRET}"))
        for answer in answers:
            spans(found, answer)
        everything = b"".join(found.raw)
        assert b"check sanitize" in everything
        for part in (b"corp-internal", b"maria", b"lopez", b"boom", b"overloaded", b"lots"):
            assert part not in everything, part


def test_sampling_follows_the_caller_and_else_the_share(upstream: FaultyUpstream) -> None:
    with collector() as found, traced(upstream, found.url, sample=0.0) as proxy:
        ask(proxy)
        passed_on = upstream.requests[-1].headers["traceparent"]
        assert int(passed_on[-2:], 16) & 1 == 0, "who comes next is told that nobody records"
        wanted = ask(proxy, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        assert spans(found, wanted)[0].trace == TRACE
        assert {s.trace for s in found.spans} == {TRACE}


@pytest.mark.parametrize("trouble", ["refuses", "hangs", "away"])
def test_a_collector_in_trouble_is_nobody_s_business(upstream: FaultyUpstream, trouble: str) -> None:
    with collector() as found:
        url = "http://127.0.0.1:9" if trouble == "away" else found.url
        found.refuses, found.hangs = trouble == "refuses", 30.0 if trouble == "hangs" else 0.0
        with traced(upstream, url) as proxy:
            for _ in range(20):
                began = time.monotonic()
                assert ask(proxy).status_code == 200
                assert time.monotonic() - began < 2
            if trouble != "hangs":
                assert proxy.settled("guardchain_spans_lost_total", 60, 15), "20 requests of three spans"
            began = time.monotonic()
        assert time.monotonic() - began < 12


def test_off_it_is_not_even_imported() -> None:
    code = (
        "import asyncio, sys\n"
        "from guard.config import Config\n"
        "from proxy.app import App\n"
        "settings = {'upstreams': {'a': {'kind': 'openai', 'base_url': 'http://a.invalid'}},\n"
        "            'routes': [{'upstream': 'a'}], 'policies': {'default': {}}}\n"
        "app = App(Config.model_validate(settings))\n"
        "asyncio.run(app.startup())\n"
        "wanted = ('opentelemetry.sdk', 'opentelemetry.exporter', 'grpc', 'proxy.otel')\n"
        "print([m for m in sys.modules if m.startswith(wanted)])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "proxy.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    config = Config.model_validate({"tracing": {"endpoint": "http://127.0.0.1:4318"}})
    with pytest.raises(ConfigError, match=r"guardchain\[otel\]"):
        build_tracer(config, Metrics())
