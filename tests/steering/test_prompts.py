from __future__ import annotations

import json
from pathlib import Path

import pytest

from guard.errors import ArtifactError
from steering.prompts import bank, read_prompts, render
from steering.refusals import is_refusal
from tests.steering.conftest import Chat


def test_the_bank_speaks_eight_languages_equally() -> None:
    found = bank()
    assert set(found.safe) == set(found.benign) == {"en", "zh", "es", "fr", "de", "ar", "hi", "ru"}
    for language in found.safe:
        assert len(set(found.safe[language])) == 36
        assert len(set(found.benign[language])) == 8
        assert not any("{" in p for p in found.safe[language] + found.benign[language])
    safe, benign = found.prompts(["en", "zh"])
    assert (len(safe), len(benign)) == (72, 16)
    with pytest.raises(ArtifactError, match="'xx'"):
        found.prompts(["xx"])


ROWS = [{"prompt": "a", "harmful": True}, {"prompt": "b", "harmful": False}]


@pytest.mark.parametrize(
    ("name", "text", "harmful", "expected"),
    [
        ("p.jsonl", "\n".join(map(json.dumps, ROWS)), True, ["a"]),
        ("p.jsonl", "\n".join(map(json.dumps, ROWS)), False, ["b"]),
        ("p.jsonl", "\n".join(map(json.dumps, ROWS)) + "\n\n", None, ["a", "b"]),
        ("p.json", json.dumps(["x", {"instruction": "y"}, {"goal": "z"}]), True, ["x", "y", "z"]),
        ("p.JSONL", '\ufeff{"prompt": "a\u2028b"}\r\n', True, ["a\u2028b"]),
        ("p.txt", "# a comment\none\n\n  two  \n", True, ["one", "two"]),
    ],
)
def test_prompt_files(tmp_path: Path, name: str, text: str, harmful: bool | None, expected: list[str]) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert read_prompts(tmp_path / name, harmful=harmful) == expected


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("p.jsonl", b'{"prompt": "secret"', "line 1: not JSON"),
        ("p.jsonl", b'{"prompt": "a"}\n{"other": "secret"}', "row 2"),
        ("p.json", b'["a", 3]', "row 2"),
        ("p.txt", b"\xff\xfe\xff", "cannot read"),
        ("p.txt", b"", "no prompts"),
        ("p.csv", b"prompt\nsecret\n", "not '.csv'"),
        ("p.json", b'{"prompt": "secret"}', "must hold a list"),
        ("p.jsonl", b'"secret \\ud83d"', "row 1: holds half"),
        ("p.jsonl", b'{"prompt": "secret", "harmful": false}', "no prompts"),
    ],
)
def test_bad_prompt_files_are_named_without_their_text(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=says) as raised:
        read_prompts(tmp_path / name, harmful=True)
    assert "secret" not in str(raised.value)


def test_rendering_ends_where_the_assistant_speaks(chat: Chat) -> None:
    ids = render(chat.tokenizer, "please explain how")
    assert chat.tokenizer.decode(ids) == "<user> please explain how<end><assistant>"


def test_a_tokenizer_without_template_is_refused() -> None:
    with pytest.raises(ArtifactError, match="chat template"):
        render(object(), "x")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I’m sorry — no.", True),
        ("  Sorry,\nI   cannot do this.", True),
        ("对不起，我不能帮你做这件事。", True),
        ("很抱歉，这个请求我无法满足。", True),
        ("Sure, here is how: " + "x" * 200 + " I cannot", False),
        ("The capital of France is Paris.", False),
        ("鸡蛋要煮八分钟。", False),
        ("", False),
    ],
)
def test_refusals_show_in_the_opening(answer: str, expected: bool) -> None:
    assert is_refusal(answer) is expected
