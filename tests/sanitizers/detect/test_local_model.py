"""A model's answer is believed only as far as the text bears it out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import CheckUnavailable
from sanitizers import Sanitizer
from sanitizers.detect.local_model import LocalModel, Question, chunks, occurrences, parse
from sanitizers.detect.recogniser import Budget

ONE = '{"values": [{"text": "Ann", "type": "PERSON"}]}'


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        (ONE, [("Ann", "PERSON")]),
        ('[{"text": "Ann", "type": "person"}]', [("Ann", "PERSON")]),
        (f"Sure! Here you go:\n```json\n{ONE}\n```\nAnything else?", [("Ann", "PERSON")]),
        ('<think>Is {"values": []} right? No.</think>' + ONE, [("Ann", "PERSON")]),
        ('{"entities": [{"text": " “Ann”, ", "type": "phone number"}]}', [("Ann", "PHONE_NUMBER")]),
        ('{"values": []}', []),
        ("[]", []),
        # items that are not as asked for
        ('[{"text": "Ann"}, {"text": 3, "type": "PERSON"}, null, {"text": "Bo", "type": "X"}]', [("Bo", "X")]),
        ('[{"text": "x", "type": "PERSON"}, {"text": "…", "type": "PERSON"}]', []),
        ('[{"text": "phone number", "type": "PHONE_NUMBER"}]', []),
        (json.dumps([{"text": "a" * 301, "type": "PERSON"}]), []),
        ('[{"text": "王", "type": "PERSON"}]', [("王", "PERSON")]),
        # no answer at all
        ("", None),
        ("I cannot help with that.", None),
        ("As [1] says, there is nothing.", None),
        ('{"values": [{"text": "Ann", "type": "PERSON"}, {"te', None),
        ('{"text": "Ann", "type": "PERSON"}', None),
        ('{"values": {"text": "Ann"}}', None),
        ("[" * 5000, None),
    ],
)  # fmt: skip
def test_answers(answer: str, values: list[tuple[str, str]] | None) -> None:
    assert parse(answer) == values


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet='[]{}":,abtexypvalus \\\n0'))
def test_no_answer_breaks_it(answer: str) -> None:
    for value, type_ in parse(answer) or []:
        assert value and type_


@pytest.mark.parametrize(
    ("value", "text", "spans"),
    [
        ("Ann", "Ann and Anna, ann, Ann", [(0, 3), (19, 22)]),
        ("ANN LEE", "so ann\n lee said", [(3, 11)]),
        ("Rom", "from Prom to Chrome", []),
        ("王芳", "我叫王芳，王芳说", [(2, 4), (5, 7)]),
        ("a.b", "axb", []),
        ("may", "May I?", []),  # three letters in another case prove nothing
    ],
)
def test_values_stand_in_the_text(value: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert occurrences(value, text) == spans


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab 。.\n，", max_size=50).map(lambda s: s * 120))
def test_chunks_are_the_text(text: str) -> None:
    parts = list(chunks(text))
    assert "".join(parts) == text
    assert all(0 < len(part) <= 2000 for part in parts)


def test_chunks_end_where_something_ends() -> None:
    text = "One sentence here. " * 90 + "\n\n" + "Another one. " * 100
    first, second, *_ = chunks(text)
    assert first.endswith("\n\n") and second.startswith("Another")


class Script:
    """Answers by rule and keeps the questions."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.asked: list[tuple[Question, float]] = []

    def __call__(self, questions, seconds):
        self.asked += [(q, seconds) for q in questions]
        return [self.answer(q) for q in questions]


def test_what_is_asked_and_what_is_found() -> None:
    script = Script(lambda q: '[{"text": "Zorro", "type": "PERSON"}, {"text": "Ghost", "type": "PERSON"},'
                    ' {"text": "Oz", "type": "PLANET"}]')  # fmt: skip
    model = LocalModel(script, ["PERSON", "LOCATION"], score=0.9, seconds=2.5, max_tokens=99)
    spans = list(model.find("Zorro of Oz met Zorro", Budget(5)))
    assert [(s.start, s.end, s.type, s.score, s.certain) for s in spans] == [
        (0, 5, "PERSON", 0.9, False),
        (16, 21, "PERSON", 0.9, False),
    ]
    ((question, seconds),) = script.asked
    assert (seconds, question.max_tokens) == (2.5, 99)
    assert "Zorro of Oz" in question.messages[-1]["content"]
    assert question.schema["properties"]["values"]["items"]["properties"]["type"]["enum"] == ["PERSON", "LOCATION"]


def test_a_long_text_is_asked_about_in_parts_and_searched_as_a_whole() -> None:
    text = "Nothing here, Zorro. " * 200 + "The end."
    script = Script(
        lambda q: '[{"text": "Zorro", "type": "PERSON"}]' if "The end" in q.messages[-1]["content"] else "[]"
    )
    assert len(list(LocalModel(script).find(text, Budget(5)))) == 200
    assert len(script.asked) > 2


@pytest.mark.parametrize("text", ["", "12 + 30", "…"])
def test_texts_without_a_letter_are_not_asked_about(text: str) -> None:
    script = Script(lambda q: "nonsense")
    assert list(LocalModel(script).find(text, Budget(5))) == [] == script.asked


def _fail(_questions, _seconds):
    raise OSError("the text was: secret")


@pytest.mark.parametrize("ask", [_fail, Script(lambda q: "I see no JSON."), lambda q, s: ['{"values": [{"text": ']])
def test_failures_are_the_check_s_and_say_nothing(ask) -> None:
    with pytest.raises(CheckUnavailable) as caught:
        list(LocalModel(ask).find("Zorro", Budget(5)))
    assert (caught.value.reason, "secret" in str(caught.value)) == ("local_model", False)
    assert caught.value.__cause__ is None


def test_in_a_sanitizer_answers_are_remembered_and_failures_are_not() -> None:
    script = Script(lambda q: '[{"text": "Zorblatt", "type": "PERSON"}]')
    sanitizer = Sanitizer(key="k", recognisers=[LocalModel(script)])
    assert sanitizer.waits and not Sanitizer(key="k").waits
    text = "please greet zorblatt, or write to a@b.com"
    hidden = sanitizer.hide(text)
    assert "zorblatt" not in hidden.text and hidden.entities == {"PERSON": 1, "EMAIL_ADDRESS": 1}
    assert hidden.restore(hidden.text) == text
    sanitizer.hide([{"role": "user", "content": text}, {"role": "user", "content": "and now?"}])
    assert len(script.asked) == 2  # the first text was known

    answers = iter(["oops", '[{"text": "Zorblatt", "type": "PERSON"}]'])
    sanitizer = Sanitizer(key="k", recognisers=[LocalModel(Script(lambda q: next(answers)))])
    with pytest.raises(CheckUnavailable):
        sanitizer.hide(text)
    assert "zorblatt" not in sanitizer.hide(text).text
