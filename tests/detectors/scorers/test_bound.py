"""The bound is never above what the tokenizer says, and is there where it can be."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from detectors.scorers.bound import Bound
from detectors.scorers.local import LocalScorer
from guard.errors import CheckUnavailable
from tests.detectors import support


def changed(change):
    raw = Tokenizer.from_str(support.tokenizer().backend_tokenizer.to_str())
    change(raw)
    return PreTrainedTokenizerFast(tokenizer_object=raw)


def nfc(raw):
    raw.normalizer = normalizers.NFC()


def drops_bytes(raw):
    facts = json.loads(raw.to_str())
    byte = next(t for t in facts["model"]["vocab"] if len(t) == 1 and t.isalpha())
    facts["model"]["merges"] = [m for m in facts["model"]["merges"] if byte not in "".join(m)]
    facts["model"]["vocab"] = {t: n for t, n in facts["model"]["vocab"].items() if byte not in t}
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(facts)))


PLAIN, COMPOSED = support.tokenizer(), changed(nfc)
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from("aeo \n\u0301\u0308\u212a\u1100\u1161")), max_size=60
)


@pytest.mark.parametrize("tokenizer", [PLAIN, COMPOSED], ids=["plain", "NFC"])
def test_no_fewer_tokens(tokenizer):
    bound = Bound(tokenizer)

    @given(TEXTS)
    def check(text):
        assert bound.fewest(text) <= len(tokenizer(text, add_special_tokens=False)["input_ids"])

    check()
    longest = max(PLAIN.get_vocab(), key=len)
    text = PLAIN.decode(PLAIN.get_vocab()[longest]) * 50
    assert bound.fewest(text) == 50


@pytest.mark.parametrize(
    "tokenizer",
    [
        object(),
        changed(lambda raw: raw.add_tokens([AddedToken("<mask>", lstrip=True)])),
        changed(lambda raw: setattr(raw, "normalizer", normalizers.Strip())),
        changed(lambda raw: setattr(raw, "pre_tokenizer", pre_tokenizers.Whitespace())),
        changed(
            lambda raw: setattr(
                raw,
                "pre_tokenizer",
                pre_tokenizers.Sequence([pre_tokenizers.Split(" ", "removed"), pre_tokenizers.ByteLevel()]),
            )
        ),
        drops_bytes(PLAIN.backend_tokenizer),
    ],
    ids=["no fast one", "strips", "normalises", "no bytes", "removes", "drops"],
)
def test_nothing_is_certain(tokenizer):
    assert Bound(tokenizer).fewest("x" * 10_000) == 0


def test_nfc_leaves_a_quarter():
    """Of every character, however it was spelled: the most bytes its parts can have had, against those it has."""
    characters = [chr(n) for n in range(sys.maxunicode + 1) if not 0xD800 <= n <= 0xDFFF]
    parts = {c: unicodedata.normalize("NFD", c) for c in characters}
    most = {}
    for c, apart in parts.items():
        if len(apart) == 1:
            most[apart] = max(most.get(apart, 0), len(c.encode()))
    for c, apart in parts.items():
        spelled = sum(most[p] for p in apart)
        assert len(c.encode()) <= spelled < 4 * len(unicodedata.normalize("NFC", c).encode())


def test_scripts_without_ascii():
    assert Bound(COMPOSED).fewest("我想学习怎样做蛋糕。" * 10_000) > 1024
    assert Bound(COMPOSED).fewest("각" * 10_000) <= len(COMPOSED("각" * 10_000)["input_ids"])


def test_the_model_is_not_asked():
    scorer = LocalScorer(support.model(), PLAIN, support.IDENTITY)  # a context of 1024
    scorer.refuse_too_long([{"role": "user", "content": "bake a cake " * 80}])
    with pytest.raises(CheckUnavailable) as error:
        scorer.refuse_too_long([{"role": "user", "content": "bake a cake " * 8000}])
    assert error.value.reason == "too_long"
