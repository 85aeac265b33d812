"""What a client sees, and what is counted, when the upstream misbehaves. Real sockets on both sides."""

from __future__ import annotations

import json
import time

import httpx2
import openai
import pytest

from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
BODY = {"messages": [{"role": "user", "content": f"Write to {SECRET} please, it is urgent"}]}
DEADLINE = 20.0

# scenario → (statuses a client may see, what an upstream error is counted as, or None)
WHOLE = [
    ("reset-before", {502}, "reset"),
    ("close-before", {502}, "reset"),
    ("reset-mid", {502}, "reset"),
    ("short", {502}, "reset"),
    ("malformed-body", {502}, "malformed"),
    ("empty-body", {502}, "malformed"),
    ("array-body", {502}, "malformed"),
    ("html", {502}, "malformed"),
    ("garbage-http", {502}, None),
    ("endless-header", {502}, None),
    ("redirect", {502}, None),
    ("stall-before", {504}, None),
    ("long", {502}, None),
    ("gzip", {502}, "encoding"),  # `identity` was asked for: what cannot be read is refused
    ("400", {400}, None),
    ("401", {401}, None),
    ("404", {404}, None),
    ("429", {429}, None),
    ("500", {500}, None),
    ("500-empty", {500}, None),
    ("503-html", {503}, None),
]


@pytest.fixture(scope="module")
def upstream():
    with FaultyUpstream() as up:
        up.stall = 6.0
        yield up


@pytest.fixture(scope="module")
def proxy(upstream):
    with Proxy.in_front_of(upstream, sanitize=True) as running:
        yield running


def post(proxy: Proxy, model: str, **extra: object) -> httpx2.Response:
    return httpx2.post(f"{proxy.url}/chat/completions", json={"model": model, **BODY, **extra}, timeout=DEADLINE)


def is_openai_error(body: object) -> bool:
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and isinstance(error.get("message"), str) and set(error) >= {
        "message", "type", "param", "code",
    }  # fmt: skip


@pytest.mark.parametrize(("fault", "statuses", "reason"), WHOLE, ids=[row[0] for row in WHOLE])
def test_whole_answer(proxy, upstream, fault, statuses, reason):
    before = proxy.metric("guardchain_upstream_errors_total")
    answer = post(proxy, f"fault-{fault}")
    assert answer.status_code in statuses
    assert answer.headers["x-request-id"]
    if fault not in ("503-html", "500-empty"):  # those pass with the upstream's own body (wire rule X10)
        assert is_openai_error(answer.json()), answer.text
    if answer.status_code in (502, 504):
        assert proxy.metric("guardchain_upstream_errors_total") == before + 1
    if reason:
        assert proxy.metric("guardchain_upstream_errors_total", reason=reason) >= 1
    assert SECRET.encode() not in upstream.seen
    assert post(proxy, "echo").status_code == 200


def test_rate_limit_headers_travel(proxy):
    answer = post(proxy, "fault-429")
    assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("7", "7000")
    assert answer.json()["error"]["message"] == "slow down"


def events(text: str) -> list[object]:
    out: list[object] = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:].lstrip(" ") for line in block.split("\n") if line.startswith("data:"))
        if data:
            out.append(data if data == "[DONE]" else json.loads(data))
    return out


def streamed(text: str) -> str:
    return "".join(
        choice.get("delta", {}).get("content") or ""
        for event in events(text)
        if isinstance(event, dict)
        for choice in event.get("choices", [])
    )


SAID = f"You said: {BODY['messages'][0]['content']}"
GOOD = ["drip", "crlf"]
# scenario → what an upstream error is counted as, or None where the answer is whole all the same
BROKEN = [
    ("reset-mid", "reset|early_close"),  # by what the reset overtakes
    ("bad-chunk", "early_close"),
    ("stall-mid", "idle_timeout"),
    ("no-done", None),
    ("cut", "early_close"),
    ("malformed-event", "malformed"),
    ("not-an-object", "malformed"),
    ("bad-utf8", "malformed"),
    ("huge-event", "oversize"),
    ("error-event", "error_object"),
]


@pytest.mark.parametrize("fault", GOOD)
def test_odd_but_legal_streams(proxy, upstream, fault):
    answer = post(proxy, f"fault-{fault}", stream=True)
    assert streamed(answer.text) == SAID
    assert events(answer.text)[-1] == "[DONE]"
    assert SECRET.encode() not in upstream.seen


@pytest.mark.parametrize(("fault", "reason"), BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_stream_ends_well_formed(proxy, upstream, fault, reason):
    started = time.monotonic()
    before = proxy.metric("guardchain_upstream_errors_total")
    reasons = (reason or "").split("|")

    def counted():
        return sum(proxy.metric("guardchain_upstream_errors_total", reason=r, upstream="cloud") for r in reasons)

    same = counted()
    answer = post(proxy, f"fault-{fault}", stream=True)
    assert answer.status_code == 200
    got = events(answer.text)
    assert got[-1] == "[DONE]"
    errors = [e for e in got if isinstance(e, dict) and e.get("error")]
    assert bool(errors) == bool(reason)
    assert proxy.metric("guardchain_upstream_errors_total") == before + bool(reason), "once"
    assert counted() == same + bool(reason)
    assert all(isinstance(e["error"]["message"], str) for e in errors)
    if errors:
        assert got[-2] is errors[-1]
    assert SAID.startswith(streamed(answer.text)), "nothing half-restored, nothing invented"
    assert time.monotonic() - started < DEADLINE
    assert SECRET.encode() not in upstream.seen
    assert streamed(post(proxy, "echo", stream=True).text) == SAID


@pytest.mark.parametrize("fault", ["json-for-stream", "html", "reset-before", "garbage-http"])
def test_no_stream_where_one_was_asked(proxy, fault):
    answer = post(proxy, f"fault-{fault}", stream=True)
    assert answer.status_code in (200, 502)
    if answer.headers["content-type"].startswith("application/json"):
        assert is_openai_error(answer.json())
    else:
        assert events(answer.text)[-1] == "[DONE]"


def test_error_statuses_reach_the_sdk_as_its_own_exceptions(proxy):
    client = openai.OpenAI(base_url=proxy.url, api_key="x", max_retries=0, timeout=DEADLINE)
    for fault, kind in [
        ("400", openai.BadRequestError),
        ("401", openai.AuthenticationError),
        ("404", openai.NotFoundError),
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("reset-before", openai.InternalServerError),
    ]:
        with pytest.raises(kind) as caught:
            client.chat.completions.create(model=f"fault-{fault}", messages=BODY["messages"])
        assert caught.value.request_id
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="fault-reset-mid", messages=BODY["messages"], stream=True))


def test_nothing_listens_upstream():
    with Proxy.in_front_of("http://127.0.0.1:9/v1", sanitize=True) as running:
        answer = post(running, "echo")
        assert answer.status_code == 502
        assert is_openai_error(answer.json())
        assert running.metric("guardchain_upstream_errors_total", reason="connect") == 1


def test_every_fault_left_the_proxy_whole(proxy):
    assert proxy.metric("guardchain_inflight") == 0
    assert proxy.metric("guardchain_stream_held_bytes") == 0
