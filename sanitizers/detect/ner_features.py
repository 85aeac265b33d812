"""What the bundled taggers see of a token: hashed features that select rows of one table, and a dense vector."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

import ahocorasick
import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[np.generic]]
Token = tuple[int, int, str]


class Features(Protocol):
    """`rows`: of the table that ids point into; `columns`: ids by token; `width`: of the dense vector.

    `contextual`: whether a token's features depend on its neighbours. If not, they are computed once a token.
    `reach`: how many tokens to either side they depend on.
    """

    rows: int
    columns: int
    width: int
    contextual: bool
    reach: int

    def split(self, text: str) -> list[Token]:
        """Tokens as (start, end, what `encode` takes)."""
        ...

    def encode(self, tokens: Sequence[str]) -> tuple[Ids, Floats]:
        """Ids [tokens, columns] and dense vectors [tokens, width]."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What `features` needs to make an equal object."""
        ...


def pack(words: Sequence[str]) -> npt.NDArray[np.uint8]:
    """A word list as bytes of an array: one word a line, deflated."""
    return np.frombuffer(zlib.compress("\n".join(words).encode(), 9), np.uint8)


def unpack(packed: npt.NDArray[np.generic]) -> list[str]:
    """The word list in an array that `pack` made."""
    return zlib.decompress(packed.tobytes()).decode().split("\n")


def shape(word: str) -> str:
    """`Xxxx`, `dd-dd`, `XX`: classes of characters, runs cut after three."""
    out: list[str] = []
    for char in word[:64]:
        kind = "d" if char.isdecimal() else "X" if char.isupper() else "x" if char.isalpha() else char
        if out[-3:] != [kind] * 3:
            out.append(kind)
    return "".join(out[:12])


_TOKEN = re.compile(r"\n|[^\W\d_]+|\d+|[^\w\s]|_")
# Where words were put together, as in #KualaLumpur and DeskLamp; not in McDonald and iPhone.
_HUMP = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")


def _humps(word: str) -> list[int]:
    """Where a word put together by its capitals comes apart."""
    if word.islower() or word[1:].islower() or word.isupper():
        return []
    return [m.start() for m in _HUMP.finditer(word)]


class WordFeatures:
    """English: the word, its affixes and shape; its Brown clusters, how often it is capitalised, and its vector.

    `words` (lower case) have `vectors` [words, width] of int8 with one `scale`, and `marks` [words, 4]: cluster of the
    lower-case and of the capitalised form (Brown et al. 1992), how much commoner the latter is, how common both are.
    """

    contextual = False
    reach = 0
    columns = 16

    def __init__(self, arrays: Arrays, rows: int) -> None:
        self._arrays = dict(arrays)
        self.rows = rows
        self._index = {word: i for i, word in enumerate(unpack(arrays["words"]))}
        self._vectors = np.asarray(arrays["vectors"])
        self._scale = float(arrays["scale"][0])
        self._marks = np.asarray(arrays["marks"]).astype(np.int64)
        self.width = self._vectors.shape[1]

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return dict(self._arrays)

    def split(self, text: str) -> list[Token]:
        """Runs of letters and of digits, single marks, line breaks; a token says whether a space stands before it.

        Words put together by their capitals are taken apart, unless the lexicon has the whole.
        """
        tokens: list[Token] = []
        last = -1
        for match in _TOKEN.finditer(text):
            start, end = match.span()
            word = match.group()
            if end - start > 5 and (humps := _humps(word)) and word.lower() not in self._index:
                for a, b in pairwise((0, *humps, end - start)):
                    tokens.append((start + a, start + b, word[a:b] if a or start == last else " " + word[a:b]))
            else:
                tokens.append((start, end, word if start == last else " " + word))
            last = end
        return tokens

    def encode(self, tokens: Sequence[str]) -> tuple[Ids, Floats]:
        ids = np.empty((len(tokens), self.columns), np.int64)
        dense = np.zeros((len(tokens), self.width), np.float32)
        for row, spaced in enumerate(tokens):
            token = spaced.lstrip(" ")
            low = token.lower()
            known = self._index.get(low, -1)
            if known >= 0:
                dense[row] = self._vectors[known]
                lower, title, ratio, common = self._marks[known].tolist()
            else:
                lower, title, ratio, common = -1, -1, -1, -1
            form = shape(token)
            ids[row] = [
                zlib.crc32(text.encode("utf-8", "surrogatepass")) % self.rows
                for text in (
                    f"w{low}", f"p1{low[:1]}", f"p2{low[:2]}", f"p3{low[:3]}", f"p4{low[:4]}",
                    f"s1{low[-1:]}", f"s2{low[-2:]}", f"s3{low[-3:]}", f"s4{low[-4:]}",
                    f"h{form}", f"l{lower}", f"t{title}", f"u{lower & 63}", f"v{title & 63}",
                    f"r{ratio}/{form[:2]}", f"c{common}/{min(len(token), 9)}/{spaced[:1] == ' '}",
                )
            ]  # fmt: skip
        dense *= self._scale
        return ids, dense


