"""Verify: a value that was found is replaced, or fails closed, in every way it may be written anywhere else."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import CheckUnavailable
from guard.surface import ChannelKind, Role
from sanitizers import Piece, Sanitizer, SanitizerOptions
from sanitizers.encodings import base64_cores
from sanitizers.search import Searcher, needles
from tests.support.timing import grows_at_most

SANITIZER = Sanitizer(SanitizerOptions(deny=("Projekt Falke & Söhne",)), key="k")
VALUES = {
    "PERSON": "Alice Johnson",
    "EMAIL_ADDRESS": "bob.smith@corp.com",
    "CREDIT_CARD": "4111 1111 1111 1111",
    "CUSTOM": "Projekt Falke & Söhne",
    "CN": "欧阳娜娜",
}
SAID = {
    "PERSON": "My name is Alice Johnson.",
    "EMAIL_ADDRESS": "Mail bob.smith@corp.com.",
    "CREDIT_CARD": "Card 4111 1111 1111 1111.",
    "CUSTOM": "On Projekt Falke & Söhne now.",
    "CN": "我叫欧阳娜娜。",
}


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WAYS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower url": lambda v: quote(v).lower(),
    "url": lambda v: quote(v, safe=""),
    "form": quote_plus,
    "json": lambda v: json.dumps({"x": v}),
    "json in json": lambda v: json.dumps({"x": json.dumps({"y": v})}),
    "json, not ascii": lambda v: json.dumps({"x": v}, ensure_ascii=False),
    "html": html.escape,
    "html, decimal": lambda v: (
        v.encode("ascii", "xmlcharrefreplace").decode().replace("@", "&#64;").replace("& ", "&#38; ")
    ),
    "html, hex": lambda v: "".join(f"&#X{ord(c):X};" if ord(c) > 126 or c in "&@" else c for c in v),
    "full width": lambda v: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in v),
    "zero width": lambda v: "\u200b".join(v),
    "right to left": lambda v: f"{v[:2]}\u202e{v[2:]}\u202c",
    "base64": b64,
    "base64, one in front": lambda v: b64("x" + v + " and more"),
    "base64, two in front": lambda v: b64("xy" + v + "z"),
    "base64, url-safe": lambda v: base64.urlsafe_b64encode(f"??>{v}??>".encode()).decode(),
    "newline": lambda v: v.replace(" ", "\n"),
    "underscore": lambda v: v.replace(" ", "_"),
    "run together": lambda v: v.replace(" ", ""),
    "hyphens": lambda v: v.replace(" ", "-"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("type_", VALUES)
def test_other_ways_to_write_a_value_go_as_well(type_: str, way: str) -> None:
    value = VALUES[type_]
    written = WAYS[way](value)
    pieces = [Piece(SAID[type_]), Piece(f"see {written} there", Role.TOOL)]
    hiding, _ = SANITIZER.hide_pieces(pieces)
    assert written not in hiding.texts[1]
    flat = hiding.texts[1].casefold().replace("\u200b", "")
    assert value.casefold() not in flat
    assert base64.b64encode(value.encode()).decode()[:-4] not in hiding.texts[1] or len(value) < 6


@pytest.mark.parametrize("way", ["base64, one in front", "base64", "url", "json in json", "underscore"])
def test_they_come_back_exactly(way: str) -> None:
    texts = [f"{SAID[t]} {WAYS[way](VALUES[t])}" for t in VALUES]
    hidden = SANITIZER.hide("\n".join(texts))
    assert hidden.restore(hidden.text) == "\n".join(texts)


@settings(max_examples=150, deadline=None)
@given(
    value=st.text(min_size=2, max_size=20).filter(lambda v: len(v.encode("utf-8", "surrogatepass")) >= 6),
    before=st.binary(max_size=5),
    after=st.binary(max_size=5),
)
def test_base64_of_any_text_around_a_value_holds_one_of_its_cores(value: str, before: bytes, after: bytes) -> None:
    raw = before + value.encode("utf-8", "surrogatepass") + after
    cores = list(base64_cores(value))
    assert any(core in base64.b64encode(raw).decode() for core in cores)
    assert any(core in base64.urlsafe_b64encode(raw).decode() for core in cores)


@settings(max_examples=150, deadline=None)
@given(value=st.text(alphabet="abcdef 01.@é张\"\\\n&<'", min_size=6, max_size=24).map(str.strip))
def test_every_encoding_is_looked_for(value: str) -> None:
    if len(value) < 6 or sum(c.isalnum() for c in value) < 3:
        return
    searcher = Searcher(needles("SECRET", value))
    for way in ("url", "form", "json", "json in json", "html", "base64, two in front"):
        assert searcher.any(f"<{WAYS[way](value)}>"), way


@pytest.mark.parametrize("spread", ["none", "one piece", "many pieces"])
def test_a_leak_fails_closed_wherever_it_stands(spread: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanitizers.hide._compose", lambda pieces, *_: ([p.text for p in pieces], [""] * len(pieces)))
    pieces = [Piece("Mail bob.smith@corp.com"), *(Piece("x") for _ in range(50 if spread == "many pieces" else 0))]
    with pytest.raises(CheckUnavailable) as caught:
        SANITIZER.hide_pieces(pieces)
    assert caught.value.reason == "leak" and "bob" not in str(caught.value)


def test_verifying_costs_the_length_of_the_text_whatever_the_number_of_values() -> None:
    few, many = (
        Searcher(n for i in range(values) for n in needles("EMAIL_ADDRESS", f"user{i}.name@host{i}.com"))
        for values in (5, 1000)
    )
    text = "nothing to see here, only words and words " * 5000
    assert not few.any(text) and not many.any(text)
    assert grows_at_most(8, lambda: few.any(text), lambda: many.any(text), slack=0.05)


KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----"


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_secrets_of_several_lines_come_back_in_json_in_json(depth: int, size: int) -> None:
    hidden = SANITIZER.hide(f"key:\n{KEY}\n")
    surrogate = hidden.text.removeprefix("key:\n").strip()
    answer: object = surrogate
    for _ in range(depth):
        answer = json.dumps({"key": answer})
    body = json.dumps({"arguments": answer})
    restorer = hidden.restorer(ChannelKind.ARGUMENTS)
    out = "".join(restorer.feed(body[i : i + size]) for i in range(0, len(body), size)) + restorer.close()
    inner = json.loads(out)["arguments"]
    for _ in range(depth):
        inner = json.loads(inner)["key"]
    assert inner == KEY
