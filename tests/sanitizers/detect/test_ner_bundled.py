"""The bundled pipelines: what they find, that spaCy loads them, that windows and threads change nothing."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sanitizers.detect.ner_tagger as tagger_module
from guard.assets import resolve
from sanitizers.detect import Budget, Detector, DetectorOptions
from sanitizers.detect.ner import BUNDLED, NER_TYPES, Ner
from sanitizers.detect.ner_tagger import Tagger, _best, _stretches

FOLDERS = [Path(resolve(name, "model")) for name in BUNDLED]
TAGGERS = [Tagger.load(folder / "guardchain_ner") for folder in FOLDERS]
NER = Ner(BUNDLED)
DETECTOR = Detector(DetectorOptions(types=NER_TYPES | {"EMAIL_ADDRESS", "CREDIT_CARD"}, ner=BUNDLED))


def found(text: str) -> set[tuple[str, str]]:
    return {(s.type, text[s.start : s.end]) for s in NER.find(text, Budget(9)) if s.score >= 0.5}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Yesterday Maria Gonzalez flew to Boston.", {("PERSON", "Maria Gonzalez"), ("LOCATION", "Boston")}),
        ("Please ask Kwame Mensah about the invoice.", {("PERSON", "Kwame Mensah")}),
        ("she works at Microsoft with priya", {("ORGANIZATION", "Microsoft"), ("PERSON", "priya")}),
        ("Ship it to 221 Baker Street, London NW1 6XE", {("ADDRESS", "221 Baker Street, London NW1 6XE")}),
        ("昨天陈晓梅去了杭州。", {("PERSON", "陈晓梅"), ("LOCATION", "杭州")}),
        ("联系人：约翰·史密斯", {("PERSON", "约翰·史密斯")}),
        ("他在上海华信科技有限公司上班", {("ORGANIZATION", "上海华信科技有限公司")}),
        ("请让 Maria Gonzalez 联系王丽娟", {("PERSON", "Maria Gonzalez"), ("PERSON", "王丽娟")}),
        ("周末天气不错，高兴的话一起去爬山。", set()),
        ("Add two cups of flour and stir until smooth.", set()),
    ],
)
def test_finds_in_both_languages_and_mixed(text: str, expected: set[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_each_is_small() -> None:
    for folder in FOLDERS:
        assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) <= 10_000_000


@pytest.mark.parametrize("folder, text", zip(FOLDERS, ["Ask Maria Gonzalez.", "请问陈晓梅在吗"], strict=True))
def test_spacy_loads_them_as_pipelines(folder: Path, text: str) -> None:
    import spacy

    import sanitizers.detect.ner_pipe as component

    doc = spacy.load(folder)(text)
    assert [(e.label_, len(e.text) > 2) for e in doc.ents] == [("PERSON", True)]
    scores = doc.spans[component.GROUP].attrs["scores"]
    assert len(scores) == 1 and 0.5 < scores[0] <= 1


@pytest.mark.parametrize("tagger", TAGGERS, ids=["en", "zh"])
def test_windows_change_nothing(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Maria met 陈晓梅 in Boston, 然后去了杭州. " * 20
    whole = tagger.log_probabilities([t for _, _, t in tagger.features.split(text)])
    monkeypatch.setattr(tagger_module, "WINDOW", 37)
    parts = tagger.log_probabilities([t for _, _, t in tagger.features.split(text)])
    assert np.abs(whole - parts).max() < 1e-3


@given(st.text(max_size=80) | st.text(alphabet="张伟 Maria,İß\ud800\n。·", max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text_gives_disjoint_finds_inside_it(text: str) -> None:
    for tagger in TAGGERS:
        entities = tagger.find(text)
        assert all(0 <= e.start < e.end <= len(text) and 0 <= e.score <= 1 for e in entities)
        assert all(a.end <= b.start for a, b in itertools.pairwise(entities))


def test_threads_get_the_same_finds_and_a_full_word_memory_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger_module, "_CACHED_WORDS", 64)
    tagger = Tagger.load(FOLDERS[0] / "guardchain_ner")
    texts = [f"Maria{i} Gonzalez met Bob{i} in Boston on day {i}" for i in range(60)]
    expected = [TAGGERS[0].find(t) for t in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tagger.find, texts)) == expected
    assert tagger.find(" ".join(texts)) != []  # more new words at once than the memory holds


def _brute(scores: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> float:
    """The best score of any tag sequence in which every entity is whole."""
    from itertools import product

    count = (scores.shape[1] - 1) // 4
    best = -np.inf
    for tags in product(range(scores.shape[1]), repeat=len(scores)):
        opened = -1
        for tag in tags:
            kind, label = (tag - 1) % 4, (tag - 1) // 4
            starts = tag == 0 or kind in (0, 3)
            if starts != (opened < 0) or (not starts and label != opened):
                break
            opened = label if tag and kind in (0, 1) else -1
        else:
            if opened < 0:
                best = max(best, float(sum(scores[i, t] for i, t in enumerate(tags))))
    return float(best) if count else 0.0


@pytest.mark.parametrize("seed", range(12))
def test_the_decode_is_the_best_sequence_of_whole_entities(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((4, 9)).astype(np.float32)
    total = 0.0
    covered = set()
    for start, end, label in _best(scores):
        base = 1 + 4 * label
        tags = [base + 3] if end - start == 1 else [base, *[base + 1] * (end - start - 2), base + 2]
        total += sum(float(scores[start + i, tag]) for i, tag in enumerate(tags))
        covered |= set(range(start, end))
    total += sum(float(scores[i, 0]) for i in range(4) if i not in covered)
    assert total == pytest.approx(_brute(scores), abs=1e-5)


def test_stretches() -> None:
    assert _stretches(np.array([], np.intp)) == []
    assert _stretches(np.array([2, 3, 4, 7, 9, 10])) == [(2, 5), (7, 8), (9, 11)]


def test_beside_the_other_recognisers() -> None:
    text = "Maria Gonzalez (maria@corp.com) paid with 4111 1111 1111 1111 in Boston"
    spans = [(s.type, text[s.start : s.end]) for s in DETECTOR.detect(text)]
    assert spans == [
        ("PERSON", "Maria Gonzalez"),
        ("EMAIL_ADDRESS", "maria@corp.com"),
        ("CREDIT_CARD", "4111 1111 1111 1111"),
        ("LOCATION", "Boston"),
    ]


def test_types_that_nobody_wants_are_not_looked_for() -> None:
    only = Detector(DetectorOptions(types=frozenset(("LOCATION",)), ner=BUNDLED))
    assert {s.type for s in only.detect("Maria Gonzalez flew to Boston")} == {"LOCATION"}


@pytest.mark.parametrize("text", ["2001:db8:18a::0 价格 2001:db8:189::0 ", "￥1,200.50元", "lorem ipsum dolor " * 200])
def test_numbers_addresses_and_endless_runs_are_no_names(text: str) -> None:
    models = Ner(BUNDLED)
    assert list(models.find(text, Budget(60))) == []
