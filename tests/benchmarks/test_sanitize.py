"""The benchmark of hiding reads annotations as they are, counts what it says, and runs on what ships."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.sanitize import __main__ as command
from benchmarks.sanitize import corpora, scores, speed
from benchmarks.sanitize.generated import MAKERS, checksummed
from benchmarks.sanitize.report import BEGIN, END, markdown, publish, show
from sanitizers import Policy, Sanitizer, SanitizerOptions

WNUT = "Ann\tB-person\nLee\tI-person\nsaw\tO\nJaws\tB-creative-work\n,\tO\nin\tO\nRome\tB-location\n!\tO\n\nok\tO\n"
TWEETS = "@\tB-PER\nann_b\tB-PER\nin\tO\n#Rome\tB-LOC\n.\tO\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, text in {
        "wnut17/emerging.dev.conll": WNUT,
        "wikigold_btc/btc_a.conll": TWEETS,
        "wikigold_btc/wikigold.conll.txt": "Bob I-PER\nlikes O\n`` O\nJaws I-MISC\n'' O\n. O\n\n-DOCSTART- O\n\nHe O\n",
        "presidio_research/synth_dataset_v2_dev.json": json.dumps(
            [
                {
                    "full_text": "Mr. Ann, 12 Elm St",
                    "spans": [
                        {"start_position": 0, "end_position": 3, "entity_type": "TITLE"},
                        {"start_position": 4, "end_position": 7, "entity_type": "PERSON"},
                        {"start_position": 9, "end_position": 18, "entity_type": "STREET_ADDRESS"},
                    ],
                }
            ]
        ),
    }.items():
        file = tmp_path / "pii" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path


def test_annotations_become_gold_spans(data: Path) -> None:
    seen = {
        c.name: [(d.text, [(d.text[g.start : g.end], g.label, g.neutral) for g in d.gold]) for d in c.documents]
        for c in corpora.english(data)
    }
    assert seen == {
        "presidio_research": [
            (
                "Mr. Ann, 12 Elm St",
                [("Mr.", "HONORIFIC", True), ("Ann", "PERSON", False), ("12 Elm St", "ADDRESS", False)],
            )
        ],
        "wnut17 dev": [
            (
                "Ann Lee saw Jaws, in Rome!",
                [("Ann Lee", "PERSON", False), ("Jaws", "creative-work", True), ("Rome", "LOCATION", False)],
            ),
            ("ok", []),
        ],
        "wikigold": [('Bob likes "Jaws". He', [("Bob", "PERSON", False), ("Jaws", "MISC", True)])],
        "btc a": [("@ann_b in #Rome.", [("ann_b", "HANDLE", False), ("Rome", "LOCATION", False)])],
    }
    assert {c.name for c in corpora.english(data) if c.trained} == {"wikigold", "btc a"}


def test_the_chinese_set_is_read_where_it_is(tmp_path: Path) -> None:
    assert list(corpora.chinese(tmp_path)) == []
    (tmp_path / "zh.txt").write_text("我叫<P:陈思远>，住<L:上海>。\n\n好。\n", "utf-8")
    (corpus,) = corpora.chinese(tmp_path)
    assert corpus.language == "zh" and {"PERSON", "LOCATION"} <= corpus.labels
    assert [d.text for d in corpus.documents] == ["我叫陈思远，住上海。", "好。"]
    assert [(g.start, g.end, g.label) for g in corpus.documents[0].gold] == [(2, 5, "PERSON"), (7, 9, "LOCATION")]


@pytest.mark.parametrize(
    ("line", "text", "values"),
    [
        ("Call [Ann|PERSON] now", "Call Ann now", ["Ann"]),
        ("[a@b.co|EMAIL_ADDRESS]\\n[x] [1|2]", "a@b.co\n[x] [1|2]", ["a@b.co"]),
        ("nothing", "nothing", []),
    ],
)
def test_marks_in_a_line(line: str, text: str, values: list[str]) -> None:
    document = corpora.marked(line)
    assert document.text == text
    assert [text[g.start : g.end] for g in document.gold] == values


def test_what_is_counted() -> None:
    """Deny words stand in for a detector of which one knows exactly what it finds."""
    documents = [
        corpora.marked("[zork|CUSTOM] meets [blip blop|CUSTOM] and [qwop|CUSTOM] of [vim|PERSON]"),
        corpora.marked("a zork again, and [zork|CUSTOM]"),
    ]
    options = SanitizerOptions(entities={"PERSON": Policy.KEEP}, deny=["zork", "blop and"], ner=())
    corpus = corpora.Corpus("c", "en", documents, frozenset(("CUSTOM", "PERSON")))
    result = scores.measure(corpus, Sanitizer(options, key="k"))
    row = result.rows["CUSTOM"]
    assert (row.gold, row.recalled, row.recalled_exactly) == (4, 3, 2)
    assert (row.found, row.right, row.right_exactly) == (4, 3, 2)
    assert (row.characters, row.readable) == (4 + 8 + 4 + 4, 4 + 4)  # "blip" and "qwop"
    report = row.report()
    assert (report["precision"], report["recall"], report["f1"], report["leak"]) == (0.75, 0.75, 0.75, 0.4)
    assert [value for _, value, _ in result.leaked] == ["blip blop", "qwop", "vim"]
    assert result.report(frozenset(("CUSTOM",)))["leak"] == 0.4
    assert result.report(frozenset(("CUSTOM",)))["leak_all_labels"] == pytest.approx(11 / 23)


def test_words_touched_in_vain() -> None:
    seen = scores.touched(["a zork, b", "今天zork好"], Sanitizer(SanitizerOptions(deny=["zork"]), key="k"))
    assert (seen.words, seen.touched, dict(seen.by_type)) == (3 + 4, 2, {"CUSTOM": 2})


def test_check_digits_are_right_and_wrong() -> None:
    """The sanitizer's own checks are the judge: every made number is valid, every broken one is not."""
    sanitizer = Sanitizer(key="k")
    wanted = sanitizer.options.detector().types or frozenset()
    measured = dict(checksummed(sanitizer, wanted, 20))
    assert set(measured) == set(MAKERS) & wanted >= {"CREDIT_CARD", "IBAN_CODE", "CN_RESIDENT_ID"}
    assert {name: (c.precision, c.recall) for name, c in measured.items()} == dict.fromkeys(measured, (1.0, 1.0))


