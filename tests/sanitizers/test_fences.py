"""Fenced JSON in answers: restored values are escaped there and nowhere else, whatever the chunks."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.surface import ChannelKind
from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.fences import Fences
from sanitizers.restore import Restorer

VALUE = 'Falcon "X"\n\\ 项目'
HIDDEN = Sanitizer(SanitizerOptions(ner=(), deny=(VALUE,)), key="k").hide(f"{VALUE} and bob@corp.com")
STAND_IN, MAIL = HIDDEN.text.split(" and ")
ESCAPED = json.dumps(VALUE, ensure_ascii=False)[1:-1]


def restored(answer: str, cuts: list[int] | None = None) -> str:
    restorer = Restorer(HIDDEN.hiding.table, ChannelKind.CONTENT, guess=True)
    edges = [0, *sorted(cuts or []), len(answer)]
    return "".join(restorer.feed(answer[a:b]) for a, b in itertools.pairwise(edges)) + restorer.close()


@pytest.mark.parametrize(
    "answer, escaped",
    [
        ('```json\n{"a": "V"}\n```\n', True),
        ('Here:\n\n```JSON title="x"\n{"a": "V"}\n```', True),
        ('~~~jsonl\n{"a": "V"}\n', True),
        ('- so:\n  ```json\r\n  {"a": "V"}\r\n  ```', True),
        ('1. ```json5\n{"a": "V"}\n```', True),
        ('> ```json\n> {"a": "V"}\n> ```', True),
        ('```\n\n {"a": "V"}\n```', True),
        ('```\n[ {"a": "V"}]\n```', True),
        ('```\n["V"]\n```', True),
        ('````json\n```\n"V"\n````', True),
        ("```\n[section]\na = V\n```", False),
        ("```\nV\n```", False),
        ("```python\nx = {'a': 'V'}\n```", False),
        ('```json\n{}\n```\nV', False),
        ('```json\n{}\n```  \n```\nV\n```', False),
        ('say ```json\nV', False),
        ('```json {"a": `1`}\nV', False),
        ("V", False),
    ],
)  # fmt: skip
def test_escaped_in_json_only(answer: str, escaped: bool) -> None:
    expected = answer.replace("V", ESCAPED if escaped else VALUE)
    assert restored(answer.replace("V", STAND_IN)) == expected
    assert restored(answer.replace("V", STAND_IN), list(range(len(answer) + 40))) == expected


STRETCHES = st.sampled_from(
    [
        "text V\n", "V", "\n", '```json\n{"a": ["V", "M V"]}\n```\n', '```\n[["V"]]\n```\n', "```py\nV\n```\n",
        "`V` M\n", "~~~\nV\n~~~\n", '  ```json\n  {"V": 1}\n  ```\n', "```json\n", "```\n", "[", '{"', "`", " ",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(parts=st.lists(STRETCHES, max_size=8), data=st.data())
def test_the_chunking_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    answer = "".join(parts).replace("V", STAND_IN).replace("M", MAIL)
    whole = restored(answer)
    assert restored(answer, data.draw(st.lists(st.integers(0, len(answer)), max_size=10))) == whole
    assert restored(answer, list(range(len(answer)))) == whole
    assert STAND_IN not in whole and MAIL not in whole


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries({"v": st.sampled_from([STAND_IN, f"x {STAND_IN}", MAIL])}), min_size=1))
def test_blocks_stay_json(rows: list[dict[str, str]]) -> None:
    block = re.search(r"```json\n(.*?)\n```", restored(f"So:\n```json\n{json.dumps(rows)}\n```\nbye"), re.DOTALL)
    assert block is not None
    back = {STAND_IN: VALUE, f"x {STAND_IN}": f"x {VALUE}", MAIL: "bob@corp.com"}
    assert json.loads(block[1]) == [{"v": back[row["v"]]} for row in rows]


def test_fences_hold_nothing_back() -> None:
    fences, text = Fences(), 'a\n```json\n{"b": 1}\n```\nc'
    assert ["".join(t for t, _ in fences.split(c)) for c in text] == list(text)
