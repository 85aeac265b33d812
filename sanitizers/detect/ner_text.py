"""What of a text is language: code, addresses of the web and of mail, paths and identifiers are not."""

from __future__ import annotations

import re
from functools import cache

from sanitizers.detect.surroundings import is_code

# All linear: a class repeated up to what cannot be in it.
_FENCED = re.compile(r"(?P<fence>```|~~~)(?P<label>[^\n`]{0,40})\n(?P<body>.*?)(?:(?P=fence)|\Z)", re.DOTALL)
# Inline code, links, e-mail addresses, paths; each behind what every match has, because together they take their time.
_FOREIGN = (
    ("`", r"(?<!`)`[^`\n]{1,400}`(?!`)"),
    (":", r"\bmailto:[^\s<>\"'，。；）]+|\b(?:tel|sms|callto|facetime|sip|whatsapp):[+0-9%][^\s<>\"'，。；）]*"),
    ("://", r"\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'，。；）]+"),
    ("www.", r"\bwww\.[^\s<>\"'，。；）]+"),
    ("@", r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    ("%40", r"(?<![\w.+%-])[\w.+%-]{1,64}%40[\w-]{1,63}(?:\.[\w-]{1,63})+"),
    ("/", r"(?<![\w.])(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?"),
    (":\\", r"\b[A-Za-z]:\\[\w\\.+-]+"),
)
_IDENTIFIER = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|(?<!\w)[A-Za-z]\w*\(\)", re.ASCII)
_GATE = re.compile(r"[`/@\\]|www\.|%40|~~~|[a-z]:[+0-9%]")


def clear(text: str) -> str:
    """`text` with what is no language overwritten by zeros (line breaks stay), of the same length."""
    if _GATE.search(text) is None:
        return text
    text = _FENCED.sub(_without_code, text)
    patterns = tuple(pattern for mark, pattern in _FOREIGN if mark in text)
    return _any(patterns).sub(_zeros, text) if patterns else text


@cache
def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.ASCII)


def _zeros(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "0", match.group())


def _without_code(match: re.Match[str]) -> str:
    """A fenced block of data or prose is read, one of code is not."""
    return _zeros(match) if is_code(match["label"], match["body"]) else match.group()


def identifiers(text: str) -> list[tuple[int, int]]:
    """Where names of programs' things stand, in order."""
    return [m.span() for m in _IDENTIFIER.finditer(text)] if "_" in text or "()" in text else []
