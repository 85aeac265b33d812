"""Texts that stand encoded in another: base64, hexadecimal digits, rot13, leetspeak, and one inside the other.

Everything takes time linear in the text, whatever stands in it.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import re
from collections.abc import Iterator, Sequence

_LEVELS = 3  # a code in a code in a code
_LEAST_CODE = 8  # characters of base64; a word cut into pieces can be put together again
_CHAIN = re.compile(r"[A-Za-z0-9+/_-]++(?:[\s>]++[A-Za-z0-9+/_-]++)*={0,2}")  # `>`: quoted mail
_GAP = re.compile(r"[\s>]+")
_WORD_LIKE = re.compile(r"(?:(?:[A-Z]?[a-z]++|[A-Z]++|[0-9]++)(?:[-_/+]++|$))+|[-_/+]+")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}(?:[\s,:;]|\\x|0x)*+){8,}+")
_BYTE = re.compile(r"(?<![0-9a-fA-F])0x|[^0-9a-fA-F]")
_LEET_WORD = re.compile(
    r"(?<!\S)(?=[^\sA-Za-z]*[A-Za-z])(?=[^\s013457@$]*[013457@$])[A-Za-z013457@$]{2,15}(?![A-Za-z0-9-])"
)
_FROM_LEET = str.maketrans("013457@$", "oieastas")
_LONE = {"1": "i", "4": "a"}
_LONE_DIGIT = re.compile(r"\b[14]\b")
_AROUND = 12  # words that a code may go on for before and behind what is known of it
_END = (".", "!", "?", ":")
_COMMON = frozenset(("a", "an", "and", "are", "be", "can", "do", "for", "how", "i", "in", "is", "it", "me", "my", "of"))
_COMMON |= frozenset(("on", "or", "that", "the", "to", "what", "with", "you", "your"))


def decoded(text: str, *more: str) -> list[str]:
    """What stands encoded in `text` and `more`, and what in that again, as it was written. Where a code held nothing
    but another, only the inner one is given."""
    found: dict[str, None] = {}
    layer = [text, *more]
    for _ in range(_LEVELS):
        inside: dict[str, None] = {}
        for outer in layer:
            inner = [t for t in _decoded(outer) if t not in found]
            inside |= dict.fromkeys(inner)
            if inner and not re.search(r"\s", outer.strip()):
                found.pop(outer, None)
        found |= inside
        layer = list(inside)
    return [t for t in found if _reads(t)]


def _decoded(text: str) -> Iterator[str]:
    for chain in _CHAIN.findall(text):
        yield from _base64(chain)
    for digits in _HEX.findall(text):
        plain = _BYTE.sub("", digits)
        if found := _text(bytes.fromhex(plain[: len(plain) // 2 * 2])):
            yield found
    words = text.split()
    yield from _rot13(words, codecs.encode(text, "rot13").split())
    yield from _leet(text, words)


def _base64(chain: str) -> Iterator[str]:
    """Words of the alphabet with nothing but space between them: those that are no words of a language joined, for
    mail and terminals break a code into lines; where that says nothing, each by itself."""
    pieces = _GAP.split(chain.rstrip("="))
    for first, last in _groups([i for i, p in enumerate(pieces) if not _WORD_LIKE.fullmatch(p)]):
        # The word before or behind may be one of the code's that looks like a word, or not.
        spans = [(a, b) for a in (max(0, first - 1), first) for b in (last + 2, last + 1)]
        joined = (_unpacked("".join(pieces[a:b])) for a, b in dict.fromkeys(spans))
        if whole := next(filter(None, joined), ""):
            yield whole
        elif last > first:
            yield from filter(None, map(_unpacked, pieces[first : last + 1]))


def _groups(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of the places that are at most two others apart."""
    start = 0
    for n, place in enumerate(places):
        if n + 1 == len(places) or places[n + 1] > place + 3:
            yield places[start], place
            start = n + 1


def _unpacked(body: str) -> str:
    """A body of base64 as text; read through rot13 where it is none as it stands."""
    if len(body) < _LEAST_CODE:
        return ""
    return _text(_bytes(body)) or _text(_bytes(codecs.encode(body, "rot13")))


def _bytes(body: str) -> bytes:
    body = body.replace("-", "+").replace("_", "/")
    body = body[: len(body) - (len(body) % 4 == 1)]
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _text(data: bytes) -> str:
    """`data` as text, or nothing where it is none. A few broken bytes do not hide the rest."""
    text = data.decode(errors="replace")
    good = sum((c.isprintable() or c.isspace()) and c != "\ufffd" for c in text)
    return text.replace("\ufffd", "") if good >= 0.95 * len(text) else ""


def _reads(text: str) -> bool:
    """Words are letters and spaces; digests and digits are not."""
    return sum(c.isalpha() or c.isspace() for c in text) >= 0.7 * len(text)


def _rot13(words: Sequence[str], turned: Sequence[str]) -> Iterator[str]:
    """Stretches whose words are common English ones when they are `turned`."""
    gains = [_common(t) - _common(w) for t, w in zip(turned, words, strict=True)]
    for start, end in _stretches(gains, least=2, drop=3):
        if (
            len({turned[i].lower() for i in range(start, end) if gains[i] > 0}) > 1
        ):  # "n" alone is often a number's name
            start, end = _widened(words, start, end)
            yield " ".join(turned[start:end])


def _leet(text: str, words: Sequence[str]) -> Iterator[str]:
    """The text where a third of its words are spelt with digits, else stretches of it where they are."""
    if len(_LEET_WORD.findall(text)) >= max(2, math.ceil(len(words) / 3)):
        yield _spelt(text)
        return
    gains = [2 if _LEET_WORD.match(w) else -1 for w in words]
    for start, end in _stretches(gains, least=5, drop=4):
        start, end = _widened(words, start, end)
        yield _spelt(" ".join(words[start:end]))


def _spelt(text: str) -> str:
    plain = _LEET_WORD.sub(lambda m: m.group().translate(_FROM_LEET), text)
    return _LONE_DIGIT.sub(lambda m: _LONE[m.group()], plain)


def _stretches(gains: Sequence[int], least: int, drop: int) -> Iterator[tuple[int, int]]:
    """Where the sum of `gains` reaches `least`: each from its first gain to its highest sum, given up when it has lost
    `drop` from there. So neither plain text before nor behind a code outweighs it."""
    start = end = total = best = 0
    for i, gain in enumerate(gains):
        if total == 0:
            start = i
        total += gain
        if total > best:
            best, end = total, i + 1
        if total <= max(0, best - drop):
            if best >= least:
                yield start, end
            total = best = 0
    if best >= least:
        yield start, end


def _widened(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """With the words around that no common word or end of a sentence sets apart."""
    for _ in range(_AROUND):
        if start and not _common(words[start - 1]) and not words[start - 1].endswith(_END):
            start -= 1
        if end < len(words) and not _common(words[end]) and not words[end - 1].endswith(_END):
            end += 1
    return start, end


def _common(word: str) -> int:
    return word.strip(".,;:!?\"'()").lower() in _COMMON
