"""The gateway over real sockets: what it sends upstream, what it answers, what it writes down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest

from guard.errors import RequestError
from guard.verdict import Mode, OnError, Verdict
from proxy import responder
from proxy.upstream.base import Call
from tests.proxy.serving import Echo, Serving, assembly, guarded, serve


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def serving(echo: Echo) -> Iterator[Serving]:
    with serve(lambda: assembly([guarded(echo)], {"server": {"max_body_bytes": 4096, "max_json_depth": 16}})) as s:
        yield s


@pytest.fixture(autouse=True)
def forget(request: pytest.FixtureRequest) -> None:
    """Each test sees its own calls and records only."""
    if "echo" in request.fixturenames:
        request.getfixturevalue("echo").calls.clear()
    if "serving" in request.fixturenames:
        request.getfixturevalue("serving").records.clear()


def chat(serving: Serving, text: str, **extra: Any) -> httpx.Response:
    headers = extra.pop("headers", {})
    body = {"model": "echo", "messages": [{"role": "user", "content": text}], **extra}
    return httpx.post(f"{serving.url}/v1/chat/completions", json=body, headers=headers, timeout=20)


def content(response: httpx.Response) -> str:
    """The text of a chat answer, whole or streamed; a stream must end as it should."""
    if not response.headers["content-type"].startswith("text/event-stream"):
        return str(response.json()["choices"][0]["message"]["content"])
    events = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    deltas = [c["delta"] for e in events[:-1] for c in json.loads(e)["choices"]]
    return "".join(d.get("content") or "" for d in deltas)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "saw", "decision", "score", "strength"),
    [
        ("hello", "hello", "allow", "0.0000", 0.0),
        ("my secret is secret", "my QQQQ is QQQQ", "mask", "0.0000", 0.0),
        ("a bad secret", "a bad QQQQ", "steer", "1.0000", 0.5),
    ],
)
def test_answers_are_restored_and_say_what_was_done(
    serving: Serving, echo: Echo, stream: bool, said: str, saw: str, decision: str, score: str, strength: float
) -> None:
    response = chat(serving, said, stream=stream)
    assert response.status_code == 200
    assert content(response) == said
    (call,) = echo.calls
    assert call.body is not None and call.body["messages"][0]["content"] == saw
    assert call.strength == strength
    assert response.headers["x-guardchain-decision"] == decision
    assert response.headers["x-guardchain-score"] == score
    assert response.headers["x-guardchain-policy"] == "default"
    assert float(response.headers["x-guardchain-overhead-ms"]) >= 0
    assert response.headers["x-request-id"] == call.request_id
    (record,) = serving.records
    assert (record.decision.verdict.label, record.status, record.stream) == (decision, 200, stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_block_is_a_400_that_is_not_retried(serving: Serving, echo: Echo, stream: bool) -> None:
    response = chat(serving, "bad bad secret", stream=stream)
    assert response.status_code == 400
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["x-guardchain-decision"] == "block"
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["code"], error["message"]) == ("content_policy_violation", "Blocked by policy.")
    assert not echo.calls


@pytest.mark.parametrize("text", ["unscorable", "explode", "ponder"])
def test_a_check_that_cannot_run_fails_closed_and_says_so(serving: Serving, echo: Echo, text: str) -> None:
    response = chat(serving, text)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "guard_unavailable"
    assert "x-should-retry" not in response.headers
    assert text not in response.text
    assert not echo.calls


def test_a_model_too_busy_to_score_is_busy_not_broken(serving: Serving, echo: Echo) -> None:
    response = chat(serving, "crowded")
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")
    assert not echo.calls


def test_a_request_no_model_could_take_is_the_clients_error(serving: Serving, echo: Echo) -> None:
    async def vet(call: Call) -> None:
        raise RequestError("too long", code="context_length_exceeded", param="messages")

    echo.vet = vet  # type: ignore[attr-defined]
    try:
        response = chat(serving, "unscorable")
    finally:
        del echo.vet  # type: ignore[attr-defined]
    assert (response.status_code, response.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert not echo.calls


def test_a_check_that_cannot_run_may_fail_open(echo: Echo) -> None:
    with serve(lambda: assembly([guarded(echo, on_error=OnError.ALLOW)])) as serving:
        assert chat(serving, "unscorable").status_code == 200
        assert serving.records[0].decision.finding("probe").result == "bypass"
        duration = 'guardchain_guard_duration_seconds_count{check="probe",phase="input",result="bypass"}'
        assert serving.metric(duration) == 1


def test_monitoring_changes_nothing_but_the_record(echo: Echo) -> None:
    with serve(lambda: assembly([guarded(echo, probe=Mode.MONITOR)])) as serving:
        response = chat(serving, "bad bad")
        assert response.status_code == 200
        assert response.headers["x-guardchain-decision"] == "allow, would-block"
        assert serving.records[0].decision.would is Verdict.BLOCK
        asked = {"moderation": {"model": "m", "policy": {"input": {"mode": "block"}}}}
        assert chat(serving, "bad bad", **asked).status_code == 400
        labels = 'endpoint="/v1/chat/completions",mode="monitor",status="200",verdict="block"'
        assert serving.metric(f"guardchain_requests_total{{{labels}}}") == 1


@pytest.mark.parametrize(("style", "finish", "refusal"), [("refusal", "stop", "Blocked by policy."),
                                                          ("content_filter", "content_filter", None)])  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_a_block_can_be_an_answer(echo: Echo, style: Any, finish: str, refusal: str | None, stream: bool) -> None:
    with serve(lambda: assembly([guarded(echo, block_style=style)])) as serving:
        response = chat(serving, "bad bad", stream=stream)
        assert response.status_code == 200
        assert response.headers["x-guardchain-decision"] == "block"
        if stream:
            events = [json.loads(e[6:]) for e in response.text.split("\n\n") if e and "[DONE]" not in e]
            choices = [c for e in events for c in e["choices"]]
            assert choices[-1]["finish_reason"] == finish
            assert "".join(c["delta"].get("refusal") or "" for c in choices) == (refusal or "")
        else:
            choice = response.json()["choices"][0]
            assert (choice["finish_reason"], choice["message"]["refusal"]) == (finish, refusal)
        assert chat(serving, "unscorable").status_code == 503


@pytest.mark.parametrize(
    ("text", "stream", "status", "code"),
    [
        ("refuse", False, 429, "queue_full"),
        ("refuse", True, 429, "queue_full"),
        ("crash secret", False, 500, "internal_error"),
        ("crash secret", True, 500, "internal_error"),
        ("teapot", False, 418, "upstream_error"),
        ("upstream-error", False, 400, 7),
        ("upstream-error", True, 400, 7),
        ("garbage", False, 502, "malformed"),
        ("garbage", True, 502, "malformed"),
        ("die-first", True, 502, "reset"),
    ],
)
def test_upstream_failures_have_openai_shape(serving: Serving, text: str, stream: bool, status: int, code: Any) -> None:
    response = chat(serving, text, stream=stream)
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.headers["x-request-id"]
    assert "secret" not in response.text
    assert serving.records[0].status == status
    assert serving.records[0].error
    if status == 429:
        assert response.headers["retry-after"] == "7"


@pytest.mark.parametrize("text", ["die-mid", "not-json"])
def test_a_stream_that_breaks_ends_well_formed(serving: Serving, text: str) -> None:
    response = chat(serving, f"{text} secret", stream=True)
    assert response.status_code == 200
    events = [e.removeprefix("data: ") for e in response.text.split("\n\n") if e]
    errors = [json.loads(e)["error"] for e in events if '"error"' in e]
    assert len(errors) == 1 and isinstance(errors[0]["message"], str)
    assert "QQQQ" not in response.text
    assert serving.records[0].error.startswith("upstream_")


def test_a_stream_ends_although_the_upstream_does_not_hang_up(serving: Serving, echo: Echo) -> None:
    echo.closed.clear()
    assert content(chat(serving, "linger", stream=True)) == "linger"
    assert echo.closed.wait(5)


@pytest.mark.parametrize(("text", "stream"), [("hang", False), ("hang", True), ("stall", True), ("ponder", False)])
def test_a_client_that_leaves_cancels_the_upstream(serving: Serving, echo: Echo, text: str, stream: bool) -> None:
    echo.cancelled.clear()
    with pytest.raises(httpx.ReadTimeout):
        body = {"model": "echo", "messages": [{"role": "user", "content": text}], "stream": stream}
        httpx.post(f"{serving.url}/v1/chat/completions", json=body, timeout=0.3)
    if text != "ponder":
        assert echo.cancelled.wait(5)
    wait_for(lambda: len(serving.records) == 1)
    assert (serving.records[0].status, serving.records[0].error) == (499, "ClientGone")
    wait_for(lambda: serving.metric("guardchain_inflight") == 0)


def test_a_client_that_does_not_read_slows_the_upstream_down(serving: Serving, echo: Echo) -> None:
    body = {"model": "echo", "messages": [{"role": "user", "content": "flood"}], "stream": True}
    echo.closed.clear()
    with httpx.stream("POST", f"{serving.url}/v1/chat/completions", json=body, timeout=20) as response:
        lines = response.iter_lines()
        next(lines)
        import time

        time.sleep(0.5)  # without backpressure this would buffer gigabytes
    assert echo.closed.wait(10)
    wait_for(lambda: len(serving.records) == 1)
    assert serving.records[0].status == 499


def test_a_client_that_never_reads_is_given_up(serving: Serving, echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responder, "STALL_SECONDS", 0.3)
    body = {"model": "echo", "messages": [{"role": "user", "content": "flood"}], "stream": True}
    echo.closed.clear()
    with httpx.stream("POST", f"{serving.url}/v1/chat/completions", json=body, timeout=20):
        assert echo.closed.wait(10)
        assert (serving.records[0].status, serving.records[0].error) == (499, "ClientStalled")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_json"),
        (b"null", 400, "invalid_json"),
        (b'{"model": "echo", "messages": "\xff"}', 400, "invalid_json"),
        (b'{"model": "\\ud800"}', 400, "invalid_json"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 400, "too_deep"),
        (b"[" * 3000, 400, "invalid_json"),
        (b'{"model": "echo", "metadata": ' + b"[" * 20 + b"]" * 20 + b"}", 400, "too_deep"),
        (b" " * 5000, 413, "request_too_large"),
        (b" " * 50_000, 413, "request_too_large"),
        (b'{"messages": []}', 400, None),
        (b'{"model": 7, "messages": []}', 400, None),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bad_bodies(serving: Serving, echo: Echo, sent: bytes, status: int, code: str | None, chunked: bool) -> None:
    data: Any = (sent[i : i + 1000] for i in range(0, len(sent), 1000)) if chunked else sent
    response = httpx.post(f"{serving.url}/v1/chat/completions", content=data)
    error = response.json()["error"]
    assert response.status_code == status, error
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"
    if code is not None:
        assert error["code"] == code
    assert response.headers["x-request-id"].startswith("req_")
    assert not echo.calls
    assert serving.records[0].status == status


def test_encoded_bodies_are_refused(serving: Serving) -> None:
    response = httpx.post(f"{serving.url}/v1/chat/completions", content=b"{}", headers={"content-encoding": "gzip"})
    assert (response.status_code, response.json()["error"]["code"]) == (415, "unsupported_encoding")


def test_headers_travel_by_allow_list(serving: Serving, echo: Echo) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    sent = {
        "traceparent": trace,
        "tracestate": "a=b",
        "openai-project": "p",
        "x-stainless-lang": "python",
        "authorization": "Bearer ours",
        "cookie": "c=1",
        "x-data-parallel-rank": "3",
        "x-request-id": "mine",
        "x-guardchain-mode": "off",
        "connection": "keep-alive, x-secret",
    }
    response = chat(serving, "hello", headers=sent)
    (call,) = echo.calls
    kept = {k: v for k, v in call.headers.items() if k not in ("x-request-id", "idempotency-key")}
    assert kept == {"traceparent": trace, "tracestate": "a=b", "openai-project": "p", "x-stainless-lang": "python"}
    assert call.headers["x-request-id"] == call.request_id != "mine"
    assert response.headers["x-ratelimit-limit"] == "9"
    assert "server" not in response.headers or response.headers["server"] == "uvicorn"


def test_the_clients_own_key_travels_only_when_asked_to(echo: Echo) -> None:
    with serve(lambda: assembly([guarded(echo, key_from_client=True)])) as serving:
        chat(serving, "hello", headers={"authorization": "Bearer theirs"})
        assert echo.calls[0].headers["authorization"] == "Bearer theirs"


def test_models_are_renamed_on_the_way(echo: Echo) -> None:
    with serve(lambda: assembly([guarded(echo, model="real")])) as serving:
        chat(serving, "hello")
        assert echo.calls[0].body is not None and echo.calls[0].body["model"] == "real"


def test_an_unknown_model_is_a_404(echo: Echo) -> None:
    config = {"routes": [{"match": {"model": "echo*"}, "upstream": "local"}]}
    with serve(lambda: assembly([guarded(echo)], config)) as serving:
        response = httpx.post(
            f"{serving.url}/v1/chat/completions",
            json={"model": "my ssn is 078-05-1120", "messages": [{"role": "user", "content": "hi"}]},
        )
        assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
        assert serving.records[0].model == "other"


def test_other_endpoints(serving: Serving, echo: Echo) -> None:
    response = httpx.post(f"{serving.url}/v1/completions", json={"model": "echo", "prompt": "a secret"})
    assert response.json()["choices"][0]["text"] == "a secret"
    response = httpx.post(f"{serving.url}/v1/embeddings", json={"model": "echo", "input": "bad bad secret"})
    assert response.json()["data"][0]["embedding"] == [0.5]
    assert [c.body and (c.body.get("prompt") or c.body.get("input")) for c in echo.calls] == ["a QQQQ", "bad bad QQQQ"]
    response = httpx.post(f"{serving.url}/v1/completions", json={"model": "echo", "prompt": ["a", "bad bad"]})
    assert response.status_code == 400


def test_the_explanation_needs_to_be_switched_on(serving: Serving, echo: Echo) -> None:
    asked = {"headers": {"x-guardchain-explain": "1"}}
    assert "x-guardchain-explain" not in chat(serving, "my secret", **asked).headers
    with serve(lambda: assembly([guarded(echo)], {"server": {"explain": True}})) as explaining:
        import base64

        packed = chat(explaining, "my secret", **asked).headers["x-guardchain-explain"]
        assert ["messages[0].content", "my QQQQ"] in json.loads(base64.urlsafe_b64decode(packed))
        assert "x-guardchain-explain" not in chat(explaining, "my secret").headers
        assert len(chat(explaining, "x" * 20_000, **asked).headers["x-guardchain-explain"]) < 8192


def test_the_moderation_object(serving: Serving) -> None:
    answer = chat(serving, "a bad word", moderation={"model": "m"}).json()
    side = answer["moderation"]["input"]
    assert side["type"] == "moderation_results"
    (result,) = side["results"]
    assert result["flagged"] is False
    assert result["category_scores"]["probe"] > 0.5
    assert answer["moderation"]["output"]["type"] == "error"
    assert "moderation" not in chat(serving, "hello").json()


def wait_for(condition: Any, seconds: float = 5.0) -> None:
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
