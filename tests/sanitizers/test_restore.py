"""The streaming restorer on its own: leftmost-longest, boundaries, JSON, and what it may hold back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.surface import ChannelKind
from sanitizers import Sanitizer
from sanitizers.restore import Restorer, Table, Variant
from tests.support.timing import grows_at_most

TABLE = Table(
    [
        Variant("Rowena", "Ann"),
        Variant("Rowena Fenwick", "Ann Lee"),
        Variant("192.0.2.1", "10.0.0.7"),
        Variant("abab", "X", False, False),
        Variant("ababac", "Y", False, False),
        Variant("郏先生", "张先生", False, False),
    ]
)


def stream(text: str, size: int, table: Table = TABLE, kind: ChannelKind = ChannelKind.CONTENT) -> str:
    restorer = Restorer(table, kind)
    return "".join(restorer.feed(text[i : i + size]) for i in range(0, len(text), size)) + restorer.close()


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "text, expected",
    [
        ("Rowena Fenwick's cat", "Ann Lee's cat"),
        ("Rowena Fenwic", "Ann Fenwic"),
        ("Rowenas", "Rowenas"),
        ("xRowena", "xRowena"),
        ("他说Rowena好", "他说Ann好"),
        ("192.0.2.15 192.0.2.1.", "192.0.2.15 10.0.0.7."),
        ("1192.0.2.1", "1192.0.2.1"),
        ("ababab ababac abab", "Xab Y X"),
        ("郏先生说", "张先生说"),
        ("", ""),
        ("Row", "Row"),
    ],
)
def test_table(text: str, expected: str, size: int) -> None:
    assert stream(text, size) == expected


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="abcR \u90cfowena", max_size=40), st.lists(st.integers(1, 5), min_size=1, max_size=40))
def test_chunking_is_invisible_and_only_beginnings_are_held(text: str, sizes: list[int]) -> None:
    beginnings = {v.text[:n] for v in TABLE.variants for n in range(1, len(v.text) + 1)}
    restorer, out, at = Restorer(TABLE), "", 0
    for size in sizes:
        out += restorer.feed(text[at : at + size])
        at = min(at + size, len(text))
        assert restorer.held == 0 or text[at - restorer.held : at] in beginnings
    out += restorer.feed(text[at:]) + restorer.close()
    assert out == stream(text, max(len(text), 1))


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_ordinary_text_passes_at_once(kind: ChannelKind) -> None:
    restorer = Restorer(TABLE, kind)
    assert restorer.feed("The quick brown fox.") == "The quick brown fox." and restorer.held == 0


@pytest.mark.parametrize(
    "text, expected",
    [
        (r'{"a":"Rowena"}', r'{"a":"Ann"}'),
        (r'{"a":"x\nRowena"}', r'{"a":"x\nAnn"}'),
        (r'{"a":"x\\nRowena"}', r'{"a":"x\\nAnn"}'),  # JSON in JSON; a folder named nRowena is much rarer
        (r'{"a":"\u4f60Rowena"}', r'{"a":"\u4f60Ann"}'),
        (r'{"a":"\u90cf\u5148\u751f"}', r'{"a":"\u5f20\u5148\u751f"}'),
        (r'{"a":"\u90CF\u5148\u751F"}', r'{"a":"\u5f20\u5148\u751f"}'),
    ],
)
def test_json_channels(text: str, expected: str) -> None:
    for size in (1, 2, 5, 50):
        assert stream(text, size, kind=ChannelKind.ARGUMENTS) == expected


def test_values_are_escaped_in_json() -> None:
    table = Table([Variant("Rowena", 'A "q" \\ \n')])
    assert stream('{"a":"Rowena"}', 1, table, ChannelKind.ARGUMENTS) == '{"a":"A \\"q\\" \\\\ \\n"}'


@pytest.mark.parametrize(
    "source, answer, expected",
    [
        (
            "I am Alice Johnson",
            "{given}, {family}, {UPPER} and {family}'s",
            "Alice, Johnson, ALICE JOHNSON and Johnson's",
        ),
        ("card 4111-1111-1111-1111", "{compact}", "4111111111111111"),
        ("write bob@corp.com", "{url}", "bob%40corp.com"),
    ],
)
def test_other_ways_to_write_a_surrogate(source: str, answer: str, expected: str) -> None:
    hidden = Sanitizer(key="k").hide(source)
    made = hidden.text.removeprefix("I am ").removeprefix("card ").removeprefix("write ")
    given_, _, family = made.partition(" ")
    ways = {
        "given": given_,
        "family": family,
        "UPPER": made.upper(),
        "compact": made.replace("-", ""),
        "url": made.replace("@", "%40"),
    }
    assert hidden.restore(answer.format(**ways)) == expected


def test_chinese_titles() -> None:
    hidden = Sanitizer(key="k").hide("我叫张伟。")
    family = hidden.text[2]
    assert hidden.restore(f"{family}先生，您好") == "张先生，您好"


def test_a_chunk_costs_what_it_holds() -> None:
    """However much has gone before it."""
    fresh, old = Restorer(TABLE), Restorer(TABLE)
    for _ in range(20_000):
        old.feed("aba")

    def feed(restorer: Restorer) -> None:
        for _ in range(5_000):
            restorer.feed("aba")

    assert grows_at_most(3, lambda: feed(fresh), lambda: feed(old), slack=0.02)


@pytest.mark.parametrize("kind", [ChannelKind.CONTENT, ChannelKind.ARGUMENTS])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_surrogate_behind_an_escaped_line_break_comes_back(kind: ChannelKind, depth: int) -> None:
    answer, expected = "call\nlena@example.org", "call\nbob@corp.com"
    for _ in range(depth):
        answer, expected = json.dumps({"a": answer}), json.dumps({"a": expected})
    restorer = Restorer(Table([Variant("lena@example.org", "bob@corp.com")]), kind)
    assert "".join(restorer.feed(c) for c in answer) + restorer.close() == expected


def test_escaped_names_come_back_from_json_in_json() -> None:
    answer, expected = (json.dumps({"a": json.dumps({"b": f"你好{name}"})}) for name in ("郏轩", "张伟"))
    restorer = Restorer(Table([Variant("郏轩", "张伟")]), ChannelKind.ARGUMENTS)
    assert restorer.feed(answer) + restorer.close() == expected


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"key": "EXAMPLE7"}', '{"key": "p\\"w\\nx"}'),
        (' \n{"key": "EXAMPLE7"}', ' \n{"key": "p\\"w\\nx"}'),
        ('{"name": "\\u90cf\\u8f69"}', '{"name": "\\u5f20\\u4f1f"}'),
        ("The key is EXAMPLE7", 'The key is p"w\nx'),
        ("[EXAMPLE7]", '[p"w\nx]'),
    ],
)
def test_an_answer_that_is_json_stays_json(text: str, expected: str, size: int) -> None:
    restorer = Restorer(Table([Variant("EXAMPLE7", 'p"w\nx'), Variant("郏轩", "张伟")]), guess=True)
    pieces = [restorer.feed(text[i : i + size]) for i in range(0, len(text), size)]
    assert "".join(pieces) + restorer.close() == expected


def test_a_phone_number_comes_back_in_the_usual_writings() -> None:
    hidden = Sanitizer(key="k").hide("Call +1 415-867-5309.")
    area, rest = hidden.text[8:11], hidden.text[12:20]
    for answer, expected in [
        (f"{area}-{rest}", "415-867-5309"),
        (f"({area}) {rest}", "(415) 867-5309"),
        (f"{area}.{rest.replace('-', '.')}", "415.867.5309"),
    ]:
        assert hidden.restore(f"Call {answer}!") == f"Call {expected}!"
