"""What is found, what is left alone, and that hostile text cannot hold the detector up."""

from __future__ import annotations

import time

import pytest

from guard.errors import CheckUnavailable
from sanitizers.detect import Detector, DetectorOptions, Span, merge
from sanitizers.detect.china import is_resident_id
from sanitizers.detect.fold import fold

DETECTOR = Detector()


def found(text: str, detector: Detector = DETECTOR) -> list[tuple[str, str]]:
    return [(s.type, text[s.start : s.end]) for s in detector.detect(text)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("My name is Alice Johnson and I code", [("PERSON", "Alice Johnson")]),
        ("my name is Ravi.", [("PERSON", "Ravi")]),
        ("I am Robert Miller, hello", [("PERSON", "Robert Miller")]),
        ("Dear Mr. O'Brien,", [("PERSON", "O'Brien")]),
        ("Dear Priyanka,\n", [("PERSON", "Priyanka")]),
        ("ask Dr. Anna-Maria van Dyck today", [("PERSON", "Anna-Maria van Dyck")]),
        ("Name: Fatima Hassan\nAge: 4", [("PERSON", "Fatima Hassan")]),
        ("patient: Xiulan Zhao\n", [("PERSON", "Xiulan Zhao")]),
        ("Kind regards,\nJohn Q. Public", [("PERSON", "John Q. Public")]),
        ("We met Alice Johnson's boss", [("PERSON", "Alice Johnson")]),
        ("MR JONES called", [("PERSON", "JONES")]),
        ("我叫张伟，今年三十岁", [("PERSON", "张伟")]),
        ("我叫李小龙来自广东", [("PERSON", "李小龙")]),
        ("姓名：王芳", [("PERSON", "王芳")]),
        ("请联系张伟先生", [("PERSON", "张伟")]),
        ("王女士您好", [("PERSON", "王女士")]),
        ("欧阳娜娜女士", [("PERSON", "欧阳娜娜")]),
        ("身份证11010519491231002X。", [("CN_RESIDENT_ID", "11010519491231002X")]),
        ("手机13812345678", [("CN_MOBILE", "13812345678")]),
        ("电话 +86 138-1234-5678", [("CN_MOBILE", "+86 138-1234-5678")]),
        ("手机１３８１２３４５６７８", [("CN_MOBILE", "１３８１２３４５６７８")]),
        ("mail ali\u200bce@corp.com", [("EMAIL_ADDRESS", "ali\u200bce@corp.com")]),
        ("ask ops@db.internal, a@x.corp", [("EMAIL_ADDRESS", "ops@db.internal"), ("EMAIL_ADDRESS", "a@x.corp")]),
        ("mail bob@corp.com.Then go", [("EMAIL_ADDRESS", "bob@corp.com.Then")]),
        ("请联系bob@corp.com谢谢", [("EMAIL_ADDRESS", "bob@corp.com")]),
        ("邮箱是bob@corp.com", [("EMAIL_ADDRESS", "bob@corp.com")]),
        ("https://x.org/?mail=bob%40corp.com", [("EMAIL_ADDRESS", "bob%40corp.com")]),
        ("卡号4111111111111111谢谢", [("CREDIT_CARD", "4111111111111111")]),
        ("file scan_4111111111111111_2.pdf", [("CREDIT_CARD", "4111111111111111")]),
        ("tel-13812345678", [("CN_MOBILE", "13812345678")]),
        ("10.0.0.1/10.0.0.2", [("IP_ADDRESS", "10.0.0.1"), ("IP_ADDRESS", "10.0.0.2")]),
        ("10.0.0.0/24", [("IP_ADDRESS", "10.0.0.0/24")]),
        ("4111111111111111-bob@corp.com", [("CREDIT_CARD", "4111111111111111"), ("EMAIL_ADDRESS", "bob@corp.com")]),
        ("地址10.1.2.3的机器", [("IP_ADDRESS", "10.1.2.3")]),
        ("card 4111\u20091111\u202f1111\u20071111", [("CREDIT_CARD", "4111\u20091111\u202f1111\u20071111")]),
        ("ssn 536–22–1234", [("US_SSN", "536–22–1234")]),
        ("card ٤١١١١١١١١١١١١١١١", [("CREDIT_CARD", "٤١١١١١١١١١١١١١١١")]),
        ("4111 1111 1111 1111", [("CREDIT_CARD", "4111 1111 1111 1111")]),
        ("call (212) 736-5000", [("PHONE_NUMBER", "(212) 736-5000")]),
        ("ssn 536-22-1234", [("US_SSN", "536-22-1234")]),
        ("host 10.1.2.3 and fe80::1ff:fe23:4567:890a", [("IP_ADDRESS",
        "10.1.2.3"), ("IP_ADDRESS", "fe80::1ff:fe23:4567:890a")]),
        ("export KEY=sk-proj-abcdEFGH12345678ijkl", [("SECRET", "sk-proj-abcdEFGH12345678ijkl")]),
        ("AKIAIOSFODNN7EXAMPLE", [("SECRET", "AKIAIOSFODNN7EXAMPLE")]),
        ("ghp_" + "a1B2" * 9, [("SECRET", "ghp_" + "a1B2" * 9)]),
        ("xoxb-123456789012-abcdefABCDEF", [("SECRET", "xoxb-123456789012-abcdefABCDEF")]),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", [("SECRET", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln")]),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- x",
            [("PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----")],
        ),
    ],
)  # fmt: skip
def test_finds(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "I am Happy to help. I am Chinese.",
        "Dear Customer, Dear Sir, Dear Hiring Manager,", "This is Python 3.11.0",
        "Hi Team, Hello World!", "the driver licence D3 of INTRODUCTORY terms", "def main(self): return x[10:20]",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61a32", "in 2024-11-23 at 10:30:15, 3.14159, 1,000,000",
        "4111 1111 1111 1112", "110105194912310021", "see https://example.org/a?b=1", "version 1.2.3",
        "ping 127.0.0.1:80 or ::1", "Ab::cd and dead::beef", "name: Guardchain\nname: Production Server",
        "sk-learn and risk-free", "我是学生，今天很高兴。",
        "他是一位先生", "方便的时候联系我们", "Grace and Hope are virtues",
        "icon@2x.png getty@tty1.service lodash@4.17.21 x@w.sum() @app.route a @ b.cc image@sha256:ab", "at 1715508672",
        "Chrome/124.0.6367.118 on 12.05.2024 10:30", "https://www.google.com/maps/place/Main+Avenue/@37.3362725,-121.8",
        "git clone git@github.com:org/repo.git", "ssh://git@example.org/x/y", "https://user:pass@host.org/x",
        "What is the capital of Virginia? Will Mark Twain be read?",
    ],
)  # fmt: skip
def test_leaves_alone(text: str) -> None:
    assert found(text) == []


