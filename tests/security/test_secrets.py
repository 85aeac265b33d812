"""Nothing sensitive in what the proxy writes: log, metrics, traces, audit, headers and errors, whatever goes wrong.

Values of users and keys of ours are put everywhere a client can put them, through every way a request can end, with
the log at its most talkative; then everything that was written is searched, in each form a value can take.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.end_to_end.served import Served
from tests.support.collector import collector
from tests.support.raw import _exchange
from tests.support.upstream import FAULTS, FaultyUpstream

EMAIL, CARD, NAME = "maria.lopez@corp-internal.org", "4111 1111 1111 1111", "Xanthippe Quarterstaff"
KEY = "gk-" + "Zk3" * 14 + "x"
SURROGATE_KEY, UPSTREAM_KEY = "the surrogate key of this test", "sk-upstream-0123456789abcdef"
SECRETS = {
    "e-mail": EMAIL,
    "card": CARD,
    "name": NAME,
    "key": KEY,
    "surrogate": SURROGATE_KEY,
    "upstream": UPSTREAM_KEY,
}
TEXT = f"I am {NAME}, {EMAIL}, card {CARD}."
WAIT = 1.0


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        up.stall = 3.0
        yield up


def forms(value: str) -> set[str]:
    """A value as logs could hold it: as it is, as JSON, percent-encoded, in base64, in hex."""
    return {
        value,
        json.dumps(value)[1:-1],
        value.replace(" ", ""),
        quote(value),
        base64.b64encode(value.encode()).decode().rstrip("="),
        value.encode().hex(),
    }


def chat(**more: Any) -> dict[str, Any]:
    return {"model": "echo", "messages": [{"role": "user", "content": TEXT}], **more}


def requests() -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Method, path, body and headers of everything that is asked."""
    for stream in (False, True):
        for model in ("echo", "tool-echo", "reason-echo", *(f"fault-{name}" for name in FAULTS if "huge" not in name)):
            if "stall" not in model and "drip" not in model and not model.startswith("fault-status-4"):
                yield "POST", "/v1/chat/completions", json.dumps(chat(model=model, stream=stream)).encode(), {}
        yield "POST", "/v1/responses", json.dumps({"model": "echo", "input": TEXT, "stream": stream}).encode(), {}
        yield "POST", "/v1/completions", json.dumps({"model": "echo", "prompt": TEXT, "stream": stream}).encode(), {}
    yield "POST", "/v1/embeddings", json.dumps({"model": "echo", "input": [TEXT]}).encode(), {}
    yield "POST", "/v1/moderations", json.dumps({"input": TEXT}).encode(), {}
    broken = [
        json.dumps(chat()).encode()[:-9],
        json.dumps([TEXT]).encode(),
        TEXT.encode(),
        json.dumps(chat(**{EMAIL: CARD})).encode(),
        json.dumps(chat(temperature=TEXT)).encode(),
        json.dumps(chat(service_tier=TEXT)).encode(),
        json.dumps({**chat(), "model": TEXT}).encode(),
        json.dumps({**chat(), "model": EMAIL}).encode(),
        json.dumps({"model": "echo", "messages": [{"role": TEXT, "content": TEXT}]}).encode(),
        json.dumps({"model": "echo", "messages": [{"role": "user", "content": [{"type": EMAIL}]}]}).encode(),
        json.dumps(chat(tools=[{"type": CARD}])).encode(),
        json.dumps(chat(response_format={"type": "json_schema", "json_schema": {EMAIL: 1}})).encode(),
        json.dumps(chat(user=f"SSN 536-22-1234 {TEXT}")).encode(),
        b"\xff\xfe" + TEXT.encode("utf-16"),
    ]
    for body in broken:
        yield "POST", "/v1/chat/completions", body, {}
    for path in (f"/v1/{quote(EMAIL)}", f"/v1/models/{quote(EMAIL)}", f"/v1/chat/completions?user={quote(EMAIL)}"):
        yield "GET", path, b"", {}
        yield "POST", path, json.dumps(chat()).encode(), {}
    for headers in (
        {"x-request-id": EMAIL, "x-client-request-id": CARD},
        {"authorization": f"Bearer {KEY}x"},
        {"authorization": f"Basic {base64.b64encode(EMAIL.encode()).decode()}"},
        {"user-agent": TEXT, "cookie": f"a={EMAIL}", "referer": f"http://x/?{EMAIL}", "traceparent": EMAIL},
        {"content-type": TEXT},
        {"content-encoding": EMAIL},
        {"x-guardchain-explain": TEXT, "openai-organization": EMAIL},
    ):
        yield "POST", "/v1/chat/completions", json.dumps(chat()).encode(), headers


def test_nothing_sensitive_is_written(upstream: FaultyUpstream, tmp_path: Path) -> None:
    with collector("http/protobuf") as spans:
        settings = {
            "log": {"level": "debug"},
            "tracing": {"endpoint": spans.url, "guardrail_attributes": True},
            "upstreams": {
                "cloud": {"kind": "openai", "base_url": upstream.url, "api_key": UPSTREAM_KEY, "retries": 0,
                          "first_byte_seconds": WAIT, "idle_seconds": WAIT, "breaker": {"failures": None}},
            },
            "policies": {"default": {"sanitize": {"entities": {"US_SSN": "block"}}}},
            "routes": [{"match": {"model": "*"}, "upstream": "cloud"}],
            "tenants": [{"name": "acme", "key_sha256": [hashlib.sha256(KEY.encode()).hexdigest()]}],
            "surrogate_key": SURROGATE_KEY,
        }  # fmt: skip
        answers: list[tuple[int, str, str]] = []
        with Served(tmp_path, settings) as served:
            with httpx2.Client(base_url=served.url, timeout=30) as http:
                for method, path, body, headers in requests():
                    wish = {"authorization": f"Bearer {KEY}", "content-type": "application/json", **headers}
                    answer = http.request(method, path, content=body, headers=wish)
                    answers.append((answer.status_code, answer.text, str(answer.headers)))
            _exchange(("127.0.0.1", served.port), f"GET /{EMAIL} HTTP/1.1\r\nhost: {CARD}\r\n\r\n".encode())
            served.write({**served.settings, "routes": [{"upstream": f"none {EMAIL}"}]})
            served.wait_metric("guardchain_config_reload_failures_total", 1)
            metrics = httpx2.get(f"{served.url}/metrics").text
            time.sleep(2.0)  # spans leave in batches
        written = {
            "log": served.log.read_text("utf-8", "replace"),
            "audit": served.audit.read_text("utf-8"),
            "metrics": metrics,
            "traces": b"\n".join(spans.raw).decode("utf-8", "replace"),
            "headers of answers": "\n".join(h for _, _, h in answers),
            "errors": "\n".join(t for status, t, _ in answers if status != 200),
        }
    statuses = {status for status, _, _ in answers}
    assert {200, 400, 401, 404, 415, 500, 502, 503} <= statuses, statuses
    assert all(len(text) > 500 for text in written.values()), {k: len(v) for k, v in written.items()}
    assert "acme" in written["audit"] and any(EMAIL in text for status, text, _ in answers if status == 200)
    leaks = [
        (where, what)
        for where, text in written.items()
        for what, value in SECRETS.items()
        # a config that names no upstream is refused by its own text, which is the operator's
        if any(form in text.replace(f"none {EMAIL}", "") for form in forms(value))
    ]
    assert leaks == []
