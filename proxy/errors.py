"""Errors on the wire: OpenAI's envelope, and which exception becomes which status.

The envelope is `{"error": {"message", "type", "param", "code"}}`, all four keys present. A policy decision is a 400
with `x-should-retry: false`; 408, 409, 429 and 5xx are kept for what a client should try again.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import orjson

from guard.errors import Blocked, CheckUnavailable, GuardError, RequestError, UpstreamError
from proxy.upstream.base import QUEUE_FULL

log = logging.getLogger("proxy")

MAX_RETRY_AFTER = 120.0
"""Seconds. The SDK stops retrying when it is told to wait longer than this."""

_TYPES = {
    401: "invalid_request_error",
    403: "permission_error",
    404: "invalid_request_error",
    408: "timeout_error",
    429: "rate_limit_error",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """An error that is about to be sent. `reason` is its label in metrics and the audit log, never shown to clients."""

    status: int
    message: str
    type: str
    code: str | None = None
    param: str | None = None
    reason: str = "error"
    headers: tuple[tuple[str, str], ...] = ()

    def body(self) -> bytes:
        return orjson.dumps({"error": self.error()})

    def error(self) -> dict[str, str | None]:
        return {"message": self.message, "type": self.type, "param": self.param, "code": self.code}


class MethodNotAllowed(RequestError):
    """405 with the methods that would do."""

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message, status=405, code="method_not_supported")
        self.allow = allow


class RateLimited(RequestError):
    """429 in OpenAI's words. `kind`: what there was too much of; `wait`: seconds after which it would fit, None: never.

    `reason` is the label in metrics and the audit log.
    """

    def __init__(self, message: str, *, kind: str, code: str, reason: str, wait: float | None) -> None:
        super().__init__(message, status=429, code=code)
        self.kind = kind
        self.reason = reason
        self.wait = wait


class Stopping(RequestError):
    """503 while this process stops: nothing was begun, so another one can serve the request."""

    def __init__(self) -> None:
        super().__init__("This proxy is stopping; please send the request again.", status=503, code="server_stopping")


NO_RETRY = ("x-should-retry", "false")


def problem_of(error: Exception) -> Problem:
    """The wire form of an exception. Exceptions from outside our tree become a 500 that names nothing but itself."""
    if isinstance(error, RateLimited):
        return Problem(
            status=error.status,
            message=str(error),
            type=error.kind,
            code=error.code,
            reason=error.reason,
            headers=(NO_RETRY,) if error.wait is None else retry_after(error.wait, exact=True),
        )
    if isinstance(error, RequestError):
        return Problem(
            status=error.status,
            message=str(error),
            type="server_error" if error.status >= 500 else _TYPES.get(error.status, "invalid_request_error"),
            code=error.code,
            param=error.param,
            reason=error.code or "invalid_request",
            headers=_advice(error),
        )
    if isinstance(error, UpstreamError):
        return Problem(
            status=error.status,
            message=str(error),
            type=_TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "upstream_error"),
            code=error.reason,
            reason=f"upstream_{error.reason}",
            headers=retry_after(error.retry_after),
        )
    if isinstance(error, CheckUnavailable):
        return unavailable(error.check, error.reason)
    if isinstance(error, Blocked):
        return blocked(error.check, str(error))
    # A foreign exception may quote what it choked on: its type is all that may be written down.
    log.error("unexpected %s while serving a request", type(error).__name__)
    label = "guard_error" if isinstance(error, GuardError) else "internal_error"
    return Problem(500, "The proxy failed to serve this request.", "server_error", code="internal_error", reason=label)


def _advice(error: RequestError) -> tuple[tuple[str, str], ...]:
    if isinstance(error, MethodNotAllowed):
        return (("allow", error.allow),)
    if isinstance(error, Stopping):
        return retry_after(1.0)
    # The rest of such a body is not worth reading, so the connection cannot be used again.
    return (("connection", "close"),) if error.status in (408, 413) else ()


def blocked(check: str, message: str) -> Problem:
    """A policy block (wire rule X2): never retried, names the check and nothing of the text."""
    return Problem(
        status=400,
        message=message,
        type="invalid_request_error",
        code="content_policy_violation",
        reason=f"blocked_{check}",
        headers=(NO_RETRY,),
    )


_LATE = frozenset(("deadline", "budget"))  # the chain's limit, and a check's own


def unavailable(check: str, reason: str) -> Problem:
    """A check that could not run, in a policy that fails closed (wire rule X9): a client may try again.

    A scorer whose queue is full is overload like any other: 429 with a time to wait.
    """
    if reason == QUEUE_FULL:
        return Problem(
            status=429,
            message=f"The guard check '{check}' has more requests waiting than it takes; try again in a moment.",
            type="rate_limit_error",
            code=QUEUE_FULL,
            reason=f"unavailable_{check}",
            headers=retry_after(1.0),
        )
    why = "could not run"
    if reason in _LATE:
        why = "did not finish in the time it has (`deadline_seconds`; a shorter text, or the same one again, may pass)"
    return Problem(
        status=503,
        message=f"The guard check '{check}' {why}, and the policy does not let requests pass without it.",
        type="guard_unavailable",
        code="guard_unavailable",
        reason=f"unavailable_{check}",
    )


def retry_after(seconds: float | None, *, exact: bool = False) -> tuple[tuple[str, str], ...]:
    """`Retry-After` in whole seconds, at least 1 and never above what the SDK still honours; `exact`: with
    `retry-after-ms` as well, which the SDK prefers."""
    if seconds is None or not math.isfinite(seconds):
        return ()
    said = ("retry-after", str(max(1, min(math.ceil(seconds), int(MAX_RETRY_AFTER)))))
    if not exact:
        return (said,)
    return said, ("retry-after-ms", str(max(1, min(math.ceil(seconds * 1000), int(MAX_RETRY_AFTER * 1000)))))
