# ruff: noqa: SIM905  word lists read better as text
"""Obfuscate (opt-in, PRIV-QA's low-risk words): words that the question does not need are drawn anew, under ε.

What the question says, what it asks about, stand-ins, code, addresses and function words stay; every other word is
replaced by the mechanism of `obfuscate_mechanism`. Nothing of it is put back in the answer. The draws are a function of
key and text: an unchanged message looks the same in every turn, on every replica, and spends its ε once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from guard.surface import Role
from sanitizers.detect.recogniser import Budget
from sanitizers.hide import Hiding, Piece
from sanitizers.obfuscate_embeddings import Embeddings
from sanitizers.obfuscate_mechanism import Floats, Mechanism, Stream
from sanitizers.recover import originals

_FUNCTION_WORDS = frozenset(
    """
    about above after again against also although always among another anybody anyone anything around because been
    before behind being below besides between both cannot could does doing done down during each either else even ever
    every everybody everyone everything from further have having hence here hers herself himself however into itself
    just least less like many maybe might mine more most much must myself neither never nobody none nothing once only
    onto other others ought ours ourselves over perhaps quite rather same shall should since some somebody someone
    something still such than that their theirs them themselves then there therefore these they this those though
    through thus together towards under unless until upon very what whatever when whenever where wherever whether
    which while whom whose will with within without would your yours yourself yourselves
    """.split()
)
_KEEP_WHOLE = re.compile(
    # bounded, and from a word's start: none of it is tried at every letter of a long run
    r"```.*?(?:```|\Z)|`[^`\n]*`|[a-zA-Z][a-zA-Z0-9+.-]{0,31}://\S+|[^\s@]{0,256}@\S+|<[^<>\n]{1,200}>"
    r"|(?:[~.]{0,2}/)[\w./-]+|\b\w*[_\d]\w*",
    re.DOTALL,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+(?=\s|\Z|[\u4e00-\u9fff])|\n+|\Z|[.!?。！？]+)")
_WORD = re.compile(r"(?P<latin>[A-Za-z]+(?:['’][A-Za-z]+)?)|(?P<chinese>[\u4e00-\u9fff]{2,})")
_CAMEL = re.compile(r"[a-z][A-Z]")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Obfuscated:
    """The text as it leaves, and how many of its words were drawn anew (some of them may have come out the same)."""

    text: str
    words: int


class _Words:
    """The candidates of one script, and the mechanism over them."""

    def __init__(self, words: Sequence[str], embeddings: Embeddings, epsilon: float) -> None:
        self.words = words
        self.index = {word: i for i, word in enumerate(words)}
        matrix = np.stack([embeddings.vector(word) for word in words])
        self.mechanism = Mechanism(matrix, epsilon)
        self.distances = lru_cache(maxsize=512)(lambda word: self.mechanism.distances(embeddings.vector(word)))


class Obfuscator:
    """Draws low-risk words anew. Thread-safe.

    `epsilon` is spent on each word; `candidates`: how many words, at most, may come out in each script; a word is kept
    when the cosine of its embedding with that of a word of the question reaches `keep_similarity`.
    """

    def __init__(
        self, embeddings: Embeddings, epsilon: float, *, candidates: int = 2048, keep_similarity: float = 0.6
    ) -> None:
        self._embeddings = embeddings
        self._keep = keep_similarity
        latin, chinese = embeddings.words(candidates)
        latin = [word for word in latin if word not in _FUNCTION_WORDS]
        self._latin = _Words(latin, embeddings, epsilon) if len(latin) > 1 else None
        self._chinese = _Words(chinese, embeddings, epsilon) if len(chinese) > 1 else None
        self._unit = lru_cache(maxsize=4096)(self._direction)
        self._memory: OrderedDict[bytes, Obfuscated] = OrderedDict()
        self._lock = threading.Lock()

    def obfuscate(
        self, text: str, kept: Sequence[tuple[int, int]], key: bytes, barred: Iterable[str] = ()
    ) -> Obfuscated:
        """`text` with its low-risk words drawn anew; what lies in the `kept` stretches is not touched.

        `barred`: words that may not come out, for others (stand-ins) mean something else. Text that is JSON stays.
        """
        barred = frozenset(word.casefold() for word in barred)
        said = repr((text, list(kept), sorted(barred))).encode("utf-8", "surrogatepass")
        seed = hmac.digest(key, b"obfuscate\0" + said, "sha256")
        with self._lock:
            known = self._memory.get(seed)
            if known is not None:
                self._memory.move_to_end(seed)
                return known
        made = self._obfuscate(text, kept, seed, barred)
        with self._lock:
            self._memory[seed] = made
            if len(self._memory) > _REMEMBERED:
                self._memory.popitem(last=False)
        return made

    def _obfuscate(self, text: str, kept: Sequence[tuple[int, int]], seed: bytes, barred: frozenset[str]) -> Obfuscated:
        if text.lstrip()[:1] in ("{", "["):
            return Obfuscated(text, 0)
        closed = bytearray(len(text))
        asked = question(text)
        for start, end in (*kept, *asked, *(m.span() for m in _KEEP_WHOLE.finditer(text))):
            closed[start:end] = b"\1" * (end - start)
        key_words = frozenset(word.lower() for a, b in asked for _, _, word in self._words(text[a:b]))
        directions = [self._unit(word) for word in sorted(key_words) if word not in _FUNCTION_WORDS and len(word) > 1]
        about = np.stack(directions) if directions else None
        out: list[str] = []
        at = count = 0
        for start, end, word in self._words(text):
            low = word.lower()
            if any(closed[start:end]) or low in key_words or not self._low_risk(word, about):
                continue
            made = self._draw(low, Stream(hashlib.sha256(seed + count.to_bytes(8, "big")).digest()), barred)
            if made is None:
                continue
            out += (text[at:start], _cased(made, word))
            at = end
            count += 1
        return Obfuscated("".join(out) + text[at:], count)

    def _words(self, text: str) -> Iterator[tuple[int, int, str]]:
        for match in _WORD.finditer(text):
            if match.lastgroup == "latin":
                yield match.start(), match.end(), match.group()
            elif self._chinese is not None:
                for a, b in self._embeddings.split(match.group()):
                    yield match.start() + a, match.start() + b, match.group()[a:b]

    def _low_risk(self, word: str, about: NDArray[np.float32] | None) -> bool:
        if word.isascii() and (len(word) < 4 or word.lower() in _FUNCTION_WORDS or _CAMEL.search(word)):
            return False
        return about is None or float((about @ self._unit(word.lower())).max()) < self._keep

    def _draw(self, word: str, stream: Stream, barred: frozenset[str]) -> str | None:
        words = self._latin if word[0] < "\u2e80" else self._chinese
        if words is None:
            return None
        closed = [i for name in barred if (i := words.index.get(name)) is not None]
        if len(closed) == len(words.words):
            return None
        return words.words[words.mechanism.draw(words.distances(word), stream, closed or None)]

    def _direction(self, word: str) -> NDArray[np.float32]:
        vector = self._embeddings.vector(word)
        norm = float(np.linalg.norm(vector))
        return vector / norm if norm else vector

    def distribution(self, word: str, radius: float) -> Floats:
        """(n,) the chances of the Latin candidates to stand for `word` at a radius, for studies of the mechanism."""
        if self._latin is None:
            raise ValueError("the model has no Latin words")
        return self._latin.mechanism.probabilities(self._latin.distances(word.lower()), radius)


def obfuscated(obfuscator: Obfuscator, pieces: Sequence[Piece], hiding: Hiding, key: bytes, budget: Budget) -> Hiding:
    """`hiding` with the low-risk words of users' texts drawn anew around its stand-ins.

    No word of an original or of a stand-in comes out. A text in which an original stands all the same, put together by
    neighbours, leaves as it was hidden.
    """
    barred = frozenset(
        word
        for r in hiding.replaced
        for value in (r.text, pieces[r.piece].text[r.start : r.end])
        for word in re.findall(r"\w+", value)
    )
    stretches: dict[int, list[tuple[int, int]]] = {}
    moved: dict[int, int] = {}
    for r in hiding.replaced:
        start = r.start + moved.get(r.piece, 0)
        stretches.setdefault(r.piece, []).append((start, start + len(r.text)))
        moved[r.piece] = moved.get(r.piece, 0) + len(r.text) - (r.end - r.start)
    values = originals(pieces, hiding)
    texts, count = list(hiding.texts), 0
    for index, piece in enumerate(pieces):
        if piece.role is Role.USER:
            budget.spend()
            made = obfuscator.obfuscate(texts[index], stretches.get(index, []), key, barred)
            if not values.any(made.text):
                texts[index], count = made.text, count + made.words
    return replace(hiding, texts=texts, obfuscated=count)


def question(text: str) -> list[tuple[int, int]]:
    """Where a text says what is wanted: its questions; without one, its first and its last sentence."""
    sentences = [m.span() for m in _SENTENCE.finditer(text) if m.group().strip()]
    asked = [(a, b) for a, b in sentences if text[a:b].rstrip()[-1:] in ("?", "？")]
    return asked or sorted({*sentences[:1], *sentences[-1:]})


def _cased(made: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return made.upper()
    return made[:1].upper() + made[1:] if like[:1].isupper() else made
