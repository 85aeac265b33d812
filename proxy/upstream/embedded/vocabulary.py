"""Token ids to bytes and, incrementally, to text."""

from __future__ import annotations

import codecs
import json
from typing import Any, Protocol

_WINDOW = 8  # tokens a window detokeniser waits for the rest of a character


def _byte_level_table() -> dict[str, int]:
    """GPT-2's map of the 256 bytes to printable characters, inverted (openai/gpt-2, `encoder.py`)."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(b): b for b in kept}
    table.update({chr(256 + n): b for n, b in enumerate(b for b in range(256) if b not in set(kept))})
    return table


class Vocabulary:
    """What a tokenizer's ids spell. `byte_level` tokenizers are decoded exactly, byte by byte."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self._special = set(tokenizer.all_special_ids)
        self._added = {i: str(token) for i, token in tokenizer.added_tokens_decoder.items()}
        self._special |= {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
        backend = getattr(tokenizer, "backend_tokenizer", None)
        decoder = (json.loads(backend.to_str()).get("decoder") or {}) if backend is not None else {}
        kinds = {decoder.get("type"), *(d.get("type") for d in decoder.get("decoders", []))}
        self.byte_level = "ByteLevel" in kinds
        self._table = _byte_level_table()
        self._bytes: dict[int, bytes] = {}

    def bytes_of(self, token: int) -> bytes:
        """The bytes a token spells (a special token: its name). b"" for ids the tokenizer does not know."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._spell(token)
        return known

    def text_of(self, token: int) -> str:
        """A printable form; bytes that are no whole character appear as `\\xNN`."""
        return self.bytes_of(token).decode("utf-8", "backslashreplace")

    def shown(self, token: int) -> bytes:
        """The bytes a token adds to the visible text: none for special tokens."""
        return b"" if token in self._special else self.bytes_of(token)

    def detokeniser(self) -> Detokeniser:
        return _ByteDetokeniser(self) if self.byte_level else _WindowDetokeniser(self.tokenizer)

    def _spell(self, token: int) -> bytes:
        if token in self._added:
            return self._added[token].encode()
        piece = self.tokenizer.convert_ids_to_tokens(token)
        if piece is None:
            return b""
        if self.byte_level:
            if all(c in self._table for c in piece):
                return bytes(self._table[c] for c in piece)
            return str(piece).encode()
        if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
            return bytes([int(piece[3:5], 16)])
        return str(piece).replace("\u2581", " ").encode()


class Detokeniser(Protocol):
    """Turns tokens into text as they come; never shows half a character."""

    def push(self, token: int) -> str: ...

    def close(self) -> str:
        """What an unfinished character leaves behind."""
        ...


class _ByteDetokeniser:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        return self._decoder.decode(self._vocabulary.shown(token))

    def close(self) -> str:
        return self._decoder.decode(b"", True)


class _WindowDetokeniser:
    """For other tokenizers: decodes a short window twice and shows the difference.

    The window keeps the tokens of the last shown text, since many tokenizers decode a first token differently.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._shown = 0

    def push(self, token: int) -> str:
        self._tokens.append(token)
        before, now = self._decode(self._tokens[: self._shown]), self._decode(self._tokens)
        if now.endswith("\ufffd") and len(self._tokens) - self._shown < _WINDOW:
            return ""
        if len(now) <= len(before):
            return ""
        self._tokens = self._tokens[self._shown :]
        self._shown = len(self._tokens)
        return now[len(before) :]

    def close(self) -> str:
        before, now = self._decode(self._tokens[: self._shown]), self._decode(self._tokens)
        return now[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        return str(
            self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            if tokens
            else ""
        )
