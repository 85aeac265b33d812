"""Hiding finds of every type, whoever found them: exact on the way back, injective, nothing left."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.errors import CheckUnavailable
from guard.surface import Role
from sanitizers import Piece, Policy, SanitizerOptions
from sanitizers.detect import Span
from sanitizers.hide import Hiding, hide
from sanitizers.names_list import EN_FAMILY, EN_FEMALE
from sanitizers.restore import Restorer
from tests.support.timing import grows_at_most

KEY = b"k" * 32
VALUES = [
    ("PERSON", "Alice Johnson"), ("PERSON", "Johnson, Alice"), ("PERSON", "Bob"), ("PERSON", "A. Johnson"),
    ("PERSON", "张伟"), ("PERSON", "王小明"), ("PERSON", "约翰·史密斯"), ("PERSON", "Dr. Anna-Maria van Dyck"),
    ("PERSON", "O'Brien"), ("PERSON", "JOHN Q. PUBLIC"), ("PERSON", "李总"), ("PERSON", "Ünal Öztürk"),
    ("EMAIL_ADDRESS", "alice.johnson@corp.com"), ("EMAIL_ADDRESS", "zhangwei@corp.cn"), ("EMAIL_ADDRESS", "x7@a.io"),
    ("EMAIL_ADDRESS", "info@corp.com"), ("EMAIL_ADDRESS", "info@corp.org"),
    ("ORGANIZATION", "Acme Corp"), ("ORGANIZATION", "Acme"), ("ORGANIZATION", "IBM"), ("ORGANIZATION", "AT&T Inc."),
    ("ORGANIZATION", "腾讯科技有限公司"), ("ORGANIZATION", "北京大学"), ("ORGANIZATION", "Johnson's Bakery"),
    ("LOCATION", "Paris"), ("LOCATION", "Austin, TX"), ("LOCATION", "Austin"), ("LOCATION", "New York"),
    ("LOCATION", "浙江省杭州市"), ("LOCATION", "杭州"), ("LOCATION", "新疆"), ("LOCATION", "新疆维吾尔自治区"),
    ("ADDRESS", "123 Main St, Apt 4B, Springfield, IL 62704"), ("ADDRESS", "Hauptstraße 5\n10115 Berlin"),
    ("ADDRESS", "浙江省杭州市西湖区文三路100号3栋502室"),
    ("DATE_TIME", "2024-03-05"), ("DATE_TIME", "March 5, 2024"), ("DATE_TIME", "5/3/24"), ("DATE_TIME", "1985"),
    ("DATE_TIME", "2024年3月5日"), ("DATE_TIME", "二〇二四年三月五日"), ("DATE_TIME", "yesterday"),
    ("DATE_OF_BIRTH", "1979-11-30"),
    ("MONEY", "$1,234.56"), ("MONEY", "¥3.5万元"), ("MONEY", "five million dollars"), ("MONEY", "伍仟元整"),
    ("AGE", "42"), ("AGE", "7岁"), ("TITLE", "Senior Engineer"), ("TITLE", "软件工程师"),
    ("CREDIT_CARD", "4111 1111 1111 1111"), ("CN_BANK_CARD", "6222020200001234567"), ("CN_MOBILE", "13812345678"),
    ("CN_LANDLINE", "010-62345678"), ("PHONE_NUMBER", "+44 20 7123 4567"), ("PHONE_NUMBER", "(212) 736-5000"),
    ("CN_PLATE", "京A12345"), ("CN_PASSPORT", "E12345678"), ("CN_QQ", "123456789"), ("CN_WECHAT", "wxid_abc123def"),
    ("CN_CREDIT_CODE", "91110108MA01ABCD2X"), ("CN_RESIDENT_ID", "11010519491231002X"),
    ("IBAN_CODE", "DE89370400440532013000"),
    ("SECRET", "sk-proj-abcdefgh12345678"), ("PASSWORD", 'p"w\\d\n1'), ("CUSTOM", "Projekt <Falke> & Söhne"),
    ("URL", "https://corp.com/a?b=c"), ("IP_ADDRESS", "10.1.2.3"), ("UK_VEHICLE_REGISTRATION", "AB12 CDE"),
]  # fmt: skip
OPTIONS = SanitizerOptions(seconds=60)
fill = st.sampled_from((" ", ", ", " and ", "。", "\n", " (", ") ", "：", " x ", "/", " 2024 ", "'s ", "the ", "是"))
texts = st.lists(st.tuples(st.sampled_from(VALUES), fill), min_size=1, max_size=8)
slow = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def piece(parts: list[tuple[tuple[str, str], str]], role: Role = Role.USER) -> tuple[Piece, list[Span]]:
    """A text of values with filling behind each, and where the values stand."""
    text, spans = " ", []
    for (type_, value), after in parts:
        spans.append(Span(len(text), len(text) + len(value), type_, 0.9))
        text += value + after
    return Piece(text, role), spans


def hiding(*made: tuple[Piece, list[Span]], options: SanitizerOptions = OPTIONS, key: bytes = KEY) -> Hiding:
    return hide([p for p, _ in made], [s for _, s in made], key, options)


def restored(result: Hiding, text: str, size: int) -> str:
    restorer = Restorer(result.table)
    return "".join(restorer.feed(text[i : i + size]) for i in range(0, len(text), size)) + restorer.close()


@slow
@given(one=texts, two=texts, size=st.integers(1, 9))
def test_every_type_comes_back_exactly(
    one: list[tuple[tuple[str, str], str]], two: list[tuple[tuple[str, str], str]], size: int
) -> None:
    made = [piece(one), piece(two, Role.TOOL)]
    result = hiding(*made)
    for (was, _), text in zip(made, result.texts, strict=True):
        assert restored(result, text, size) == was.text
        assert restored(result, text, len(text)) == was.text


@slow
@given(parts=texts)
def test_no_two_values_share_a_stand_in(parts: list[tuple[tuple[str, str], str]]) -> None:
    result = hiding(piece(parts))
    by_text: dict[str, set[str]] = {}
    source = piece(parts)[0].text
    for r in result.replaced:
        by_text.setdefault(r.text, set()).add(source[r.start : r.end])
        assert r.text not in source
    assert all(len(values) == 1 for values in by_text.values())


@pytest.mark.parametrize(("type_", "value"), VALUES)
def test_a_value_keeps_its_stand_in_whatever_stands_beside_it(type_: str, value: str) -> None:
    alone = hiding(piece([((type_, value), ".")]))
    beside = hiding(piece([((type_, value), "."), (("EMAIL_ADDRESS", "someone.else@other.org"), " ")]))
    assert [r.text for r in alone.replaced] == [r.text for r in beside.replaced][: len(alone.replaced)]
    assert value not in alone.texts[0] or value == "yesterday"
    other = hiding(piece([((type_, value), ".")]), key=b"o" * 32)
    assert other.texts != alone.texts or type_ in ("TITLE", "AGE", "LOCATION", "MONEY") or not alone.replaced


def test_dates_move_together_and_amounts_keep_their_order() -> None:
    days = [("DATE_TIME", d) for d in ("2024-03-05", "2024-03-19", "March 12, 2024")]
    result = hiding(piece([(d, " ") for d in days]))
    import datetime

    a, b, c = (r.text for r in result.replaced)
    first, second = datetime.date.fromisoformat(a), datetime.date.fromisoformat(b)
    assert (second - first).days == 14
    assert (datetime.datetime.strptime(c, "%B %d, %Y").date() - first).days == 7


def test_an_answer_may_write_a_date_in_another_format() -> None:
    result = hiding(piece([(("DATE_TIME", "2024-03-05"), " ")]))
    import datetime

    made = datetime.date.fromisoformat(result.replaced[0].text)
    said = f"on {made:%B} {made.day}, {made.year}, that is {made.year}年{made.month}月{made.day}日."
    assert restored(result, said, 3) == "on March 5, 2024, that is 2024年3月5日."


@pytest.mark.parametrize("policy", [Policy.ONE_WAY, Policy.MASK])
@pytest.mark.parametrize(("type_", "value"), [("PERSON", "Alice Johnson"), ("CREDIT_CARD", "4111 1111 1111 1111")])
def test_what_goes_one_way_stays(policy: Policy, type_: str, value: str) -> None:
    options = SanitizerOptions(entities={type_: policy})
    other = ("EMAIL_ADDRESS", "alice.johnson@corp.com")
    result = hiding(piece([((type_, value), " at "), (other, " ")]), options=options)
    made = result.replaced[0].text
    assert made != value
    said = f"{result.texts[0]} {made.upper()}"
    assert value not in restored(result, said, 2) and other[1] in restored(result, said, 2)


def test_a_longer_place_goes_whole() -> None:
    result = hide(
        [Piece("我在新疆。新疆维吾尔自治区很大，新疆人也多。")], [[Span(2, 4, "LOCATION", 0.9)]], KEY, OPTIONS
    )
    assert "维吾尔" not in result.texts[0] and "新疆" not in result.texts[0]
    assert restored(result, result.texts[0], 1) == "我在新疆。新疆维吾尔自治区很大，新疆人也多。"


def test_base64_around_a_value_goes_whole_and_comes_back() -> None:
    import base64

    blob = base64.b64encode(b"user=alice.johnson@corp.com;role=admin").decode()
    text = f"alice.johnson@corp.com sent {blob} today"
    result = hide([Piece(text)], [[Span(0, 22, "EMAIL_ADDRESS", 0.9)]], KEY, OPTIONS)
    assert blob[:20] not in result.texts[0]
    assert restored(result, result.texts[0], 1) == text


def test_no_free_surrogate_fails_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanitizers.assign.Assigner.present", lambda self, text: True)
    with pytest.raises(CheckUnavailable) as caught:
        hiding(piece([(("CREDIT_CARD", "4111 1111 1111 1111"), " ")]))
    assert caught.value.reason == "surrogates"


def test_a_long_conversation_of_new_people_takes_time_in_proportion() -> None:
    families, first = sorted(EN_FAMILY), EN_FEMALE

    def talk(turns: int) -> None:
        pieces = [
            Piece(f"{first[i % len(first)]} {families[i * 7 % len(families)]} wrote from user{i}@host{i}.com")
            for i in range(turns)
        ]
        texts = [piece.text for piece in pieces]
        spans = [
            [Span(0, t.index(" wrote"), "PERSON", 0.9), Span(t.index("user"), len(t), "EMAIL_ADDRESS", 0.9)]
            for t in texts
        ]
        hide(pieces, spans, b"k" * 32, SanitizerOptions(seconds=300))

    # eight times the text; every address asked every person: 64 times
    assert grows_at_most(25, lambda: talk(200), lambda: talk(1600))


def test_an_address_is_no_part_of_a_longer_number() -> None:
    """`Elm St 10.4` in `Elm St 10.43.133.99` would tear the number after it apart."""
    texts = ("Elm St 10.4 is here", "Elm St 10.43.133.99 is there")
    spans = [[Span(0, 11, "ADDRESS", 0.8)], [Span(7, 19, "IP_ADDRESS", 0.6)]]
    hiding = hide([Piece(text) for text in texts], spans, b"k" * 32, SanitizerOptions(ner=()))
    assert hiding.entities == {"ADDRESS": 1, "IP_ADDRESS": 1} and "43" not in hiding.texts[1]
