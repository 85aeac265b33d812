"""Incremental text: whole characters only, the same text as decoding at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers
from transformers import PreTrainedTokenizerFast

from proxy.upstream.embedded.vocabulary import Vocabulary
from tests.proxy.upstream.embedded.conftest import make_tokenizer


def make_byte_fallback_tokenizer() -> PreTrainedTokenizerFast:
    """A SentencePiece-like tokenizer: `▁` for spaces, `<0xNN>` for bytes of rare characters."""
    pieces = ["<unk>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), "\u2581", *"abcdefghijklmnopqrstuvwxyz,.?你"]
    backend = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, [], unk_token="<unk>", byte_fallback=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    backend.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", unk_token="<unk>")


BYTE_LEVEL, BYTE_FALLBACK = Vocabulary(make_tokenizer()), Vocabulary(make_byte_fallback_tokenizer())
TEXTS = ["hello world", "你好，世界", "a 🙂 b 👩‍👩‍👧 c", "é", "  two  spaces \n", "ไทย עברית", "🙂"]


def pieces(vocabulary: Vocabulary, tokens: list[int]) -> list[str]:
    detokeniser = vocabulary.detokeniser()
    return [*(detokeniser.push(t) for t in tokens), detokeniser.close()]


def ids(vocabulary: Vocabulary, text: str) -> Any:
    return vocabulary.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_kinds_are_told_apart() -> None:
    assert (BYTE_LEVEL.byte_level, BYTE_FALLBACK.byte_level) == (True, False)


@pytest.mark.parametrize("vocabulary", [BYTE_LEVEL, BYTE_FALLBACK], ids=["byte-level", "byte-fallback"])
@pytest.mark.parametrize("text", TEXTS)
def test_no_piece_has_half_a_character(vocabulary: Vocabulary, text: str) -> None:
    tokens = ids(vocabulary, text)
    out = pieces(vocabulary, tokens)
    assert "".join(out) == vocabulary.tokenizer.decode(tokens) == text
    assert not any("\ufffd" in p for p in out)
    assert b"".join(vocabulary.bytes_of(t) for t in tokens).decode().strip() == text.strip()


@given(st.text(max_size=30))
def test_any_text_survives(text: str) -> None:
    assert "".join(pieces(BYTE_LEVEL, ids(BYTE_LEVEL, text))) == BYTE_LEVEL.tokenizer.decode(ids(BYTE_LEVEL, text))


@given(st.lists(st.integers(0, 399), max_size=30))
def test_any_tokens_decode_as_they_do_at_once(tokens: list[int]) -> None:
    at_once = BYTE_LEVEL.tokenizer.decode(tokens, skip_special_tokens=True)
    assert "".join(pieces(BYTE_LEVEL, tokens)) == at_once


@given(st.lists(st.integers(0, 290), max_size=30))
def test_any_tokens_of_other_tokenizers_are_shown_in_the_end(tokens: list[int]) -> None:
    assert isinstance("".join(pieces(BYTE_FALLBACK, tokens)), str)


def test_unfinished_characters_are_shown_as_replacement_at_the_end() -> None:
    tokens = ids(BYTE_LEVEL, "🙂")[:-1]
    assert pieces(BYTE_LEVEL, tokens) == [*[""] * len(tokens), "\ufffd"]


def test_special_tokens_have_bytes_but_no_text() -> None:
    end = BYTE_LEVEL.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert BYTE_LEVEL.bytes_of(end) == b"<|im_end|>"
    assert pieces(BYTE_LEVEL, [end]) == ["", ""]
    assert BYTE_LEVEL.bytes_of(10**6) == b""


def test_partial_characters_print_as_escapes() -> None:
    table = {BYTE_LEVEL.bytes_of(t): t for t in range(400)}
    assert BYTE_LEVEL.text_of(table[b"\xe4"]) == "\\xe4"
