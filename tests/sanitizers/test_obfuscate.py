"""The mechanism draws as its formula says and keeps ε; the obfuscator touches low-risk words and nothing else."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from tokenizers import Tokenizer, models

from guard.assets import resolve
from guard.errors import ConfigError
from guard.surface import Role
from sanitizers import Piece, Sanitizer, SanitizerOptions
from sanitizers.obfuscate import Obfuscator, question
from sanitizers.obfuscate_embeddings import Embeddings
from sanitizers.obfuscate_mechanism import Mechanism, Stream, scale

SMALL = np.array([[0, 0], [1, 0], [0, 2], [3, 3], [-4, 1]], dtype=np.float32)


def mechanism(epsilon: float, points: np.ndarray = SMALL) -> Mechanism:
    return Mechanism(points, epsilon)


@pytest.mark.parametrize("epsilon", [0.5, 2.0, 6.0])
@pytest.mark.parametrize("word", [0, 3])
def test_draws_follow_the_formula(epsilon: float, word: int) -> None:
    """Frequencies of 4000 draws against the formula averaged over the very radii that were drawn."""
    made, count = mechanism(epsilon), 4000
    distances = made.distances(SMALL[word])
    assert distances == pytest.approx([math.dist(SMALL[word], other) for other in SMALL], abs=1e-6)
    seen, expected = np.zeros(len(SMALL)), np.zeros(len(SMALL))
    for i in range(count):
        key = f"{epsilon}:{word}:{i}".encode()
        radius = made.radius(Stream(key))
        utility = np.clip((radius - distances) / radius, 0, None)
        weights = np.exp(epsilon * utility / 2)
        expected += weights / weights.sum() / count
        seen[made.draw(distances, Stream(key))] += 1 / count
    assert np.abs(seen - expected).max() < 4 * math.sqrt(0.25 / count)


@settings(max_examples=150, deadline=None)
@given(
    points=st.lists(st.tuples(*[st.floats(-5, 5, width=32)] * 3), min_size=3, max_size=12, unique=True),
    words=st.tuples(*[st.tuples(*[st.floats(-9, 9, width=32)] * 3)] * 2),
    epsilon=st.floats(0.1, 20),
    radius=st.floats(0.01, 30),
)
def test_no_candidate_tells_two_words_apart_by_more_than_epsilon(points, words, epsilon: float, radius: float) -> None:
    """Pr[s | t] <= e^ε Pr[s | t'] for all words t, t' whatever, candidates s and radii."""
    made = mechanism(epsilon, np.array(points, dtype=np.float32))
    one, other = (made.probabilities(made.distances(np.array(w, dtype=np.float32)), radius) for w in words)
    assert one.sum() == pytest.approx(1) and (one > 0).all() and (other > 0).all()
    assert np.abs(np.log(one) - np.log(other)).max() <= epsilon * (1 + 1e-9) + 1e-9


def test_more_epsilon_keeps_more_words() -> None:
    kept = [m.probabilities(m.distances(SMALL[0]), 2.0)[0] for m in map(mechanism, (0.1, 2, 10, 40))]
    assert kept == sorted(kept) and kept[0] == pytest.approx(0.2, abs=0.01) and kept[-1] > 0.99


def test_the_radius_has_the_scale_of_the_paper() -> None:
    assert scale(0.5) == 2 and scale(1.9) == pytest.approx(1 / 1.9)
    assert 9.1 < 1 / scale(2.5) < 9.4 < 1 / scale(30) + 0.1
    ranges = SMALL.max(axis=0) - SMALL.min(axis=0)
    made = mechanism(1.0)
    squares = [made.radius(Stream(str(i).encode())) ** 2 for i in range(3000)]
    assert np.mean(squares) == pytest.approx(2 * (ranges**2).sum(), rel=0.15)  # the variance of Laplace(β) is 2 β²


def test_streams_are_uniform_and_keyed() -> None:
    numbers = Stream(b"k").uniform(20000)
    assert (numbers > 0).all() and (numbers < 1).all()
    assert np.histogram(numbers, 10, (0, 1))[0] == pytest.approx(2000, abs=200)
    again = Stream(b"k")
    assert (again.uniform(20000) == numbers).all()
    assert (again.uniform(20000) != numbers).any() and (Stream(b"l").uniform(20000) != numbers).any()


@pytest.mark.parametrize(("points", "epsilon"), [(SMALL, 0.0), (SMALL, -1.0), (SMALL, math.nan), (SMALL[:1], 1.0)])
def test_what_makes_no_mechanism(points: np.ndarray, epsilon: float) -> None:
    with pytest.raises(ValueError, match="ε must be positive"):
        Mechanism(points, epsilon)


# Words

TEXT = (
    "Our team wants to move the old warehouse server because the cooling failed twice. See https://a.b/cooling and "
    "`cooling = warehouse_temp`, or mail warehouse@corp.com. WAREHOUSE staff are Angry. How should we tell the staff?"
)


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    return Embeddings.load("bundled:tiny-chat")


@pytest.fixture(scope="module")
def obfuscator(embeddings: Embeddings) -> Obfuscator:
    return Obfuscator(embeddings, 1.0)


def test_the_embeddings_are_the_model_s(embeddings: Embeddings) -> None:
    with safe_open(Path(resolve("bundled:tiny-chat", "model")) / "model.safetensors", "pt") as weights:
        expected = weights.get_tensor("model.embed_tokens.weight").float().numpy()
    assert (embeddings.matrix == expected).all()
    latin, _ = embeddings.words(100)
    assert len(latin) == 100 and all(word.isalpha() and word.islower() for word in latin)


def test_which_words_are_drawn_anew(obfuscator: Obfuscator) -> None:
    made = obfuscator.obfuscate(TEXT, [(TEXT.index("twice"), TEXT.index("twice") + 5)], b"key")
    before, after = TEXT.split(), made.text.split()
    assert len(before) == len(after)
    changed = {a for a, b in zip(before, after, strict=True) if a != b}
    assert made.words >= len(changed) > 4
    # kept: question, words of it, function words, short words, code, addresses, what the caller keeps
    assert made.text.endswith("How should we tell the staff?")
    assert " staff are " in made.text and "`cooling = warehouse_temp`" in made.text
    assert "https://a.b/cooling" in made.text and "warehouse@corp.com" in made.text and "twice." in made.text
    assert not changed & {"Our", "to", "the", "old", "because", "See", "staff", "twice."}
    shouted, angry = after[before.index("WAREHOUSE")], after[before.index("Angry.")]
    assert shouted.isupper() and angry[0].isupper()


def test_draws_depend_on_key_and_text_alone(embeddings: Embeddings, obfuscator: Obfuscator) -> None:
    made = obfuscator.obfuscate(TEXT, [], b"key")
    assert Obfuscator(embeddings, 1.0).obfuscate(TEXT, [], b"key") == made == obfuscator.obfuscate(TEXT, [], b"key")
    assert obfuscator.obfuscate(TEXT, [], b"other") != made
    assert obfuscator.obfuscate("And more. " + TEXT, [], b"key").text != "And more. " + made.text
    # one word twice is drawn twice
    twice = "Hello there, dear people. " + "The cooling failed. " * 12 + "What now?"
    assert len(set(obfuscator.obfuscate(twice, [], b"key").text.split("The "))) > 3


def test_barred_words_never_come_out(embeddings: Embeddings) -> None:
    few = Obfuscator(embeddings, 0.5, candidates=40)
    words = set(few.obfuscate(TEXT, [], b"key").text.lower().split())
    listed = embeddings.words(40)[0]
    barred = [w for w in listed if w in words and w not in TEXT.lower()]
    assert barred
    assert not set(barred) & set(few.obfuscate(TEXT, [], b"key", barred).text.lower().split())
    assert few.obfuscate(TEXT, [], b"key", listed).words == 0


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Where is it? In the cellar. Why?", ["Where is it?", " Why?"]),
        ("Summarise this:\nThe cellar is wet.\nBe brief.", ["Summarise this:\n", "Be brief."]),
        ("One sentence only", ["One sentence only"]),
        ("地下室很湿。怎么办？", ["怎么办？"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_what_is_wanted(text: str, kept: list[str]) -> None:
    assert [text[a:b] for a, b in question(text)] == kept


@pytest.mark.parametrize("text", ['{"note": "cooling failed"}', "[1]", "", "How is the weather?"])
def test_texts_left_alone(obfuscator: Obfuscator, text: str) -> None:
    made = obfuscator.obfuscate(text, [], b"key")
    assert (made.text, made.words) == (text, 0)


def chinese(tmp_path: Path) -> Path:
    """A model whose tokens are a few Chinese words, weights as single precision floats."""
    words = ["天气", "公司", "项目", "经理", "会议"]
    pieces = sorted({c for w in words for c in w} | set("很好怎么办"))
    vocabulary = {token: i for i, token in enumerate([*pieces, *words])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [(w[0], w[1]) for w in words]))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    matrix = np.random.default_rng(1).normal(size=(len(vocabulary), 8)).astype(np.float32)
    data = matrix.tobytes()
    entry = {"dtype": "F32", "shape": list(matrix.shape), "data_offsets": [0, len(data)]}
    header = json.dumps({"transformer.wte.weight": entry}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    return tmp_path


def test_chinese_words_by_the_model_s_tokens(tmp_path: Path) -> None:
    model = Obfuscator(Embeddings.load(str(chinese(tmp_path))), 0.5, keep_similarity=0.99)
    text = "公司很好。经理很好，会议很好，项目很好。天气怎么办？"
    made = model.obfuscate(text, [], b"key")
    assert made.words == 4 and made.text != text and made.text.endswith("天气怎么办？")
    assert len(made.text) == len(text) and made.text.count("很好") == 4


@pytest.mark.parametrize("what", ["nothing", "no weights", "no table"])
def test_models_without_embeddings(tmp_path: Path, what: str) -> None:
    if what != "nothing":
        chinese(tmp_path)
        weights = tmp_path / "model.safetensors"
        if what == "no weights":
            weights.unlink()
        else:
            header = json.dumps({"lm_head.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode()
            weights.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ConfigError):
        Embeddings.load(str(tmp_path))


def test_in_a_sanitizer(obfuscator: Obfuscator) -> None:
    """Stand-ins stay whole and are restored; only what users wrote is drawn anew; counted, stable, verified."""
    text = "Alice Johnson moved the warehouse server because the cooling failed. She called Bob Meyer. Was it wise?"
    pieces = [Piece("You are the warehouse assistant of a company.", Role.SYSTEM), Piece(text)]
    rules = SanitizerOptions(ner=())
    sanitizer = Sanitizer(rules, key="k", obfuscator=obfuscator)
    hiding, _ = sanitizer.hide_pieces(pieces, tenant="t")
    plain, _ = Sanitizer(rules, key="k").hide_pieces(pieces, tenant="t")
    assert hiding.texts[0] == plain.texts[0] == pieces[0].text
    assert hiding.obfuscated >= 3 and hiding.texts[1] != plain.texts[1] and plain.obfuscated == 0
    for replaced in hiding.replaced:
        assert replaced.text in hiding.texts[1]
    assert "Alice Johnson" not in hiding.texts[1]
    hidden = sanitizer.hide(text, tenant="t")
    assert "Alice Johnson" in hidden.restore(hidden.text) and "cooling" not in hidden.text
    assert sanitizer.hide_pieces(pieces, tenant="t")[0].texts == hiding.texts
    assert sanitizer.hide_pieces(pieces, tenant="u")[0].texts != hiding.texts


def test_words_alone_count_as_touched(obfuscator: Obfuscator) -> None:
    text = "The cooling of the warehouse failed. People were angry. What now?"
    hiding, _ = Sanitizer(SanitizerOptions(ner=()), key="k", obfuscator=obfuscator).hide_pieces([Piece(text)])
    assert hiding.touched and not hiding.entities and hiding.texts[0] != text
