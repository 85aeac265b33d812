# ruff: noqa: E501  rows of a table
"""No text holds a recogniser up: twice the text takes about twice the time, whatever it is made of."""

from __future__ import annotations

import pytest

from sanitizers.detect import Budget, Detector, DetectorOptions
from sanitizers.detect.address import STREETS, Addresses
from sanitizers.detect.cards import CARDS
from sanitizers.detect.china import CHINA
from sanitizers.detect.credentials import CREDENTIALS
from sanitizers.detect.custom import custom
from sanitizers.detect.detector import known_types
from sanitizers.detect.email import EMAILS
from sanitizers.detect.glued import Glued
from sanitizers.detect.handles import HANDLES
from sanitizers.detect.identifiers import IDENTIFIERS, Ibans
from sanitizers.detect.names import Names
from sanitizers.detect.national import National
from sanitizers.detect.phone import Phones
from sanitizers.detect.presidio import PresidioPatterns
from sanitizers.detect.recogniser import Recogniser
from sanitizers.detect.secrets import JSON_WEB_TOKENS, PrivateKeys, Tokens
from sanitizers.detect.telephone import TELEPHONES
from sanitizers.detect.times import TIMES
from tests.support.timing import grows_at_most

NEAR = 100_000  # matches that fail at their end
STAFF = custom([{"name": "s", "entity": "S", "patterns": [{"regex": r"\bE-\d{5}\b", "score": 0.9}], "context": ["id"]}])[0]  # fmt: skip

# A recogniser, and what looks like its values up to the last character.
TABLE: list[tuple[Recogniser, tuple[str, ...]]] = [
    (CHINA, ("110105194912310021 ", "1381234567 ", "010-8888666 ", "6222021234567890129 ", "91350100M000100Y44 ", "京A1234 ", "微信:", "护照E1234567 ", "62 ")),
    (Glued(), ("1" * 10, "11010519491231002")),
    (Addresses(), ("中山路", "北京市海淀区", "12号", "市区县", "在路", "一一一号")),
    (STREETS, ("12 Main ", "1600 Pennsylvania Washington ", "12 A St, ", "1 A A A A A ")),
    (TIMES, ("2024年13", "二〇二四年", "31/12/", "5 May ", "born ", "￥1,", "1,1,", "一百万", "八月")),
    (Tokens(), ("sk-", "ghp_abcdefghijklmnopqrstuvwxyz012 ", "xoxb-1", "AKIAIOSFODNN7EXAMPL ", "SG.abcdefghijklmnopqrstu.", "123456789:AAbbb")),
    (JSON_WEB_TOKENS, ("eyJabcdefgh.", "eyJ", "eyJhbGciOi.a.b ")),
    (PrivateKeys(), ("-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "PuTTY-User-Key-File-2:")),
    (CREDENTIALS, ("password=", "password: a ", "http://a:b ", "://", "a://", "token=aaaaaaaa ", "Basic QUJD ", "密码", "-u a:", 'password="')),
    (National(), ("passport ", "account number 1234 ", "driver's license A1 ", "pesel 4405140135 ")),
    (Ibans(), ("DE89370400440532013 ", "DE89 ", "de89")),
    (IDENTIFIERS, ("ssn 53622123 ", "123.456.789-00 ", "A12345678 ", "2 55 08 14 168 025 3 ", "sin 1")),
    (EMAILS, ("a.", "a@b-", "a@b.", "@", "a%40")),
    (CARDS, ("2720418695252981 ", "503802053771 ", "4273 ", "card ")),
    (TELEPHONES, ("1", "+1", "1 ", "phone ", "call 1-", "(1) 2", "1 cell 12x", "phone 1234567890123456 ")),
    (HANDLES, ("@", "@a ", "@ab(", "@ab\n", "@ab\n@cd ")),
    (Names(), ("My name is ", "Dear A", "我叫张", "Alice ")),
    (Phones(memo=0), ("212736500 ", "+1 ", "(2", "2127365000x", "1/")),
    (PresidioPatterns(types=known_types() - {"URL"}), ("4111111111111112 ", "1.1.1.", "a:", "0a:1b:", "12345678", "bc1", "a@b.c")),
    (STAFF, ("E-1234", "E-", "id ")),
]  # fmt: skip
ROWS = [(recogniser, text) for recogniser, texts in TABLE for text in texts]


@pytest.mark.parametrize("recogniser, near", ROWS, ids=[ascii(text) for _, text in ROWS])
def test_time_grows_with_the_text(recogniser: Recogniser, near: str) -> None:
    def find(count: int) -> None:
        for _ in recogniser.find(near * count, Budget(600)):
            pass

    count = NEAR // (5 if len(near) < 5 else 20)
    find(100)
    assert grows_at_most(3, lambda: find(count // 2), lambda: find(count))


@pytest.mark.parametrize("recogniser, near", [(r, near[0]) for r, near in TABLE], ids=[ascii(n[0]) for _, n in TABLE])
def test_a_hundred_thousand_near_matches(recogniser: Recogniser, near: str) -> None:
    for span in recogniser.find(near * NEAR, Budget(60)):  # raises when that is spent
        assert not span.certain or near == "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize("chars", ["x", "1", "中", "a1-", "\u202e1\u200b", "\ud800"], ids=ascii)
def test_a_line_of_a_megabyte(chars: str) -> None:
    detector = Detector(DetectorOptions(seconds=600, remember=0))
    line = chars * (1_000_000 // len(chars))
    assert grows_at_most(3, lambda: detector.detect(line[: len(line) // 2]), lambda: detector.detect(line))


@pytest.mark.parametrize(
    "text, value",
    [
        ("id 1101\u200b0519491231\u200d002X.", "1101\u200b0519491231\u200d002X"),
        ("\u202e身份证\u202c11010519491231002X\u202c", "11010519491231002X"),
        ("卡号62220212\u20603456\u00ad7890128", "62220212\u20603456\u00ad7890128"),
        ("密码：\u200fhunter2\u200e ok", "hunter2"),
        ("\ud800我住中山路\ud80012号\udfff", None),
        ("\ud800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\udfff", "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"),
        ("\ufeffDE89\u00a03704\u202f0044 0532 0130 00", "DE89\u00a03704\u202f0044 0532 0130 00"),
    ],
)
def test_invisible_characters_and_lone_surrogates(text: str, value: str | None) -> None:
    spans = Detector().detect(text)
    assert value is None or value in [text[s.start : s.end] for s in spans]
