"""What is trained is what runs: tags from annotations, and the exported network against PyTorch's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from transformers import BertConfig, BertForTokenClassification, BertModel

from recipes.ner.encode import TAGS, allowed, batches, encode
from recipes.ner.network import DILATIONS, Network
from recipes.ner.sources import conll, detokenise, doubtful_english
from recipes.ner.teacher import Teacher, opinions
from recipes.ner.text import LABELS, Example
from recipes.ner.train import step
from recipes.ner.transformer import TAGS as TRANSFORMER_TAGS
from recipes.ner.transformer import Classifier, cased_vocabulary, tokenizer
from recipes.ner.transformer import allowed as pieces_allowed
from sanitizers.detect.ner_engines import Transformers, engine
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


def test_words_put_together_come_apart_unless_the_lexicon_has_them_whole() -> None:
    features = word_features()
    features._index["youtube"] = 9
    tokens = features.split("see #KualaLumpur, YouTube, MacDonald McDonald NASAs iPhone")
    words = [t for _, _, t in tokens if len(t.strip()) > 1]
    assert words == [" see", "Kuala", "Lumpur", " YouTube", " Mac", "Donald", " McDonald", " NASAs", " iPhone"]
    text = "see #KualaLumpur, YouTube, MacDonald McDonald NASAs iPhone"
    assert all(text[a:b] == t.strip() for a, b, t in tokens)


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
    again = Network(features.rows, 16, features.width, TAGS)
    again.restore(tagger.weights())
    assert all(
        np.allclose(a, b, atol=2e-3) for a, b in zip(again.arrays().values(), net.arrays().values(), strict=True)
    )


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


def test_a_tagger_learns_from_a_teacher_what_no_annotation_says() -> None:
    features = word_features()

    def teacher(example: Example, tokens: Sequence[tuple[int, int, str]]) -> npt.NDArray[np.float16]:
        held = np.zeros((len(tokens), 1 + len(LABELS)), np.float16)
        for row, (_, _, word) in enumerate(tokens):
            held[row, 1 + LABELS.index("PERSON") if word.strip() == "Ann" else 0] = 1
        return held

    unsaid = Example("we met Ann", (), frozenset(LABELS))
    torch.manual_seed(1)
    net = Network(features.rows, 16, features.width, TAGS)
    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        loss = step(net, encode([unsaid] * 8, features, opinions=teacher), True, False)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    net.eval()
    ids, dense = features.encode([t for _, _, t in features.split(unsaid.text)])
    with torch.no_grad():
        x = net.embed(torch.from_numpy(ids), torch.from_numpy(dense))[None]
        scores = net(x, torch.ones(1, 3))[0].exp()
    assert scores[2, 1:5].sum() > 0.8 and scores[0, 0] > 0.8
    assert step(net, encode([unsaid], features), True, False).abs() < 1e-4  # without a teacher it teaches nothing


def test_opinions_are_of_the_piece_in_which_a_token_begins(tmp_path: Path) -> None:
    features, text = word_features(), "Ann Lee-Ray x"
    held = np.arange(21, dtype=np.float16).reshape(3, 7)
    np.savez(tmp_path / "kept.npz", cuts=np.array([], np.int64), starts=np.array([0, 4, 8], np.int32), held=held)
    teacher = Teacher(tmp_path, [Example(text, ())], tmp_path / "kept.npz")
    found = teacher(Example(text.lower(), ()), features.split(text))
    assert found is not None
    assert found[:4, 0].tolist() == [0, 7, 7, 14]
    assert np.isnan(found[4]).all()  # behind the last piece that was read
    assert teacher(Example("other", ()), features.split("other")) is None
    with pytest.raises(SystemExit, match="other texts"):
        Teacher(tmp_path, [Example("a", ()), Example("b", ())], tmp_path / "kept.npz")


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ann", "met", "##a", "kuala", "##lumpur", "7"]


def test_a_vocabulary_is_doubled_by_case() -> None:
    made, rows, cases = cased_vocabulary(WORDS)
    assert made[: len(WORDS)] == WORDS
    forms = {form: (WORDS[row], case) for form, row, case in zip(made, rows, cases, strict=True)}
    assert forms["Ann"] == ("ann", 1) and forms["ANN"] == ("ann", 2) and forms["##Lumpur"] == ("##lumpur", 1)
    assert "[Unk]" not in forms and len(forms) == len(made)
    own = tokenizer(made)
    assert own.tokenize("Anna met KualaLumpur ANN 7") == ["Ann", "##a", "met", "Kuala", "##Lumpur", "ANN", "7"]


def test_the_exported_transformer_says_what_training_says(tmp_path: Path) -> None:
    torch.manual_seed(2)
    made, rows, cases = cased_vocabulary(WORDS)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    net = Classifier(BertModel(config, add_pooling_layer=False), rows, cases).eval()
    torch.nn.init.normal_(net.case.weight)
    own = tokenizer(made)
    ids = torch.tensor([own("Ann met kuala ANNA")["input_ids"]])
    net.exported().save_pretrained(tmp_path)
    own.save_pretrained(tmp_path)
    loaded = BertForTokenClassification.from_pretrained(tmp_path).float().eval()
    with torch.no_grad():
        expected = net(ids, torch.ones_like(ids))
        assert (loaded(input_ids=ids).logits.log_softmax(-1) - expected).abs().max() < 0.02  # float16 on disk
    starts, held = opinions(tmp_path, ["Ann met kuala"])[0]
    assert starts.tolist() == [0, 4, 8] and held.shape == (3, 1 + len(LABELS))
    assert np.allclose(held.astype(float).sum(1), 1, atol=0.01)
    assert isinstance(engine(str(tmp_path)), Transformers)


def test_pieces_get_the_tags_that_the_annotation_allows() -> None:
    example = Example("Ann Lee met", ((0, 7, "PERSON"),), frozenset(("TITLE",)), ((8, 11),))
    out = pieces_allowed(example, [(0, 0), (0, 3), (4, 7), (8, 11)])
    names = [{TRANSFORMER_TAGS[i] for i in np.flatnonzero(row)} for row in out]
    assert names[1:3] == [{"B-PERSON"}, {"I-PERSON"}]
    assert names[3] == set(TRANSFORMER_TAGS)
