"""Routing by script, windows, what is left alone, and the engines: bundled, spaCy, transformers, GLiNER."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import ArtifactError, ConfigError
from sanitizers.detect import Budget, Span
from sanitizers.detect import ner as ner_module
from sanitizers.detect.ner import Model, Ner
from sanitizers.detect.ner_engines import Gliner, Script, engine, whole_words
from sanitizers.detect.ner_text import clear, identifiers


class Capitals:
    """An engine whose finds can be foretold: every capitalised word, and every 张 with the character behind it."""

    def __init__(self, script: Script, window: int = 10_000) -> None:
        self.script = script
        self.window = window
        self.read: list[str] = []

    def find(self, text: str) -> Iterable[Span]:
        import re

        self.read.append(text)
        for match in re.finditer(r"[A-Z][a-z]+|张.", text):
            yield Span(match.start(), match.end(), "PERSON", 1.0)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, Capitals]:
    made = {"en": Capitals(Script.OTHER), "zh": Capitals(Script.CHINESE)}
    monkeypatch.setattr(ner_module, "engine", lambda model: made[model.path])
    return made


def found(text: str) -> list[str]:
    spans = {(s.start, s.end) for s in Ner(("en", "zh")).find(text, Budget(5))}
    return [text[a:b] for a, b in sorted(spans)]


@pytest.mark.parametrize(
    "text, expected, english, chinese",
    [
        ("Ask Bob", ["Bob"], ["Ask Bob"], []),
        ("找张伟", ["张伟"], [], ["找张伟"]),
        ("找张伟和 Bob", ["张伟", "Bob"], ["找张伟和 Bob"], ["找张伟和 Bob"]),
        ("hi Bob\n找张伟\nbye Al", ["Bob", "张伟", "Al"], ["hi Bob\n", "bye Al"], ["找张伟\n"]),
        ("123 456", [], [], []),
    ],
)
def test_lines_go_to_the_engine_for_their_script(
    engines: dict[str, Capitals], text: str, expected: list[str], english: list[str], chinese: list[str]
) -> None:
    assert [w for w in found(text) if w not in ("Ask",)] == expected
    assert engines["en"].read == english
    assert engines["zh"].read == chinese


def test_running_text_of_another_language_in_a_chinese_line_is_not_the_chinese_engines(
    engines: dict[str, Capitals],
) -> None:
    text = "请翻译：then we met Mary near the old bridge 谢谢张伟"
    chinese = {text[s.start : s.end] for s in Ner(("zh",)).find(text, Budget(5))}
    assert chinese == {"张伟"}
    assert found(text) == ["Mary", "张伟"]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("see ```\nfrom Alice import Bob\n``` Carol", ["Carol"]),
        ("```csv\nname\nAlice\n``` Carol", ["Alice", "Carol"]),
        ("```\nDear Alice\n``` Carol", ["Dear", "Alice", "Carol"]),
        ("`Alice` Carol", ["Carol"]),
        ("https://x.org/Alice/Bob?c=Dan Carol", ["Carol"]),
        ("www.Alice.com Carol", ["Carol"]),
        ("Alice@Corp.com Carol", ["Carol"]),
        ("/home/Alice/Work Carol", ["Carol"]),
        (r"C:\Users\Alice, Carol", ["Carol"]),
        ("Alice_Smith Carol", ["Carol"]),
        ("Alice() Carol", ["Carol"]),
        ("either/or Carol", ["Carol"]),
        ("Al/Bo Carol", ["Al", "Bo", "Carol"]),
    ],
)
def test_code_links_paths_and_identifiers_are_left_alone(
    engines: dict[str, Capitals], text: str, expected: list[str]
) -> None:
    assert found(text) == expected


@given(st.text(alphabet="Ab 张\n`/@._", max_size=60))
@settings(max_examples=200)
def test_clear_keeps_length_and_lines(text: str) -> None:
    cleared = clear(text)
    assert len(cleared) == len(text)
    assert [i for i, c in enumerate(cleared) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]
    assert all(text[a:b].strip() for a, b in identifiers(text))


@pytest.mark.parametrize("size", [64, 100, 333])
def test_windows_find_what_the_whole_text_holds(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    text = " ".join(f"word {'Abcdefgh'[: 2 + i % 6]} x{i}" for i in range(300))
    small, whole = Capitals(Script.OTHER, size), Capitals(Script.OTHER)
    monkeypatch.setattr(ner_module, "engine", lambda model: {"small": small, "whole": whole}[model.path])
    spans = [sorted(Ner((name,)).find(text, Budget(5)), key=lambda s: s.start) for name in ("small", "whole")]
    assert spans[0] == spans[1]
    assert max(map(len, small.read)) <= size
    assert sum(map(len, small.read)) < 1.5 * len(text)


@pytest.mark.parametrize(
    "unit", ["a", "/", "`", "a@", "x()", "a_", "~~~", "/a", "中a ", "http://", "www.", "C:\\", "中" + "b" * 5000]
)
def test_long_lines_of_near_matches_take_time_in_proportion(engines: dict[str, Capitals], unit: str) -> None:
    text = unit * (300_000 // len(unit)) + "_x"
    assert found(text) == []  # with anything quadratic the test's time limit ends it


def test_a_label_map_to_an_unknown_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="PLANET"):
        Ner((Model("x", {"PL": "PLANET"}),))


# -- engines


def _spacy_pipeline(path: Path) -> Path:
    import spacy

    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns(  # type: ignore[attr-defined]
        [{"label": "PERSON", "pattern": "Zaphod Beeblebrox"}, {"label": "CRAFT", "pattern": "Heart of Gold"}]
    )
    nlp.to_disk(path)
    return path


def test_any_spacy_pipeline_by_path_with_a_label_map(tmp_path: Path) -> None:
    path = _spacy_pipeline(tmp_path / "pipe")
    text = "Zaphod Beeblebrox stole the Heart of Gold"
    plain = [(s.start, s.end, s.type) for s in Ner((str(path),)).find(text, Budget(9))]
    assert plain == [(0, 17, "PERSON")]
    mapped = Ner((Model(str(path), {"CRAFT": "ORGANIZATION"}),)).find(text, Budget(9))
    assert [(s.start, s.end, s.type) for s in mapped] == [(0, 17, "PERSON"), (28, 41, "ORGANIZATION")]
    assert engine(str(path)) is engine(Model(str(path)))


def _token_classifier(path: Path) -> Path:
    """A tiny BERT whose one layer is silenced and whose head answers by the embedding of each token."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    path.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "zaphod", "left", "for", "betelgeuse", "##s", "."]
    vocabulary = path / "vocab.txt"
    vocabulary.write_text("\n".join(words), encoding="utf-8")
    BertTokenizerFast(str(vocabulary), do_lower_case=True).save_pretrained(path)
    labels = ["O", "B-PER", "B-PLANET"]
    model = BertForTokenClassification(
        BertConfig(
            vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            max_position_embeddings=64, id2label=dict(enumerate(labels)), label2id={v: i for i, v in enumerate(labels)},
        )
    )  # fmt: skip
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for module in model.modules():
            if isinstance(module, torch.nn.LayerNorm):
                module.weight.fill_(1.0)
        table = model.bert.embeddings.word_embeddings.weight
        for word, label in (("zaphod", 1), ("betelgeuse", 2)):
            table[words.index(word), label] = 4.0
        table[words.index("[UNK]"), 0] = table[words.index("left"), 0] = 4.0
        table[words.index("for"), 0] = table[words.index("."), 0] = 4.0
        model.classifier.weight[torch.arange(3), torch.arange(3)] = 3.0
    model.save_pretrained(path)
    return path


