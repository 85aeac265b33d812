"""What a wrapping hides: texts that stand encoded, quoted or as paragraphs of their own inside another.

A request can be dressed up until the model's taste for refusing it shows no more in the first words of its answer.
Scored by themselves as well, the pieces show it again; what that brings and costs is measured by
`guard probes robustness`. Only what a plain rule finds is found: a cipher nobody thought of stays one.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from detectors.messages import text_of

_MOST = 6  # payloads of one text
_LEAST = 12  # characters of a payload
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_QUOTED = re.compile(
    r'"([^"\n]{2,2000})"|“([^“”\n]{2,2000})”|「([^「」\n]{2,2000})」|```(?:\w*\n)?(.{2,4000}?)```', re.DOTALL
)
_LEET_WORD = re.compile(
    r"(?<!\S)(?=[^\sA-Za-z]*[A-Za-z])(?=[^\s013457@$]*[013457@$])[A-Za-z013457@$]{2,15}(?![A-Za-z0-9-])"
)
_FROM_LEET = str.maketrans("013457@$", "oieastas")
_SENTENCE_END = re.compile(r"([.!?。！？:：\n])")
_COMMON = frozenset(("a", "an", "and", "are", "can", "do", "for", "how", "i", "in", "is", "it", "me", "my", "of", "on"))
_COMMON |= frozenset(("or", "that", "the", "to", "what", "with", "you", "your"))


def said_last(messages: Sequence[Mapping[str, Any]]) -> str:
    """The text of the latest user message; parts that are no text are left out."""
    return next((text_of(m) for m in reversed(messages) if m.get("role") == "user" and m.get("content")), "")


def payloads(text: str) -> list[str]:
    """Texts inside `text`, found in linear time: decoded base64, hex, rot13 and leetspeak, quoted passages
    (alone and joined), the first and last paragraph, and questions. At most six, in that order."""
    found = [*_decoded(text), *_quoted(text), *_paragraphs(text), *_questions(text)[-2:]]
    unique = dict.fromkeys(p.strip() for p in found)
    return [p for p in unique if len(p) >= _LEAST and p != text.strip()][:_MOST]


def _decoded(text: str) -> list[str]:
    out = []
    for match in _BASE64.findall(text):
        body = match.rstrip("=").replace("-", "+").replace("_", "/")
        out.append(_readable(_base64(body)))
    out += [_readable(bytes.fromhex(match)) for match in _HEX.findall(text)]
    out.append(_rot13(text))
    if len(_LEET_WORD.findall(text)) >= max(2, math.ceil(len(text.split()) / 3)):
        plain = _LEET_WORD.sub(lambda m: m.group().translate(_FROM_LEET), text)
        out.append(re.sub(r"\b1\b", "i", plain))
    return [p for p in out if p]


def _base64(body: str) -> bytes:
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return b""


def _readable(data: bytes) -> str:
    """`data` as text, or nothing where it is none: words are letters and spaces, ciphers and digests are not."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    good = sum(c.isalpha() or c.isspace() for c in text)
    return text if good >= 0.7 * len(text) else ""


def _rot13(text: str) -> str:
    """The words that rot13 turns into common English, with what stands between them."""
    words = text.split()
    turned = [codecs.encode(w, "rot13") for w in words]
    gain = [_common(t) - _common(w) for t, w in zip(turned, words, strict=True)]
    if sum(g > 0 for g in gain) < 2:
        return ""
    # From where the cipher begins: the beginning that loses least by being turned.
    best, at, total = 0, 0, 0
    for i in range(len(words) - 1, -1, -1):
        total += gain[i]
        if total >= best:
            best, at = total, i
    if best < 2:
        return ""
    while at and not _common(words[at - 1]) and not words[at - 1].endswith((":", ".", "\n")):
        at -= 1
    return " ".join(turned[at:])


def _common(word: str) -> int:
    return word.strip(".,;:!?\"'()").lower() in _COMMON


def _quoted(text: str) -> list[str]:
    pieces = [next(g for g in groups if g) for groups in _QUOTED.findall(text)]
    return [" ".join(pieces), *pieces] if len(pieces) > 1 else pieces


def _questions(text: str) -> list[str]:
    parts = _SENTENCE_END.split(text)  # sentence, its end, sentence, ...
    return [a + b for a, b in zip(parts[::2], parts[1::2], strict=False) if b in "?？"]


def _paragraphs(text: str) -> list[str]:
    parts = [p for p in re.split(r"\n\s*\n", text) if p.strip()]
    return [parts[0], parts[-1]] if len(parts) > 1 else []
