"""What is trained is what runs: tags from annotations, and the exported network against PyTorch's."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from recipes.ner.encode import TAGS, allowed, batches, encode
from recipes.ner.network import DILATIONS, Network
from recipes.ner.sources import conll, detokenise, doubtful_english
from recipes.ner.text import LABELS, Example
from sanitizers.detect.ner_features import CharFeatures, Features, WordFeatures, pack
from sanitizers.detect.ner_tagger import Tagger


def word_features() -> WordFeatures:
    rng = np.random.default_rng(1)
    words = ["ann", "met", "bob"]
    return WordFeatures(
        {
            "words": pack(words), "vectors": rng.integers(-127, 127, (3, 4)).astype(np.int8),
            "scale": np.array([0.01], np.float32), "marks": np.arange(12, dtype=np.uint16).reshape(3, 4),
        },
        rows=512,
    )  # fmt: skip


def char_features() -> CharFeatures:
    words = ["先生", "张", "电话"]
    return CharFeatures({"words": pack(words), "classes": np.array([1, 2, 0], np.uint8)}, rows=512)


def tags(example: Example, features: Features) -> list[set[str]]:
    names = ["O"] + [f"{p}-{label[:3]}" for label in LABELS for p in "BIES"]
    bits = allowed(example, features.split(example.text))
    return [{names[i] for i in range(TAGS) if bit >> i & 1} for bit in bits.tolist()]


def test_tags_of_spans_single_and_long() -> None:
    example = Example("Ann met Bob van Dyk", ((0, 3, "PERSON"), (8, 19, "PERSON")))
    assert tags(example, word_features()) == [{"S-PER"}, {"O"}, {"B-PER"}, {"I-PER"}, {"E-PER"}]


def test_what_is_unsaid_is_allowed_and_what_is_unknown_is_free() -> None:
    example = Example("Ann met Bob", ((0, 3, "PERSON"),), frozenset(("TITLE",)), ((8, 11),))
    first, second, third = tags(example, word_features())
    assert first == {"S-PER"}
    assert second == {"O", "B-TIT", "I-TIT", "E-TIT", "S-TIT"}
    assert len(third) == TAGS


@pytest.mark.parametrize("features", [word_features(), char_features()], ids=["words", "characters"])
def test_the_exported_network_says_what_pytorch_says(features: Features) -> None:
    torch.manual_seed(3)
    net = Network(features.rows, 16, features.width, TAGS).eval()
    config = {
        "features": "characters" if features.contextual else "words", "rows": 512, "labels": list(LABELS),
        "dilations": list(DILATIONS), "outside": 0.0, "calibration": [[0.0, 1.0], [0.0, 1.0]],
    }  # fmt: skip
    arrays = {**net.arrays(), **{f"features.{k}": v for k, v in features.arrays().items()}}
    tagger = Tagger(config, arrays)
    text = "Ann met 张先生 and bob, 电话 later. " * 8
    tokens = [t for _, _, t in features.split(text)]
    ids, dense = features.encode(tokens)
    with torch.no_grad():
        x = net.embed(torch.from_numpy(ids), torch.from_numpy(dense))[None]
        expected = net(x, torch.ones(1, len(tokens)))[0].numpy()
    assert np.abs(tagger.log_probabilities(tokens) - expected).max() < 0.05  # int8 and float16 against float32


def test_batches_hold_every_row_once_within_the_size() -> None:
    rows = encode([Example("Ann met Bob " * n, ()) for n in range(1, 30)], word_features())
    made = list(batches(rows, 100, random.Random(1)))
    assert sorted(len(r) for batch in made for r in batch) == sorted(len(r) for r in rows)
    assert all(max(map(len, batch)) * len(batch) <= 100 for batch in made)


def test_corpus_sentences_become_text(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "x.conll"
    path.write_text("Ann\tB-PER\nLee\tI-PER\n'\tO\ns\tO\ndog\tO\n,\tO\n@bob\tB-PER\n.\tO\n\nno\tO\n", encoding="utf-8")
    first, second = (detokenise(s) for s in conll(path, "\t"))
    assert first.text == "Ann Lee's dog, @bob."
    assert first.spans == ((0, 7, "PERSON"),)
    assert [first.text[a:b] for a, b in first.unknown] == ["@bob"]
    assert (second.text, second.spans) == ("no", ())


@pytest.mark.parametrize(
    "text, doubted",
    [("The cat sat.", []), ("The cat saw Ann Lee.", ["Ann Lee"]), ("Zorblax came", ["Zorblax"]), ("I do. It is", [])],
)
def test_capitals_of_unannotated_text_are_doubtful(text: str, doubted: list[str]) -> None:
    common = frozenset(("the", "it", "i"))
    assert [text[a:b] for a, b in doubtful_english(text, common)] == doubted
