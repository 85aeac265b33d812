"""Headers: allow lists both ways, nothing that could split a response."""

from __future__ import annotations

import pytest

from proxy.headers import encode, index, new_request_id, to_client, to_upstream


@pytest.mark.parametrize(
    ("name", "value", "travels"),
    [
        ("openai-organization", "org", True),
        ("idempotency-key", "k", True),
        ("x-client-request-id", "c", True),
        ("x-stainless-retry-count", "0", True),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("traceparent", "nonsense", False),
        ("tracestate", "a=b", False),  # without a traceparent it means nothing
        ("authorization", "Bearer x", False),
        ("x-forwarded-for", "1.2.3.4", False),
        ("transfer-encoding", "chunked", False),
        ("idempotency-key", "x\x01y", False),
        ("idempotency-key", "bob@corp.com", False),
    ],
)
def test_to_upstream(name: str, value: str, travels: bool) -> None:
    sent = to_upstream(index([(name.upper().encode(), value.encode())]), request_id="r", authorization=False)
    assert sent == {"x-request-id": "r", **({name: value} if travels else {})}


def test_the_first_of_a_repeated_header_counts() -> None:
    assert index([(b"A", b"1"), (b"a", b"2")]) == {b"a": b"1"}


@pytest.mark.parametrize(
    ("name", "value", "travels"),
    [
        ("X-RateLimit-Remaining-Tokens", "5", True),
        ("Retry-After", "7", True),
        ("openai-processing-ms", "3", True),
        ("Set-Cookie", "a=b", False),
        ("Content-Encoding", "gzip", False),
        ("x-guardchain-decision", "allow", False),
        ("retry-after", "7\r\nx: y", False),
    ],
)
def test_to_client(name: str, value: str, travels: bool) -> None:
    assert to_client([(name, value)]) == ([(name.lower(), value)] if travels else [])


def test_values_that_would_split_a_response_are_dropped() -> None:
    assert encode([("a", "1\r\nb: 2"), ("c", "ü"), ("D", "ok")]) == [(b"d", b"ok")]


def test_request_ids_differ() -> None:
    assert len({new_request_id() for _ in range(100)}) == 100
