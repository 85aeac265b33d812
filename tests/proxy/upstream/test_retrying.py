"""What may be repeated, how long to wait, and how often at most."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.base import Call
from proxy.upstream.retrying import Allowance, advised, is_failure, may_go_elsewhere, may_repeat, pause

CHAT, RESPONSES, LIST = (
    Call("/v1/chat/completions"),
    Call("/v1/responses"),
    Call("/v1/models", method="GET"),
)


@pytest.mark.parametrize(
    ("label", "chat", "responses", "chat_elsewhere", "responses_elsewhere", "failure"),
    [
        ("connect", True, True, True, True, True),
        ("connect_timeout", True, True, True, True, True),
        ("429", True, True, True, True, False),
        ("503", True, True, True, True, True),
        ("502", True, False, True, False, True),
        ("504", False, False, True, False, True),
        ("500", False, False, True, False, False),
        ("reset", False, False, True, False, True),
        ("early_close", False, False, False, False, True),
        ("first_byte_timeout", False, False, True, False, True),
        ("total_timeout", False, False, False, False, False),
        ("status_timeout", False, False, True, True, True),
        ("circuit_open", False, False, True, True, False),
        ("unguarded", False, False, True, True, False),
        ("queue_full", False, False, True, True, False),
        ("malformed", False, False, False, False, False),
        ("200", False, False, False, False, False),
        ("400", False, False, False, False, False),
        ("401", False, False, False, False, False),
    ],
)
def test_what_is_safe(
    label: str, chat: bool, responses: bool, chat_elsewhere: bool, responses_elsewhere: bool, failure: bool
) -> None:
    assert (may_repeat(CHAT, label), may_repeat(RESPONSES, label)) == (chat, responses)
    assert (may_go_elsewhere(CHAT, label), may_go_elsewhere(RESPONSES, label)) == (chat_elsewhere, responses_elsewhere)
    assert may_repeat(LIST, label) == chat
    assert is_failure(label) == failure


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([("Retry-After", "7")], 7),
        ([("retry-after", "7"), ("Retry-After-Ms", "1500")], 1.5),
        ([("retry-after-ms", "soon"), ("retry-after", "2")], 2),
        ([("retry-after", "Fri, 27 Nov 2026 19:00:00 GMT")], None),
        ([("retry-after", "-1")], None),
        ([("retry-after", "nan")], None),
        ([("retry-after", "inf")], None),
        ([], None),
    ],
)
def test_advice(headers: list[tuple[str, str]], seconds: float | None) -> None:
    assert advised(headers) == seconds


@given(st.integers(0, 200), st.none() | st.floats(0, 1000), st.floats(0.01, 100), st.floats(0, 1))
def test_pauses(number: int, advice: float | None, most: float, drawn: float) -> None:
    seconds = pause(number, advice, most=most, draw=lambda: drawn)
    if advice is None:
        assert seconds is not None and 0 <= seconds <= most
    else:
        assert seconds == (advice if advice <= most else None)


@given(st.lists(st.booleans(), max_size=400))
def test_an_outage_is_not_multiplied(events: list[bool]) -> None:
    allowance, calls, retries = Allowance(share=0.1, reserve=10), 0, 0
    for retry in events:
        if retry:
            retries += allowance.spend()
        else:
            calls += 1
            allowance.call()
        assert retries <= 10 + 0.1 * calls + 1e-6
