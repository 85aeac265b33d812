"""Presidio's recognisers come without its NLP engines, and are still Presidio's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guard.errors import ConfigError
from sanitizers.detect.library import load, recogniser_modules


def run(program: str) -> str:
    """Standard output of a fresh process; its standard error must stay empty."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip()


def test_hiding_without_ner_imports_no_model_library() -> None:
    program = (
        "import sys\n"
        "from sanitizers import Sanitizer\n"
        "h = Sanitizer(key='k').hide('write to someone@mail.example.co.uk or call (212) 736-5000')\n"
        "assert sum(h.entities.values()) == 2, h.entities\n"
        "print([m for m in ('torch', 'transformers', 'spacy', 'stanza', 'presidio_analyzer') if m in sys.modules])\n"
    )
    assert run(program) == "[]"


def test_a_later_full_import_finds_the_same_classes() -> None:
    program = (
        "from sanitizers.detect.library import load\n"
        "ours = load('IbanRecognizer'), load('UkNinoRecognizer')\n"
        "import presidio_analyzer as p\n"
        "from presidio_analyzer import predefined_recognizers as known\n"
        "assert ours == (known.IbanRecognizer, known.UkNinoRecognizer)\n"
        "assert issubclass(ours[0], p.PatternRecognizer) and p.AnalyzerEngine and p.predefined_recognizers is known\n"
        "print(p.PatternRecognizer is load('PatternRecognizer'), p.RecognizerResult is load('RecognizerResult'))\n"
    )
    assert run(program) == "True True"


def test_importing_and_detecting_opens_no_socket_in_a_fresh_process() -> None:
    program = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('socket opened')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse; socket.create_connection = refuse\n"
        "from sanitizers import Sanitizer\n"
        "h = Sanitizer(key='k').hide('write to someone@mail.example.co.uk')\n"
        "print(h.entities)\n"
    )
    assert run(program) == "{'EMAIL_ADDRESS': 1}"


def test_every_recogniser_is_known_by_name() -> None:
    assert {"IbanRecognizer", "PlPeselRecognizer", "GLiNERRecognizer"} <= set(recogniser_modules())
    assert load("PlPeselRecognizer")().supported_entities == ["PL_PESEL"]
    with pytest.raises(ConfigError, match="no recognizer named 'NoSuchRecognizer'"):
        load("NoSuchRecognizer")
