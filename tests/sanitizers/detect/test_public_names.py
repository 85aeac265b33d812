"""Names that everybody knows stay with `public_names: keep`, unless they say whose place they are."""

from __future__ import annotations

import pytest

from guard.errors import ConfigError
from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect import Span
from sanitizers.detect.public_names import private

KEEP = Sanitizer(SanitizerOptions.parse({"public_names": "keep"}), key="k")
HIDE = Sanitizer(key="k")


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of France?",
        "Compare Japan and South Korea.",
        "How far is it from Berlin to Munich?",
        "法国的首都是哪里？",
        "北京和上海哪个大？",
    ],
)
def test_general_knowledge_stays(text: str) -> None:
    assert KEEP.hide(text).text == text
    assert HIDE.hide(text).text != text


@pytest.mark.parametrize(
    "text, kept",
    [
        ("[Anna Smith|PERSON] from [Paris|LOCATION] called.", []),
        ("[Paris|LOCATION]-born [Anna Smith|PERSON]", []),
        ("[Anna|PERSON] ([London|LOCATION])", []),
        ("[Anna|PERSON] met them at the talks in [London|LOCATION]", ["London"]),
        ("I live in [Paris|LOCATION].", []),
        ("My sister was born in [Kyiv|LOCATION]", []),
        ("City: [Berlin|LOCATION]", []),
        ("[12 Rue Cler|ADDRESS], [Paris|LOCATION]", []),
        ("[Bewdley|LOCATION], [England|LOCATION]", []),
        ("[France|LOCATION], [Spain|LOCATION] and [Italy|LOCATION]", ["France", "Spain", "Italy"]),
        ("[Springfield|LOCATION] is a town. [France|LOCATION] is a country", ["France"]),
        ("我住在[上海|LOCATION]", []),
        ("[上海|LOCATION]人[张伟|PERSON]", []),
        ("[NATO|ORGANIZATION] and [Acme|ORGANIZATION]", ["NATO"]),
        ("[NATO|ORGANIZATION] was founded in 1949", ["NATO"]),
        ("[Paris|PERSON] is her name", []),
        ("the [united  states|LOCATION]", []),
        ("the [United  States|LOCATION]", ["United  States"]),
    ],
)
def test_unless_something_ties_them_to_somebody(text: str, kept: list[str]) -> None:
    plain, spans = "", []
    for piece in text.split("["):
        if "]" not in piece:
            plain += piece
            continue
        marked, rest = piece.split("]")
        value, type_ = marked.split("|")
        spans.append(Span(len(plain), len(plain) + len(value), type_, 0.9))
        plain += value + rest
    left = private(spans, plain)
    assert [plain[s.start : s.end] for s in spans if s not in left] == kept


def test_hidden_once_hidden_everywhere() -> None:
    hidden = KEEP.hide("I live in Paris. What is the capital of France? Is Paris nice?")
    assert "Paris" not in hidden.text and "France" in hidden.text
    assert hidden.restore(hidden.text) == "I live in Paris. What is the capital of France? Is Paris nice?"


def test_an_unknown_wish_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="public_names is one of hide, keep"):
        SanitizerOptions.parse({"public_names": "maybe"})
