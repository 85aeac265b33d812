"""Hiding in a conversation whose beginning only the other side remembers."""

from __future__ import annotations

import re

import pytest

from sanitizers.hide import Piece
from sanitizers.restore import Restorer, Variant
from sanitizers.sanitizer import Sanitizer

SANITIZER = Sanitizer(key=b"for tests")


def restored(text: str, earlier: tuple[Variant, ...] | list[Variant], answer: str) -> tuple[str, str]:
    """What goes out for `text`, and what `answer`, with `{}` for that, comes back as."""
    hiding, _ = SANITIZER.hide_pieces([Piece(text)], earlier=earlier)
    restorer = Restorer(hiding.table)
    return hiding.texts[0], restorer.feed(answer.replace("{}", hiding.texts[0])) + restorer.close()


def test_what_was_hidden_before_is_restored_beside_what_is_new() -> None:
    first, _ = SANITIZER.hide_pieces([Piece("I am Maria Lopez, maria@lopez.org")])
    earlier = first.table.variants
    assert restored("Who am I?", earlier, f"{first.texts[0]}!")[1] == "I am Maria Lopez, maria@lopez.org!"
    _, back = restored("Call 415-209-3456", earlier, f"{first.texts[0]} {{}}")
    assert back == "I am Maria Lopez, maria@lopez.org Call 415-209-3456"
    again, _ = restored("I am Maria Lopez, maria@lopez.org", earlier, "")
    assert again == first.texts[0], "the same value keeps its stand-in"


@pytest.mark.parametrize(
    ("text", "value", "other"),
    [
        ("Ask Maria Lopez about it", "Maria Lopez", "Carol Brandt"),
        ("Write to maria@lopez.org", "maria@lopez.org", "carol@brandt.org"),
        ("Call 415-209-3456", "415-209-3456", "415-308-2217"),
    ],
)
def test_no_stand_in_stands_for_two(text: str, value: str, other: str) -> None:
    """The stand-in that a value would get stood for another one turns ago, all ways to write it included."""
    plain, _ = SANITIZER.hide_pieces([Piece(text)])
    (replacement,) = plain.replaced
    words = dict(zip(re.findall(r"\w+", value.lower()), re.findall(r"\w+", other.lower()), strict=True))

    def somebody_else(original: str) -> str:
        return other if original == value else re.sub(r"\w+", lambda m: words.get(m[0].lower(), m[0]), original)

    taken = [Variant(v.text, somebody_else(v.original)) for v in plain.table.variants]
    out, back = restored(text, taken, f"{replacement.text} | {{}}")
    assert replacement.text not in out
    assert back == f"{other} | {text}"


def test_an_earlier_stand_in_that_the_user_writes_is_left_alone() -> None:
    _, back = restored("What is code B-777?", [Variant("B-777", "secret")], "B-777 is a code")
    assert back == "B-777 is a code"