def test_texts_to_time_have_their_size_and_values() -> None:
    lines = ["Explain how rain forms.", "Write a haiku."]
    for text in speed.texts(lines, 3):
        assert 1600 < len(text) < 2100
    assert Sanitizer(key="k").hide(speed.texts(lines, 1, values=5)[0]).entities


def test_a_whole_run_without_data(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch) -> None:
    out, examples = tmp_path / "r.json", tmp_path / "e.jsonl"
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n{BEGIN}old figures\n{END}the end\n", "utf-8")
    arguments = ["sanitize", "--quick", "--no-speed", "--no-ner", "--json", str(out), "--examples", str(examples)]
    arguments += ["--publish", str(page)]
    monkeypatch.setattr(sys, "argv", arguments)
    command.main()
    report = json.loads(out.read_text("utf-8"))
    assert {"small en", "small zh"} <= set(report["corpora"])
    for row in report["corpora"].values():
        assert 0 <= row["leak"] <= 1
    assert report["types"]["en"]["EMAIL_ADDRESS"]["recall"] == 1
    assert report["untouched"]["small"]["words"] > 300
    said = capsys.readouterr().out
    assert "EMAIL_ADDRESS" in said and "small zh" in said
    published = page.read_text("utf-8")
    assert published.startswith("# Title\n") and published.endswith("the end\n") and "old figures" not in published
    assert "| small zh | zh | 25 |" in published and "rules alone" in published
    for line in examples.read_text("utf-8").splitlines():
        assert len(json.loads(line)) == 5


def test_speeds_are_shown() -> None:
    lines = [line for texts in command.plain_lines() for line in texts]
    speeds = speed.measure(lines, rounds=1)
    assert min(speeds.ratios.values()) > 0 and speeds.restore_gap_us["p99"] >= speeds.restore_gap_us["p50"] > 0
    console = Console(width=112, record=True)
    empty = {"corpora": {}, "types": {}, "checksummed": {}, "untouched": {}}
    show({**empty, "speed": speeds.report()}, console)
    assert "times_faster_than_presidio" in console.export_text()
    rest = {"machine": {"python": "3", "cpu": "c"}, "ner": ["a/ner-en"], "leak": {}}
    assert "times as fast as in Presidio's" in markdown({**empty, **rest, "speed": speeds.report()})


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n", "utf-8")
    with pytest.raises(ValueError, match="no markers"):
        publish({}, page)


def test_a_folder_that_is_not_there(monkeypatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["sanitize", "--data", "/nowhere/at/all"])
    with pytest.raises(SystemExit) as left:
        command.main()
    assert left.value.code == 2
    assert "benchmarks/README.md" in capsys.readouterr().err
