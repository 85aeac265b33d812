"""Texts nobody writes by accident: huge, broken, bidirectional, nested, and holding surrogates already."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sanitizers import Sanitizer, SanitizerOptions

SANITIZER = Sanitizer(SanitizerOptions(seconds=120), key="k")
MEGABYTE = 1_000_000


def back(text: str) -> str:
    hidden = SANITIZER.hide(text)
    return hidden.restore(hidden.text)


@pytest.mark.parametrize(
    "text",
    [
        "x" * MEGABYTE,
        ("lorem ipsum dolor " * 60_000)[:MEGABYTE] + " bob@corp.com",
        "1" * 100_000 + " 4111 1111 1111 1111 " + "1" * 100_000,
    ],
    ids=["one letter", "words and a value", "digits around a value"],
)
def test_one_line_of_a_megabyte(text: str) -> None:
    assert back(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\ud800 bob@corp.com \udfff",
        "bob@corp.com\ud83d",
        "\u202ebob@corp.com\u202c and ab\u200bc@corp.com",
        "4111\u200b1111\u200b1111\u200b1111",
        "\u0645\u0631\u062d\u0628\u0627 bob@corp.com \u0634\u0643\u0631\u0627",
        "ｂｏｂ＠ｃｏｒｐ．ｃｏｍ",
        "\x00bob@corp.com\x00",
        "[EMAIL_ADDRESS-4KX7QZ] bob@corp.com [PERSON-",
        "",
        " ",
        "\\u0062ob@corp.com",
    ],
)
def test_odd_characters_come_back(text: str) -> None:
    assert back(text) == text


@pytest.mark.parametrize("zero_width", ["\u200b", "\u200d", "\u2060", "\ufeff", "\u202e"])
def test_invisible_characters_hide_no_value(zero_width: str) -> None:
    text = zero_width.join("4111 1111 1111 1111")
    hidden = SANITIZER.hide(f"card {text}!")
    assert "".join(c for c in hidden.text if c.isdecimal())[:16] != "4111111111111111"
    assert hidden.restore(hidden.text) == f"card {text}!"


@pytest.mark.parametrize(
    "text",
    [
        "I am Alice Johnson, alice.johnson@corp.com",
        "card 4111 1111 1111 1111 and 10.1.2.3",
        "我叫欧阳娜娜，手机13812345678",
    ],
)
def test_a_text_that_holds_surrogates_already(text: str) -> None:
    once = SANITIZER.hide(text)
    both = f"{once.text} / {text}"
    hidden = SANITIZER.hide(both)
    assert hidden.text != both
    assert hidden.restore(hidden.text) == both, "restored once, to what was written, not further"


@pytest.mark.parametrize(
    "text",
    [
        "ann@corp.com joann@corp.com ann@corp.com.au",
        "10.1.2.3 10.1.2.30 110.1.2.3",
        "4111111111111111 and 41111111111111112222",
        "My name is Ann Lee. My name is Joann Leeson. Ann, Lee, Leeson, Joann.",
        "我叫张伟。我叫张伟强。张伟和张伟强。",
        "13812345678 138123456789 8613812345678",
    ],
)
def test_values_inside_one_another(text: str) -> None:
    hidden = SANITIZER.hide(text)
    assert hidden.restore(hidden.text) == text
    for size in (1, 2, 3):
        restorer = hidden.restorer()
        pieces = [hidden.text[i : i + size] for i in range(0, len(hidden.text), size)]
        assert "".join(map(restorer.feed, pieces)) + restorer.close() == text


def test_other_processes_with_other_hash_seeds_agree() -> None:
    program = (
        "import sys; from sanitizers import Sanitizer; t = sys.stdin.buffer.read().decode(); "
        "sys.stdout.buffer.write(Sanitizer(key='k').hide(t, tenant='t').text.encode())"
    )
    text = "I am Alice Johnson (alice.johnson@corp.com), +44 20 7123 4567, 10.1.2.3; 我叫张伟, zhangwei@corp.com"
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=text.encode(),
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.decode()
        for seed in ("1", "4242")
    }
    assert made == {Sanitizer(key="k").hide(text, tenant="t").text}
