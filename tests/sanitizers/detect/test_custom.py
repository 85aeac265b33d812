"""Recognisers of the operator's own: their form, their scores, their bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.config.sanitize import Recognizer
from guard.errors import CheckUnavailable, ConfigError
from sanitizers import Policy, Sanitizer, SanitizerOptions
from sanitizers.detect import Budget, Detector, DetectorOptions
from sanitizers.detect.custom import custom, registry

STAFF = {
    "name": "Staff number",
    "supported_entity": "STAFF_ID",
    "supported_languages": ["en"],
    "patterns": [{"name": "staff", "regex": r"\bE-\d{5}\b", "score": 0.4}],
    "context": ["staff", "employee", "工号"],
}


def found(text: str, *entries: object) -> list[tuple[str, str, float]]:
    detector = Detector(DetectorOptions(further=custom(entries), min_score=0.1, types=None))
    return [(s.type, text[s.start : s.end], round(s.score, 2)) for s in detector.detect(text)]


@pytest.mark.parametrize(
    "text, entry, expected",
    [
        ("code E-12345 here", STAFF, [("STAFF_ID", "E-12345", 0.4)]),
        ("staff e-12345", STAFF, [("STAFF_ID", "e-12345", 0.75)]),
        ("工号：E-12345", STAFF, [("STAFF_ID", "E-12345", 0.75)]),
        (
            "project falcon and Falcons",
            {"name": "n", "entity": "PROJECT", "deny_list": ["falcon", "condor"], "deny_list_score": 0.9},
            [("PROJECT", "falcon", 0.9)],
        ),
        (
            "plate ABC-123DE now",
            "NgVehicleRegistrationRecognizer",
            [("NG_VEHICLE_REGISTRATION", "ABC-123DE", 0.85)],
        ),
        ("AB12345", {"name": "PlPeselRecognizer", "type": "predefined", "enabled": False}, []),
        ("4111111111111111", "CreditCardRecognizer", [("CREDIT_CARD", "4111111111111111", 1.0)]),
    ],
)
def test_finds(text: str, entry: object, expected: list[tuple[str, str, float]]) -> None:
    assert found(text, entry) == expected


@pytest.mark.parametrize(
    "entry, message",
    [
        ({**STAFF, "patterns": [{"regex": "(", "score": 0.5}]}, "missing \\)"),
        ({**STAFF, "patterns": [{"regex": "a", "score": 5}]}, "score"),
        ({**STAFF, "patterns": [{"score": 0.5}]}, "no 'regex'"),
        ({**STAFF, "patterns": [{"regex": r"(a+)+$", "score": 0.5}]}, "too long on hostile text"),
        ({**STAFF, "patterns": [{"regex": r"(\w+\s?)*:", "score": 0.5}]}, "too long on hostile text"),
        ({**STAFF, "patterns": [{"regex": r"(\d|\d\d)+x", "score": 0.5}]}, "too long on hostile text"),
        ({**STAFF, "supported_entity": "staff id"}, "entity must be"),
        ({**STAFF, "colour": 1}, "unknown key 'colour'"),
        ({"name": "x", "entity": "X", "patterns": []}, "patterns"),
        ("NoSuchRecognizer", "no recognizer named"),
        ("GLiNERRecognizer", "works with a model"),
    ],
)
def test_refuses(entry: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        custom([entry])


def test_a_registry_file(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(
        "supported_languages: [en]\n"
        "recognizers:\n"
        "  - name: CreditCardRecognizer\n"
        "    supported_languages: [{language: en, context: [credit]}]\n"
        "    type: predefined\n"
        "  - name: NgVehicleRegistrationRecognizer\n"
        "    type: predefined\n"
        "  - name: KrFrnRecognizer\n"
        "    type: predefined\n"
        "    enabled: false\n"
        "  - name: zip\n"
        "    supported_entity: ZIP\n"
        "    type: custom\n"
        "    patterns: [{name: zip, regex: '(\\b\\d{5}(?:\\-\\d{4})?\\b)', score: 0.01}]\n"
        "    context: [zip, code]\n"
        "    score_thresholds: {default: 0.3}\n"
    )
    made = registry(path)
    assert [sorted(r.types) for r in made] == [["NG_VEHICLE_REGISTRATION"], ["ZIP"]]
    text = "zip code 90210, 10001" + " " * 60 + "30303"
    assert [text[s.start : s.end] for s in made[1].find(text, Budget(5))] == ["90210", "10001"]


@pytest.mark.parametrize("content", ["recognizers: 5", "- a", "a: [", ""])
def test_a_bad_registry_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "registry.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match="registry"):
        registry(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        registry(tmp_path / "none.yaml")


def test_its_types_are_entities() -> None:
    options = SanitizerOptions(recognizers=[STAFF], entities={"STAFF_ID": Policy.MASK}, min_scores={"STAFF_ID": 0.3})
    hidden = Sanitizer(options, key="k").hide("ask E-12345")
    assert hidden.text == "ask *******" and hidden.entities == {"STAFF_ID": 1}
    kept = SanitizerOptions(recognizers=[STAFF], entities={"STAFF_ID": Policy.KEEP}, min_score=0.1)
    assert Sanitizer(kept, key="k").hide("ask E-12345").text == "ask E-12345"
    hidden = Sanitizer(SanitizerOptions(recognizers=[STAFF]), key="k").hide("staff E-12345")
    assert "E-12345" not in hidden.text and hidden.restore(hidden.text) == "staff E-12345"
    with pytest.raises(ConfigError, match="unknown entity type 'STAFF_ID'"):
        SanitizerOptions(entities={"STAFF_ID": Policy.MASK})


def test_a_slow_pattern_ends_with_the_budget(monkeypatch) -> None:
    monkeypatch.setattr("sanitizers.detect.custom._probes", lambda expression: iter(()))
    (slow,) = custom([{**STAFF, "patterns": [{"regex": r"(a+)+$", "score": 0.5}]}])
    with pytest.raises(CheckUnavailable) as caught:
        list(slow.find("a" * 5000 + "!", Budget(0.2)))
    assert caught.value.reason == "budget"


def test_the_form_in_guard_yaml() -> None:
    node = Recognizer.model_validate({**STAFF, "type": "custom"})
    assert found("staff E-12345", node.model_dump(exclude_none=True)) == [("STAFF_ID", "E-12345", 0.75)]
    assert custom([Recognizer.model_validate("PlPeselRecognizer").model_dump(exclude_none=True)])[0].types == {
        "PL_PESEL"
    }