def test_no_part_of_a_longer_name_alone() -> None:
    class Names:
        types = frozenset(("LOCATION",))

        def find(self, text: str, budget: object):
            for name, score in (("新疆", 0.95), ("新疆维吾尔自治区", 0.6), ("乌鲁木齐", 0.9)):
                yield Span(text.index(name), text.index(name) + len(name), "LOCATION", score)

    detector = Detector(DetectorOptions(), [Names()])
    assert found("在新疆维吾尔自治区的乌鲁木齐", detector) == [
        ("LOCATION", "新疆维吾尔自治区"),
        ("LOCATION", "乌鲁木齐"),
    ]


def test_allow_deny_and_scores() -> None:
    options = DetectorOptions(allow=["Help@Corp.com"], deny=["Project Falcon", "绝密"], min_scores={"IP_ADDRESS": 0.9})
    detector = Detector(options)
    text = "help@corp.com, bob@corp.com, project falcon, falcons, 绝密文件, 10.0.0.1"
    assert found(text, detector) == [
        ("EMAIL_ADDRESS", "bob@corp.com"),
        ("CUSTOM", "project falcon"),
        ("CUSTOM", "绝密"),
    ]


def test_wanted_types_only() -> None:
    assert found("bob@corp.com 10.0.0.1", Detector(DetectorOptions(types=frozenset(("IP_ADDRESS",))))) == [
        ("IP_ADDRESS", "10.0.0.1")
    ]


@pytest.mark.parametrize(
    "spans, kept",
    [
        ([Span(0, 9, "A", 0.9), Span(3, 5, "B", 0.1, certain=True)], ["B"]),
        ([Span(0, 9, "A", 0.5), Span(3, 5, "B", 0.6)], ["B"]),
        ([Span(0, 4, "A", 0.5), Span(2, 9, "B", 0.5)], ["B"]),
        ([Span(0, 4, "A", 0.5), Span(2, 6, "B", 0.5)], ["A"]),
        ([Span(0, 4, "B", 0.5), Span(0, 4, "A", 0.5)], ["A"]),
        ([Span(0, 4, "A", 0.5), Span(4, 6, "B", 0.5)], ["A", "B"]),
        ([Span(0, 8, "LOCATION", 0.6), Span(0, 2, "LOCATION", 0.9)], ["LOCATION"]),  # 新疆 in 新疆维吾尔自治区
        ([Span(0, 9, "ORGANIZATION", 0.6), Span(0, 4, "PERSON", 0.9), Span(5, 9, "LOCATION", 0.9)], ["ORGANIZATION"]),
        ([Span(0, 9, "ADDRESS", 0.6), Span(2, 4, "PERSON", 1.0, certain=True)], ["PERSON"]),
        ([Span(0, 9, "ADDRESS", 0.6), Span(2, 9, "CREDIT_CARD", 0.9)], ["CREDIT_CARD"]),
        ([Span(0, 4, "PERSON", 0.5), Span(0, 4, "LOCATION", 0.6)], ["LOCATION"]),
        ([], []),
    ],
)
def test_merging(spans: list[Span], kept: list[str]) -> None:
    assert [s.type for s in merge(spans)] == kept == [s.type for s in merge(reversed(spans))]


