"""The gated recognisers find what Presidio's own objects find in the whole text."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from presidio_analyzer import predefined_recognizers as known

from sanitizers.detect.phone import Phones
from sanitizers.detect.presidio import OfflineEmailRecognizer, PresidioPatterns, gates
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span, merge
from tests.sanitizers.strategies import texts

GATES = gates()
NOISE = st.text(alphabet="0123456789 -.:/@abcABC1xX+()_%\u017f\u212aé中\n", max_size=60)


@pytest.mark.parametrize("gate", GATES, ids=lambda g: g.type)
@settings(max_examples=150, deadline=None)
@given(text=st.one_of(texts, NOISE))
@example(text="a@b.com@c.org 4111111111111111-4111 1111 1111 1111 ::ffff:10.0.0.1/8 DE89370400440532013000 2 days")
def test_a_gate_loses_and_adds_nothing(gate, text) -> None:
    expected = {(r.start, r.end, r.score) for r in gate.recogniser.analyze(text, [gate.type])}
    found = {(s.start, s.end, s.score) for s in PresidioPatterns(gated=[gate]).find(text, Budget(60))}
    assert found == expected


PHONES = Phones(memo=0)
ORACLE = known.PhoneRecognizer()


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(texts, NOISE))
@example(text="+1 (650) 253-0000 ext. 12, (030) 901820; 1-800 or 030/12345678 (212) 555-0123x4567 1234")
def test_phone_windows_lose_and_add_nothing(text) -> None:
    expected = merge(Span(r.start, r.end, "PHONE_NUMBER", r.score) for r in ORACLE.analyze(text, ["PHONE_NUMBER"]))
    assert merge(PHONES.find(text, Budget(60))) == expected


def test_no_recogniser_opens_a_socket(monkeypatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = list(PresidioPatterns(gated=gates()).find("mail a.b@mail.example.co.uk or 10.1.2.3", Budget(10)))
    assert {s.type for s in found} >= {"EMAIL_ADDRESS", "IP_ADDRESS"}


def test_importing_and_detecting_opens_no_socket_in_a_fresh_process() -> None:
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('socket opened')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse; socket.create_connection = refuse\n"
        "from sanitizers import Sanitizer\n"
        "h = Sanitizer(key='k').hide('write to someone@mail.example.co.uk')\n"
        "assert h.entities == {'EMAIL_ADDRESS': 1}, h.entities\n"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stderr == ""


def test_nothing_matched_reaches_the_log(caplog) -> None:
    import logging

    with caplog.at_level(logging.DEBUG):
        OfflineEmailRecognizer().analyze("x someone@corp.com", ["EMAIL_ADDRESS"])
        known.IbanRecognizer().analyze("DE89370400440532013000", ["IBAN_CODE"])
        logging.getLogger("presidio-analyzer").error("Failed to validate text %s", "DE89370400440532013000")
    assert "DE89" not in caplog.text and "someone" not in caplog.text