def test_a_transformers_token_classification_model_by_path(tmp_path: Path) -> None:
    path = _token_classifier(tmp_path / "model")
    ner = Ner((Model(str(path), {"PLANET": "LOCATION"}),))
    text = "Zaphod left for Betelgeuse. " * 40  # more than the model takes at once
    spans = list(ner.find(text, Budget(30)))
    assert {(s.type, text[s.start : s.end]) for s in spans} == {("PERSON", "Zaphod"), ("LOCATION", "Betelgeuse")}
    assert sorted({s.start for s in spans}) == sorted(
        i for word in ("Zaphod", "Betelgeuse") for i in range(len(text)) if text.startswith(word, i)
    )
    assert all(0.5 < s.score < 1 for s in spans)


def test_transformers_without_its_packages_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _token_classifier(tmp_path / "model")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"guardchain\[local\]"):
        engine(str(path))


def test_a_part_of_a_word_becomes_the_whole_word() -> None:
    assert whole_words("met Draymond, then", 4, 6) == (4, 12)
    assert whole_words("met Draymond, then", 8, 10) == (4, 12)
    assert whole_words("met Draymond, then", 4, 13) == (4, 13)
    assert whole_words("找张伟谈谈", 1, 3) == (1, 3)
    assert whole_words("x2Ann", 2, 4) == (2, 5)
    assert whole_words("Ann", 0, 3) == (0, 3)


