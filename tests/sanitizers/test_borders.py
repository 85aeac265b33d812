"""Values split over adjacent text parts of a message: found, hidden in the part where they begin, restored whole."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.chain import Chain, Link
from guard.check import Exchange
from guard.surface import Channel, ChannelKind, Role, Surface
from guard.verdict import Mode
from sanitizers import Piece, Sanitizer, SanitizerOptions
from sanitizers.check import SanitizeCheck

SANITIZER = Sanitizer(SanitizerOptions(ner=()), key="k")


def parts(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": text} for text in texts]}]


@pytest.mark.parametrize(
    "texts, rest, value",
    [
        (("card 4111 1111", "1111 1111, thanks"), ("card ", ", thanks"), "4111 1111 1111 1111"),
        (("card 41111111", "11111111"), ("card ", ""), "41111111 11111111"),
        (("4111", "1111", "1111", "1111 ok"), ("", "", "", " ok"), "4111 1111 1111 1111"),
        (("mail alice.jo", "nes@corp.com now"), ("mail ", " now"), "alice.jones@corp.com"),
        (("mail bob@corp", ".com"), ("mail ", ""), "bob@corp.com"),
        (("我的身份证是110105194912", "31002X。"), ("我的身份证是", "。"), "110105194912 31002X"),
        (("My name is Alice", "Johnson and I ask"), ("My name is ", " and I ask"), "Alice Johnson"),
        (("", "card 4111 1111", "", "1111 1111"), ("", "card ", "", ""), "4111 1111"),
    ],
)
def test_moves_into_the_first_part(texts: tuple[str, ...], rest: tuple[str, ...], value: str) -> None:
    hidden = SANITIZER.hide(parts(*texts))
    made = [part["text"] for part in hidden.messages[0]["content"]]
    home = next(i for i, (a, b) in enumerate(zip(texts, rest, strict=True)) if a != b)
    assert made[home].startswith(rest[home]) and len(made[home]) > len(rest[home])
    assert [m for i, m in enumerate(made) if i != home] == [r for i, r in enumerate(rest) if i != home]
    assert value in hidden.restore(made[home])
    assert not any(text in "|".join(made) for text in ("4111", "jo", "bob", "1101", "31002", "Alice", "Johnson"))


@pytest.mark.parametrize(
    "texts",
    [
        ("It was sunny.", "Johnson said so on page 12"),
        ("see page 12", "34 items"),
        ("one", "two", "three"),
        ("What is two", "and two?"),
        ("", ""),
    ],
)
def test_leaves_the_rest_alone(texts: tuple[str, ...]) -> None:
    hidden = SANITIZER.hide(parts(*texts))
    assert [len(p["text"].split()) for p in hidden.messages[0]["content"]] == [len(t.split()) for t in texts]


def test_only_parts_that_stand_next_to_each_other() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}
    first, second = parts("card 4111 1111", "1111 1111")[0]["content"]
    messages = [
        {"role": "user", "content": [first, image, second]},
        {"role": "user", "content": "card 4111 1111"},
        {"role": "user", "content": "1111 1111"},
    ]
    assert SANITIZER.hide(messages).messages == messages


def exchange(*surfaces: tuple[str, str]) -> Exchange:
    made = [Surface(path, Role.USER, text, lambda text: None) for path, text in surfaces]
    return Exchange("chat", "m", "", "r", made)


@pytest.mark.parametrize(
    "paths, joined",
    [
        (("messages[0].content[0].text", "messages[0].content[1].text"), True),
        (("input[2].content[4].text", "input[2].content[5].text"), True),
        (("messages[0].content[0].text", "messages[0].content[2].text"), False),
        (("messages[0].content[1].text", "messages[1].content[2].text"), False),
        (("messages[0].content", "messages[1].content"), False),
        (("input[0]", "input[1]"), False),
        (("messages[0].content[0].text.a", "messages[0].content[1].text.a"), False),
    ],
)
def test_in_the_check(paths: tuple[str, str], joined: bool) -> None:
    check = SanitizeCheck(SANITIZER)
    ex = exchange((paths[0], "card 4111 1111"), (paths[1], "1111 1111, thanks"))
    asyncio.run(Chain([Link(check, Mode.ENFORCE)]).inspect(ex))
    if not joined:
        assert [s.text for s in ex.surfaces] == ["card 4111 1111", "1111 1111, thanks"]
        return
    assert ex.surfaces[1].text == ", thanks"
    restorer = check.output(ex, Channel(ChannelKind.CONTENT))
    assert restorer is not None
    assert restorer.feed(ex.surfaces[0].text) + restorer.close() == "card 4111 1111 1111 1111"


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 45), max_size=4).map(sorted))
def test_no_cut_lets_a_value_through(cuts: list[int]) -> None:
    text = "pay 4111111111111111 to bob.builder@corp.com."
    edges = [0, *cuts, len(text)]
    pieces = [Piece(text[a:b], follows=a > 0) for a, b in itertools.pairwise(edges)]
    hiding, _ = SANITIZER.hide_pieces(pieces)
    assert "4111" not in "".join(hiding.texts) and "builder" not in "".join(hiding.texts)
