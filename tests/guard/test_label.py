from __future__ import annotations

import pytest

from guard.label import Bounded, label


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("probe", True),
        ("EMAIL_ADDRESS", True),
        ("/v1/chat/completions", True),
        ("Qwen/Qwen3-0.6B", True),
        ("chat.completions", True),
        ("503", True),
        ("queue_full", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("maria@lopez.org", False),
        ("+49 170 1234567", False),
        ("4111111111111111", False),
        ("078-05-1120", False),
        ("two words", False),
        ("name\n", False),
        ("né", False),
        ("${x}", False),
        ("//a", False),
    ],
)
def test_label(text: str, kept: bool) -> None:
    assert label(text) == (text if kept else "other")


def test_bounded() -> None:
    bound = Bounded(2)
    assert [bound(t) for t in ("a", "b", "c", "a", "d", "b")] == ["a", "b", "other", "a", "other", "b"]
