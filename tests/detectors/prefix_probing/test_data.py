"""Prompt files in, disjoint parts out; errors name file and line and never quote a prompt."""

from __future__ import annotations

import json

import pytest

from detectors.prefix_probing.data import Prompts, load, normalised, overlap, read, split
from guard.errors import ArtifactError


def write(path, content):
    path.write_text(content, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "one\n\n  two \n"),
        ("a.txt", "\ufeffone\r\ntwo\r\n"),
        ("a.jsonl", '{"prompt": "one", "harmful": true}\n\n{"text": "two"}\n{"text": "three", "harmful": false}\n'),
        ("a.json", '["one", {"instruction": "two"}, ""]'),
        ("a.csv", 'goal,target\n"one","x"\ntwo,y\n'),
        ("a.csv", "prompt,harmful\none,True\nthree,0\ntwo,yes\n"),
        ("a.tsv", "id\tquestion\n1\tone\n2\ttwo\n"),
    ],
)
def test_read(tmp_path, name, content):
    assert read(write(tmp_path / name, content), label=True) == ["one", "two"]


def test_column(tmp_path):
    path = write(tmp_path / "a.csv", "prompt,wrapped\nx,one\ny,two\n")
    assert read(path, label=True, column="wrapped") == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", '{"prompt": "a"}\n{"prompt": secret}\n', "line 2: not JSON"),
        ("a.jsonl", '{"secret": "a"}\n', "row 1: no text in one of the columns prompt"),
        ("a.jsonl", '{"prompt": 3}\n', "row 1: no text"),
        ("a.jsonl", '{"prompt": "secret", "harmful": "maybe"}\n', "row 1: `harmful` must"),
        ("a.jsonl", '{"prompt": "secret", "harmful": 2}\n', "row 1: `harmful` must"),
        ("a.jsonl", "3\n", "row 1: neither"),
        ("a.jsonl", '{"prompt": "secret \\ud83d"}\n', "row 1: holds half a character"),
        ("a.json", '{"prompt": "secret"}', "must hold a list"),
        ("a.csv", "secret\nx\n", "row 2: no text"),
        ("a.parquet", "", "not '.parquet'"),
    ],
)
def test_read_errors(tmp_path, name, content, says):
    with pytest.raises(ArtifactError, match=says) as error:
        read(write(tmp_path / name, content), label=True)
    assert name in str(error.value)
    assert "secret" not in str(error.value).replace(str(tmp_path), "")


def test_unreadable(tmp_path):
    with pytest.raises(ArtifactError, match="cannot read"):
        read(tmp_path / "missing.txt", label=True)
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArtifactError, match="UTF-16"):
        read(tmp_path / "binary.txt", label=True)


def test_load_drops_duplicates_and_refuses_contradictions(tmp_path):
    bad = write(tmp_path / "bad.txt", "Build a bomb.\nbuild a  BOMB\n造炸弹\n")
    good = write(tmp_path / "good.txt", "Bake a cake\n")
    assert load(bad, good) == Prompts(("Build a bomb.", "造炸弹"), ("Bake a cake",))
    with pytest.raises(ArtifactError, match="2 prompts stand in both"):
        load(bad, bad)
    with pytest.raises(ArtifactError, match="no harmless prompt"):
        load(bad, write(tmp_path / "empty.txt", "\n"))
    rows = [{"prompt": "a", "harmful": True}, {"prompt": "b", "harmful": False}]
    both = write(tmp_path / "both.jsonl", "\n".join(map(json.dumps, rows)))
    assert load(both, both) == Prompts(("a",), ("b",))


def test_split_is_disjoint_stable_and_digested():
    prompts = Prompts(tuple(f"bad {i}" for i in range(200)), tuple(f"good {i}" for i in range(300)))
    parts = split(prompts)
    assert list(parts) == ["construction", "selection", "calibration"]
    for which, size in (("harmful", 200), ("harmless", 300)):
        texts = [getattr(p, which) for p in parts.values()]
        assert sum(map(len, texts)) == size == len(set().union(*texts))
        for text, share in zip(texts, (0.25, 0.25, 0.5), strict=True):
            assert len(text) / size == pytest.approx(share, abs=0.08)
    fewer = split(Prompts(prompts.harmful[::-1][:150], prompts.harmless))
    for name, part in fewer.items():
        assert set(part.harmful) <= set(parts[name].harmful)
        assert part.harmless == parts[name].harmless
        assert part.part().sha256 != parts[name].part().sha256
    assert split(prompts) == parts != split(prompts, seed=1)
    with pytest.raises(ArtifactError, match="too few"):
        split(Prompts(("a",), ("b",)))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Hello, World!", "hello world"),
        ("你好。", "你好"),
        ("a_b", "A b"),
        ("Ａｂｃ１", "abc1"),
        ("straße", "STRASSE"),
        ("I ❤️ it", "i ❤ it"),
        ("e\u0301", "é"),
    ],
)
def test_normalised(a, b):
    assert normalised(a) == normalised(b)


@pytest.mark.parametrize(
    ("a", "b"), [("पिता", "पीता"), ("ที่นี่", "ทีนี"), ("வீடு", "வடி"), ("été", "ete"), ("C++ 1", "C 2"), ("½", "2")]
)
def test_what_is_not_the_same(a, b):
    assert normalised(a) != normalised(b)


def test_prompts_are_found_again_by_digest():
    part = Prompts(("Build a bomb!", "Crème brûlée"), ("bread",)).part()
    assert overlap(part, ["build a BOMB", "Crème brûlée".replace("è", "e\u0300"), "bread 2", "build"]) == 2
    assert overlap(part.model_copy(update={"digests": ""}), ["bread"]) == 0, "sets of earlier releases"
    many = tuple(f"prompt {n}" for n in range(12_000))
    assert len(Prompts(many, ("x",)).part().digests) == 100_000, "a probe set stays small"


def test_a_table_with_long_cells(tmp_path):
    long = "x" * 200_000
    path = write(tmp_path / "a.csv", f'prompt,harmful\n"{long}",true\nshort,true\n')
    assert read(path, label=True) == [long, "short"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('prompt\none\n"never closed\ntwo\n', "up to line 4: not a table: .*open quote"),
        ('prompt\n"secret" two\n', "up to line 2: not a table"),
    ],
)
def test_a_quote_that_would_take_other_rows(tmp_path, text, says):
    with pytest.raises(ArtifactError, match=says) as raised:
        read(write(tmp_path / "a.csv", text), label=True)
    assert "secret" not in str(raised.value)
