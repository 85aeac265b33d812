"""How many tokens a text must at least become, known without tokenising it.

A text of megabytes takes many seconds to tokenise and then does not fit. Where every byte ends up in some token, there
are no fewer tokens than bytes divided by those of the longest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokenizers.pre_tokenizers import ByteLevel

_SHRINKS = 4  # NFC leaves more than a quarter of the bytes (the worst, iota with two marks: 7 become 2; tested)


class Bound:
    """Of one tokenizer. Only byte-level BPE that keeps every byte is bounded: no token swallows the space beside it,
    nothing is dropped, nothing is rewritten (but for NFC, which makes a text only so much shorter)."""

    def __init__(self, tokenizer: Any) -> None:
        self._nfc = False
        self._longest = 0  # bytes; 0: no bound is certain
        backend = getattr(tokenizer, "backend_tokenizer", None)
        if backend is None:
            return
        facts = json.loads(backend.to_str())
        self._nfc = facts["normalizer"] == {"type": "NFC"}
        if (self._nfc or facts["normalizer"] is None) and _keeps_bytes(facts):
            spelt = [len(token) for token in facts["model"]["vocab"]]  # a character stands for a byte
            self._longest = max(*spelt, *(len(t["content"].encode()) for t in facts["added_tokens"]))

    def fewest(self, text: str) -> int:
        """No tokenising of `text` gives fewer tokens than this; 0 where nothing is certain."""
        if not self._longest:
            return 0
        size = len(text.encode("utf-8", "ignore"))
        if self._nfc:
            # A letter of ASCII is changed only together with the mark that follows it, which is not of ASCII.
            plain = len(text.encode("ascii", "ignore"))
            size = max(plain - (len(text) - plain), size // _SHRINKS)
        return size // self._longest


def _keeps_bytes(facts: Mapping[str, Any]) -> bool:
    model, added = facts["model"], facts["added_tokens"]
    steps = list(_steps(facts["pre_tokenizer"]))
    return bool(
        model["type"] == "BPE"
        and not (model.get("continuing_subword_prefix") or model.get("end_of_word_suffix") or model.get("dropout"))
        and not facts["truncation"]
        and not any(t["lstrip"] or t["rstrip"] for t in added)
        and any(step["type"] == "ByteLevel" for step in steps)
        and all(step["type"] in ("ByteLevel", "Digits") or _isolates(step) for step in steps)
        and set(ByteLevel.alphabet()) <= model["vocab"].keys()
    )


def _steps(pre_tokenizer: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if pre_tokenizer is None:
        return
    if pre_tokenizer["type"] == "Sequence":
        for step in pre_tokenizer["pretokenizers"]:
            yield from _steps(step)
    else:
        yield pre_tokenizer


def _isolates(step: Mapping[str, Any]) -> bool:
    return bool(step["type"] == "Split" and step["behavior"] != "Removed")