@pytest.mark.parametrize(
    "text, spans, kept",
    [
        ("Anna Maria Lopez", [Span(0, 10, "PERSON", 0.5), Span(5, 16, "PERSON", 0.9)], ["Anna", "Maria Lopez"]),
        ("bob@a.org 12", [Span(0, 12, "CUSTOM", 0.5), Span(4, 9, "X", 0.9)], ["bob", "a.org", "12"]),
        ("1234567890123 1", [Span(0, 6, "X", 0.9, certain=True), Span(0, 13, "Y", 1.0)], ["123456", "7890123"]),
        ("4111 12/26", [Span(0, 4, "X", 0.9), Span(0, 10, "Y", 0.4)], ["4111"]),
        ("Ann.", [Span(0, 3, "X", 0.9), Span(0, 4, "CUSTOM", 0.4)], ["Ann"]),
        ("Acme 4111", [Span(5, 9, "X", 0.9), Span(0, 9, "ORGANIZATION", 0.4)], ["Acme", "4111"]),
        ("Bonn 4111", [Span(5, 9, "X", 0.9), Span(0, 9, "LOCATION", 0.4)], ["Bonn", "4111"]),
        ("Elm 12 4111", [Span(7, 11, "X", 0.9), Span(0, 11, "ADDRESS", 0.4)], ["Elm 12", "4111"]),
        ("CTO 4111", [Span(4, 8, "X", 0.9), Span(0, 8, "TITLE", 0.4)], ["CTO", "4111"]),
    ],
)
def test_the_rest_of_a_weaker_find_stays_found_where_it_tells_something(text, spans, kept) -> None:
    merged = merge(spans, text)
    assert [text[s.start : s.end] for s in merged] == kept
    assert merged == merge(reversed(spans), text)


@pytest.mark.parametrize(
    "number, good",
    [
        ("11010519491231002X", True), ("11010519491231002x", True), ("110105194912310021", False),
        ("11010519491331002X", False), ("99010519491231002X", False), ("1101051949123100", False),
    ],
)  # fmt: skip
def test_resident_id(number: str, good: bool) -> None:
    assert is_resident_id(number) is good


def test_folding_keeps_offsets() -> None:
    text = "a\u200bｂ１，c"
    folded = fold(text)
    assert folded.text == "ab1，c"
    assert [text[folded.start(i) : folded.end(i + 1)] for i in range(5)] == ["a", "ｂ", "１", "，", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "a." * 100_000 + "@b", "a." * 100_000, "a@b.c" * 50_000, "a@" + "b-" * 100_000, "a%40" * 50_000, "中a" * 50_000,
        "a@" * 100_000, "@" * 200_000,
        "1" * 200_000, ":" * 300_000, "a:" * 150_000, "Alice " * 30_000,
        "-----BEGIN PRIVATE KEY-----" * 10_000, "sk-" * 100_000,
        "eyJabcdefgh." * 30_000, "我叫张" * 20_000, "\u200b" * 300_000,
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb" * 8_000,
        "My name is " * 30_000, "Dear A" * 50_000, "x" * 1_000_000, "\ud800" * 50_000,
    ],
    ids=lambda t: ascii(t[:8]),
)  # fmt: skip
def test_hostile_text_takes_bounded_time(text: str) -> None:
    started = time.monotonic()
    Detector(DetectorOptions(seconds=60)).detect(text)
    assert time.monotonic() - started < 15


def test_a_spent_budget_fails_closed() -> None:
    text = " ".join(f"{i * 7919 % 10**9:09d}" for i in range(100_000))
    started = time.monotonic()
    with pytest.raises(CheckUnavailable) as caught:
        Detector(DetectorOptions(seconds=0.5)).detect(text)
    assert caught.value.reason == "budget"
    assert time.monotonic() - started < 10


def test_known_texts_cost_nothing_and_are_forgotten_in_order() -> None:
    detector = Detector(DetectorOptions(remember=2))
    first = detector.detect("bob@corp.com")
    assert detector.detect("bob@corp.com") is first and detector.remembers("bob@corp.com")
    detector.detect("x@corp.com"), detector.detect("y@corp.com")
    assert not detector.remembers("bob@corp.com")


@pytest.mark.parametrize(
    "text, name, number, expected",
    [
        ("at host 10.43.133.99", "host 10", "10.43.133.99", ["host", "10.43.133.99"]),
        ("13812345678 Main Street", "678 Main Street", "13812345678", ["13812345678", " Main Street"]),
        ("12 Elm St 10.4.3.2", "12 Elm St 10.4.3.2", "10.4.3.2", ["12 Elm St 10.4.3.2"]),  # a whole number in a name
    ],
)
def test_a_name_does_not_cut_a_number_in_two(text, name, number, expected) -> None:
    at, of = text.index(name), text.index(number)
    spans = [
        Span(at, at + len(name), "ADDRESS", 0.8),
        Span(of, of + len(number), "IP_ADDRESS", 0.6),
    ]
    assert [text[s.start : s.end] for s in merge(spans, text)] == expected