_HAN_MIX = np.uint64(0x9E3779B97F4A7C15)


class CharFeatures:
    """Chinese: characters with their neighbours, and which words of a lexicon begin, go on, end or stand there.

    `words` have `classes` [words]: kinds of word (common noun, surname, place, …) that mark their characters with
    begin, middle, end or single (SoftLexicon: Ma et al. 2020, without learnt weights).
    """

    contextual = True
    reach = 16  # no word of the lexicon is longer
    columns = 8

    def __init__(self, arrays: Arrays, rows: int) -> None:
        self._arrays = dict(arrays)
        self.rows = rows
        classes = np.asarray(arrays["classes"]).tolist()
        self.width = 4 * (max(classes) + 1)
        self._words = ahocorasick.Automaton()
        for word, kind in zip(unpack(arrays["words"]), classes, strict=True):
            self._words.add_word(word, (len(word), 4 * kind))
        self._words.make_automaton()

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return dict(self._arrays)

    def split(self, text: str) -> list[Token]:
        """Every character."""
        return [(i, i + 1, char) for i, char in enumerate(text)]

    def encode(self, tokens: Sequence[str]) -> tuple[Ids, Floats]:
        text = "".join(tokens).lower()
        if len(text) != len(tokens):  # lower() may lengthen: İ becomes two characters
            text = "".join(token.lower()[0] for token in tokens)
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
        kinds = _kinds(tokens, codes)
        digits = (codes >= 48) & (codes <= 57)
        plain = np.where(digits, np.uint64(48), codes)
        edge = np.full(2, 2, np.uint64)
        padded = np.concatenate((edge, plain, edge))
        before2, before, at, after, after2 = (padded[i : i + len(plain)] for i in range(5))
        ids = np.empty((len(plain), self.columns), np.int64)
        for column, parts in enumerate(
            (
                (at,),
                (before, at),
                (at, after),
                (before, at, after),
                (before, after),
                (before2, before, at),
                (at, after, after2),
                (kinds,),
            )
        ):
            ids[:, column] = self._hash(column, parts)
        return ids, self._lexicon(text)

    def _hash(self, column: int, parts: tuple[npt.NDArray[np.uint64], ...]) -> Ids:
        with np.errstate(over="ignore"):
            mixed = np.full(parts[0].shape, column + 1, np.uint64)
            for part in parts:
                mixed = (mixed ^ part) * _HAN_MIX
                mixed ^= mixed >> np.uint64(29)
        return (mixed % np.uint64(self.rows)).astype(np.int64)

    def _lexicon(self, text: str) -> Floats:
        marks: list[tuple[int, int]] = []
        for end, (length, kind) in self._words.iter(text):
            if length == 1:
                marks.append((end, kind + 3))
                continue
            start = end - length + 1
            marks.append((start, kind))
            marks.extend((i, kind + 1) for i in range(start + 1, end))
            marks.append((end, kind + 2))
        dense = np.zeros((len(text), self.width), np.float32)
        if marks:
            at = np.array(marks)
            dense[at[:, 0], at[:, 1]] = 1.0
        return dense


def _kinds(tokens: Sequence[str], codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Han, upper case, lower case, digit, space, punctuation, other letters."""
    return np.array(
        [
            0 if 0x4E00 <= code <= 0x9FFF else 1 if token.isupper() else 2 if token.isascii() and token.isalpha()
            else 3 if token.isdecimal() else 4 if token.isspace() else 5 if not token.isalnum() else 6
            for token, code in zip(tokens, codes.tolist(), strict=True)
        ],
        np.uint64,
    )  # fmt: skip


def features(kind: str, arrays: Arrays, rows: int) -> Features:
    """The features of a language: `words` or `characters`. Raises `KeyError` for other kinds."""
    made: dict[str, type[WordFeatures] | type[CharFeatures]] = {"words": WordFeatures, "characters": CharFeatures}
    return made[kind](arrays, rows)
