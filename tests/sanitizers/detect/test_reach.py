"""What rules leave unread holds no match: gates, needed patterns and stretches of text change no find."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanitizers.detect import Detector, DetectorOptions, recogniser
from sanitizers.detect.detector import own_recognisers
from sanitizers.detect.literals import Literals
from sanitizers.detect.recogniser import Budget, Rule, Rules, numbers

VALUES = (
    "110105194912310021", "13812345678", "4111 1111 1111 1111", "6222021234567890129", "91350100M000100Y43",
    "010-88886666",
    "(0755) 8888 6666", "E12345678", "H1234567800", "京A12345", "使123456", "WJ京12345", "A123456(3)", "A123456789",
    "1 55 08 14 168 025 38", "123.456.789-09", "046 454 286", "2131 123456 12345", "6304 0000 0000 0000",
    "212-736-5000",
    "call me at +1 (212) 736-5000 ext. 12", "2127365000 (office)", "120101800101001",
)  # fmt: skip
pieces = st.one_of(
    st.sampled_from(VALUES),
    st.text("0123456789 -./()+_A", min_size=1, max_size=24),
    st.sampled_from(
        ["电话", "卡号 ", "my card ", "phone: ", " x", "，", "\n", "some words between ", "é", "身份证", "passport "]
    ),
)
RULES = [rule for one in own_recognisers() if isinstance(one, Rules) for rule in one._rules]
REACHING = [rule for rule in RULES if rule.reach]


def found(rule: Rule, text: str) -> list[tuple[int, int, float]]:
    return [(s.start, s.end, s.score) for s in Rules((rule,)).find(text, Budget(60))]


def test_there_are_some() -> None:
    assert len(REACHING) > 15


@settings(max_examples=300)
@given(st.lists(pieces, max_size=8).map("".join))
def test_no_match_is_out_of_reach(text: str) -> None:
    for rule in REACHING:
        assert found(rule, text) == found(replace(rule, needs=None, reach=0), text)


@pytest.mark.parametrize("rule", REACHING, ids=lambda rule: f"{rule.type} {rule.why}")
@pytest.mark.parametrize("value", VALUES)
def test_values_far_into_a_text(rule: Rule, value: str) -> None:
    text = f"{'word ' * 100}{value} {'word ' * 100}"
    assert found(rule, text) == found(replace(rule, needs=None, reach=0), text)


@given(st.text("01 ab-\n", max_size=40))
def test_numbers(text: str) -> None:
    inside = [False] * len(text)
    for start, end in numbers(text):
        assert sum(c.isdecimal() for c in text[start:end]) >= 4
        inside[start:end] = [True] * (end - start)
    digits = [i for i, c in enumerate(text) if c.isdecimal()]
    for four in zip(digits, digits[1:], digits[2:], digits[3:], strict=False):
        if all(b - a <= 4 for a, b in pairwise(four)):
            assert all(inside[i] for i in four)


def test_no_text_outlives_its_analysis() -> None:
    Detector(DetectorOptions(ner=(), remember=0)).detect("call 212-736-5000, card 4111 1111 1111 1111")
    assert recogniser._memo.text is None and recogniser._memo.found is None


@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=6), st.text("abcd", max_size=20))
def test_literals(words: list[str], text: str) -> None:
    assert Literals(words).within(text) == {word for word in words if word in text}