def _gliner(path: Path, words: int) -> Path:
    """A GLiNER model of random weights that reads so many words at once."""
    gliner = pytest.importorskip("gliner", reason="needs `pip install gliner`")
    import torch
    from transformers import BertConfig, BertTokenizerFast

    torch.manual_seed(0)
    encoder = path / "encoder"
    encoder.mkdir(parents=True)
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "zaphod",
        "left",
        "for",
        "betelgeuse",
        "person",
        "planet",
    ]
    (encoder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(str(encoder / "vocab.txt")).save_pretrained(encoder)
    small = BertConfig(
        vocab_size=len(vocabulary) + 3, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    small.save_pretrained(encoder)
    config = gliner.GLiNERConfig(
        model_name=str(encoder), hidden_size=32, max_len=words, max_width=4, span_mode="markerV0", encoder_config=small,
        class_token_index=-1, vocab_size=-1,
    )  # fmt: skip
    gliner.GLiNER.from_config(config, backbone_from_pretrained=False).save_pretrained(path / "model")
    return path / "model"


def test_a_gliner_model_by_path(tmp_path: Path) -> None:
    path = _gliner(tmp_path, words=16)
    text = "Zaphod left for Betelgeuse and back, " * 10
    model = Model(str(path), {"planet": "LOCATION", "person": "PERSON"})
    assert isinstance(engine(model), Gliner)
    spans = sorted(Ner((model,)).find(text, Budget(30)), key=lambda s: s.start)
    assert spans and {s.type for s in spans} <= {"PERSON", "LOCATION"}
    assert all(0.3 <= s.score <= 0.99 and text[s.start : s.end].strip() for s in spans)
    # Nothing beyond the words it reads at once is lost: with random weights it finds something everywhere.
    assert max(b.start - a.end for a, b in pairwise(spans)) < 40
    assert spans[0].start < 40 and spans[-1].end > len(text) - 40


def test_a_broken_gliner_model_is_a_config_error(tmp_path: Path) -> None:
    path = _gliner(tmp_path, words=16)
    (path / "gliner_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot load the GLiNER model"):
        engine(Model(str(path), {"x": "PERSON"}))


def test_gliner_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "gliner_config.json").write_text("{}", encoding="utf-8")
    try:
        import gliner  # type: ignore[import-not-found,unused-ignore]  # noqa: F401

        pytest.skip("gliner is installed")
    except ImportError:
        pass
    with pytest.raises(ConfigError, match="pip install gliner"):
        engine(str(tmp_path))


@pytest.mark.parametrize("reference", ["no/such/folder", "no_such_package", "bundled:ner-xx"])
def test_what_cannot_be_loaded_is_a_config_error(reference: str) -> None:
    with pytest.raises(ConfigError):
        engine(reference)


def test_a_folder_that_is_no_model_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["GPT2LMHeadModel"]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="no spaCy pipeline"):
        engine(str(tmp_path))


def test_broken_weights_are_an_artifact_error(tmp_path: Path) -> None:
    (tmp_path / "guardchain_ner").mkdir()
    (tmp_path / "config.cfg").write_text("", encoding="utf-8")
    with pytest.raises(ArtifactError):
        engine(str(tmp_path))


def test_spacy_is_not_imported_for_the_bundled_models_nor_without_ner() -> None:
    code = (
        "import sys; from sanitizers.detect import Detector; from sanitizers.detect.ner import Ner, Budget;"
        "Detector().detect('Ask Maria Lopez about it');"
        "list(Ner(('bundled:ner-en','bundled:ner-zh')).find('Ask Maria Lopez 或者张伟', Budget(9)));"
        "sys.exit('spacy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
