"""The gated recognisers find what Presidio's own engine finds with the same recognisers in the whole text."""

from __future__ import annotations

import logging
import socket

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer import predefined_recognizers as known
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from sanitizers.detect import numbering
from sanitizers.detect.phone import PHONE_SCORE, Phones
from sanitizers.detect.presidio import OfflineEmailRecognizer, PresidioPatterns, gates
from sanitizers.detect.recogniser import Budget
from tests.sanitizers.strategies import cards, emails, numbers, others, phones, texts

GATES = gates()
NOISE = st.text(alphabet="0123456789 -.:/@abcABC1xX+()_%\u017f\u212aé中\n", max_size=60)
Result = tuple[str, int, int, float]


def spread(recogniser, text: str) -> list[RecognizerResult]:
    """Our spans as results, less those inside another of their type, as the engine leaves them out."""
    found = [
        RecognizerResult(s.type, s.start, s.end, s.score, recognition_metadata={"recognizer_name": "x"})
        for s in recogniser.find(text, Budget(60))
    ]
    return EntityRecognizer.remove_duplicates(found)


def rows(results: list[RecognizerResult]) -> set[Result]:
    return {(r.entity_type, r.start, r.end, r.score) for r in results}


class Ours:
    """All pattern recognisers and the phone recogniser."""

    def __init__(self) -> None:
        self._parts = (PresidioPatterns(gated=GATES), Phones(memo=0))

    def find(self, text: str, budget: Budget):
        for part in self._parts:
            yield from part.find(text, budget)


@pytest.fixture(scope="module")
def engine() -> AnalyzerEngine:
    own = [gate.recogniser for gate in gates()]
    for recogniser in own:
        recogniser.supported_language = "en"
    nlp = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    return AnalyzerEngine(RecognizerRegistry([*own, known.PhoneRecognizer()], supported_languages=["en"]), nlp)


def joined(*values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A few of the values between words and between each other, with and without separators."""
    glue = st.sampled_from((" ", ", ", "", "\n", ": ", "-", "/", " call ", "号码", "x", "(", ")", " no. ", "."))
    return st.lists(st.tuples(st.one_of(*values), glue).map("".join), min_size=1, max_size=8).map("".join)


# The generators: what is planted, and how many texts of it are held against the engine.
TABLE = {
    "mixed": (texts, 600),
    "noise": (NOISE, 300),
    "mail": (joined(emails), 200),
    "cards": (joined(cards), 200),
    "phones": (joined(phones), 600),
    "other ids": (joined(others), 300),
    "short numbers": (joined(st.builds(lambda n: str(n % 10 ** (n % 13 + 1)), numbers)), 300),
    "groups": (joined(st.from_regex(r"[+(]?\d{1,4}(?:[ ./()-]{1,2}\d{1,5}){0,5}", fullmatch=True)), 400),
    "extensions": (
        joined(st.from_regex(r"0?\d{8,11} ?(?:x|ext\.?|#|,,|;ext=|доб\.?|int) ?\d{1,5}#?", fullmatch=True)),
        200,
    ),
    "foreign": (joined(st.from_regex(r"(?:\+|00|011 ?)[1-9]\d{0,2}[ -]?\d{3,4}[ -]?\d{3,6}", fullmatch=True)), 300),
    "dates": (joined(st.from_regex(r"[0-3]?\d[/.-][01]?\d[/.-](?:20)?\d\d(?: [0-2]\d:\d\d)?", fullmatch=True)), 200),
}  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TABLE)
def test_all_recognisers_find_what_the_engine_finds(name, engine) -> None:
    strategy, count = TABLE[name]
    ours = Ours()

    @settings(max_examples=count, deadline=None)
    @given(text=strategy)
    @example(text="+1 (650) 253-0000 ext. 12, (030) 901820; 1-800 or 030/12345678 (212) 555-0123x4567 1234")
    @example(text="00000000x0# 00000000ext0# 020000000x0 ")
    @example(text="1 310 1234 or 310-1234, 0800 1111, (0)20 7946 0018, 211-227 (2003), 2012-01-02 08:00")
    def check(text: str) -> None:
        assert rows(spread(ours, text)) == rows(engine.analyze(text, "en"))

    check()


@pytest.mark.parametrize("gate", GATES, ids=lambda g: g.type)
@settings(max_examples=60, deadline=None)
@given(text=st.one_of(texts, NOISE))
@example(text="a@b.com@c.org 4111111111111111-4111 1111 1111 1111 ::ffff:10.0.0.1/8 DE89370400440532013000 2 days")
def test_a_gate_loses_and_adds_nothing(gate, text) -> None:
    expected = {(r.start, r.end, r.score) for r in gate.recogniser.analyze(text, [gate.type])}
    found = {(s.start, s.end, s.score) for s in PresidioPatterns(gated=[gate]).find(text, Budget(60))}
    assert found == expected


def test_the_phone_settings_are_those_of_presidio() -> None:
    stock = known.PhoneRecognizer()
    assert (stock.supported_regions, stock.leniency, stock.SCORE) == (
        numbering.REGIONS,
        numbering.LENIENCY,
        PHONE_SCORE,
    )


def test_every_hit_says_what_spoke_for_it() -> None:
    text = "a@b.com, 4111111111111111, call +1 650 253 0000"
    assert [s.by.split(" using")[0] for s in Ours().find(text, Budget(10)) if s.type != "URL"] == [
        "Detected by `OfflineEmailRecognizer`",
        "Detected by `CreditCardRecognizer`",
        "a valid phone number in US",
    ]


def test_no_recogniser_opens_a_socket(monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = list(PresidioPatterns(gated=gates()).find("mail a.b@mail.example.co.uk or 10.1.2.3", Budget(10)))
    assert {s.type for s in found} >= {"EMAIL_ADDRESS", "IP_ADDRESS"}


def test_nothing_matched_reaches_the_log(caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        OfflineEmailRecognizer().analyze("x someone@corp.com", ["EMAIL_ADDRESS"])
        known.IbanRecognizer().analyze("DE89370400440532013000", ["IBAN_CODE"])
        logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "DE89370400440532013000")
    assert "DE89" not in caplog.text and "someone" not in caplog.text
