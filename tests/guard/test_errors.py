from __future__ import annotations

import errno
import queue
import socket
import ssl

import pytest

import guard
from guard import Blocked, CheckUnavailable, GuardError, RequestError, UpstreamError
from guard.errors import cause


@pytest.mark.parametrize(
    ("error", "values"),
    [
        (Blocked("probe", "no"), {"check": "probe"}),
        (CheckUnavailable("probe", "garbage"), {"check": "probe", "reason": "garbage"}),
        (UpstreamError("gone", reason="refused"), {"reason": "refused", "status": 502, "retry_after": None}),
        (UpstreamError("full", reason="queue_full", status=429, retry_after=1.5), {"status": 429, "retry_after": 1.5}),
        (RequestError("bad"), {"status": 400, "param": None, "code": None}),
        (
            RequestError("bad", status=413, param="n", code="too_large"),
            {"status": 413, "param": "n", "code": "too_large"},
        ),
    ],
)
def test_errors_carry_what_their_handlers_need(error: GuardError, values: dict[str, object]) -> None:
    assert {k: getattr(error, k) for k in values} == values


def test_every_public_error_is_in_the_tree() -> None:
    errors = [v for name in guard.__all__ if isinstance(v := getattr(guard, name), type) and issubclass(v, Exception)]
    assert len(errors) == 7
    assert all(issubclass(e, GuardError) for e in errors)


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.ENOSPC, "/var/secret"), "ENOSPC"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "10.0.0.1"), "ECONNREFUSED"),
        (OSError("4111"), "OSError"),
        (TimeoutError("locked"), "TimeoutError"),
        (queue.Full(), "Full"),
        (ssl.SSLCertVerificationError(1, "no"), "SSLCertVerificationError"),
        (socket.gaierror(-2, "unknown"), "gaierror"),
        (OSError(99999, "?"), "OSError"),
    ],
)
def test_a_cause_is_the_systems_name_or_the_types(error: Exception, named: str) -> None:
    assert cause(error) == named
