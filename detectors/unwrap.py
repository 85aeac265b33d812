"""What a wrapping hides: texts that stand encoded, quoted or as paragraphs of their own inside another.

A request can be dressed up until the model's taste for refusing it shows no more in the first words of its answer.
Scored by themselves as well, the pieces show it again; what that brings and costs is measured by
`guard probes robustness`. Only what a plain rule finds is found: a cipher nobody thought of stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from detectors.codes import decoded
from detectors.messages import text_of

MOST = 13
"""Payloads of one conversation, at most: those below, all decoded ones joined, and of both kinds the rest."""

_DECODED = 4
_SET_OFF = 6
_LEAST = 12  # characters of a payload
_QUOTED = re.compile(
    r'"([^"\n]{2,2000})"|“([^“”\n]{2,2000})”|「([^「」\n]{2,2000})」|```(?:\w*\n)?(.{2,4000}?)```', re.DOTALL
)
_SENTENCE_END = re.compile(r"([.!?。！？:：\n])")


def said(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The texts of the user messages, the oldest first; parts that are no text are left out."""
    return [text for m in messages if m.get("role") == "user" and (text := text_of(m)).strip()]


def payloads(texts: Sequence[str]) -> list[str]:
    """Texts inside `texts`, the user messages of one conversation, found in linear time. At most `MOST`:

    first what was decoded (`detectors.codes`), over all messages: the four longest, all of it as one text (a request
    may have been cut into codes), and without those four; then what is set off, six of: all quoted passages joined; of
    each message, the latest first, the first and last paragraph (or the message, where there are several) and the last
    two questions; the same of what was decoded; each quoted passage, the longest first. What is left of these, and all
    other questions, are one text. So decoys can thin a payload out, but not push it out.
    """
    whole = "\n".join(texts)
    quotes = _quoted(whole)
    joined = [" ".join(quotes)] if len(quotes) > 1 else []
    known = {t.strip() for t in texts} if len(texts) < 2 else set()  # it is what is scored anyway

    found = [t.strip() for t in decoded(whole, *joined)]
    alone = sorted(_unique(found, known), key=len, reverse=True)[:_DECODED]
    every = list(dict.fromkeys(found))
    codes = [*alone, "\n".join(every), "\n".join(t for t in every if t not in alone)]

    said_so = [p for text in reversed(texts) for p in _set_off(text, whole=len(texts) > 1)]
    inside = [p for text in found for p in _set_off(text)]
    pieces = _unique([*joined, *said_so, *inside, *sorted(quotes, key=len, reverse=True)], {*known, *codes})
    some = pieces[:_SET_OFF]
    scored = {p.strip() for p in (*some, *inside, *(quotes if joined else ()))}  # alone or as part of something else
    asked = [q.strip() for text in texts for q in _questions(text)]
    rest = [p for p in dict.fromkeys([*pieces[_SET_OFF:], *asked]) if p not in scored]
    return _unique([*codes, *some, "\n".join(rest)], known)


def _unique(pieces: Iterable[str], known: set[str]) -> list[str]:
    """Those long enough to mean something, stripped, each once, without those `known`."""
    return [p for p in dict.fromkeys(p.strip() for p in pieces) if len(p) >= _LEAST and p not in known]


def _quoted(text: str) -> list[str]:
    return [next(g for g in groups if g) for groups in _QUOTED.findall(text)]


def _questions(text: str) -> list[str]:
    parts = _SENTENCE_END.split(text)  # sentence, its end, sentence, ...
    return [a + b for a, b in zip(parts[::2], parts[1::2], strict=False) if b in "?？"]


def _set_off(text: str, *, whole: bool = False) -> list[str]:
    """The first and last paragraph and the last two questions; with `whole` a text of one paragraph is that."""
    parts = [p for p in re.split(r"\n\s*\n", text) if p.strip()]
    return [*((parts[0], parts[-1]) if len(parts) > 1 else parts if whole else ()), *_questions(text)[-2:]]
