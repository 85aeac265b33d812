"""Exceptions to wire errors."""

from __future__ import annotations

import logging
import math

import orjson
import pytest

from guard.errors import Blocked, CheckUnavailable, ConfigError, RequestError, UpstreamError
from proxy.errors import MethodNotAllowed, problem_of, retry_after, unavailable


@pytest.mark.parametrize(
    ("error", "status", "type_", "code", "headers"),
    [
        (RequestError("m", param="p"), 400, "invalid_request_error", None, {}),
        (RequestError("m", status=401, code="c"), 401, "invalid_request_error", "c", {}),
        (RequestError("m", status=413), 413, "invalid_request_error", None, {"connection": "close"}),
        (MethodNotAllowed("m", "POST"), 405, "invalid_request_error", "method_not_supported", {"allow": "POST"}),
        (UpstreamError("m", reason="reset"), 502, "upstream_error", "reset", {}),
        (
            UpstreamError("m", reason="q", status=429, retry_after=2.1),
            429,
            "rate_limit_error",
            "q",
            {"retry-after": "3"},
        ),
        (CheckUnavailable("probe", "r"), 503, "guard_unavailable", "guard_unavailable", {}),
        (CheckUnavailable("probe", "queue_full"), 429, "rate_limit_error", "queue_full", {"retry-after": "1"}),
        (Blocked("probe", "m"), 400, "invalid_request_error", "content_policy_violation", {"x-should-retry": "false"}),
        (ConfigError("m"), 500, "server_error", "internal_error", {}),
        (ValueError("m"), 500, "server_error", "internal_error", {}),
    ],
)
def test_table(error: Exception, status: int, type_: str, code: str | None, headers: dict[str, str]) -> None:
    problem = problem_of(error)
    body = orjson.loads(problem.body())["error"]
    assert (problem.status, body["type"], body["code"]) == (status, type_, code)
    assert set(body) == {"message", "type", "param", "code"}
    assert dict(problem.headers) == headers
    assert isinstance(body["message"], str) and body["message"]


def test_foreign_exceptions_are_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        body = problem_of(ValueError("maria@lopez.org")).body()
    assert b"maria" not in body
    assert "maria" not in caplog.text and "ValueError" in caplog.text


@pytest.mark.parametrize(("seconds", "said"), [(None, None), (0.0, "1"), (7.2, "8"), (1e9, "120"), (math.inf, None)])
def test_retry_after_stays_within_what_clients_honour(seconds: float | None, said: str | None) -> None:
    assert dict(retry_after(seconds)).get("retry-after") == said


@pytest.mark.parametrize(("reason", "late"), [("deadline", True), ("budget", True), ("leak", False)])
def test_a_check_that_was_late_says_which_limit(reason, late) -> None:
    assert ("deadline_seconds" in unavailable("sanitize", reason).message) is late
