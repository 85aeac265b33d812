"""What stands around a find: code, links and identifiers, where a number is rarely somebody's.

There, only what a checksum or an exact form speaks for is a find, or what a word beside it names: in
`{"phone": "2127365000"}` it is a phone number, in `x = 2127365000` it is not.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from sanitizers.detect.span import Span

# Nothing else looks like these, wherever they stand.
_FIRM = frozenset(
    ("EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "IBAN_CODE", "SECRET", "PASSWORD", "PRIVATE_KEY", "CUSTOM")
)
FIRM_SCORE = 0.8
_ZONES = re.compile(
    r"(?P<fence>```|~~~)(?P<label>[^\n`]{0,40})\n(?P<body>.*?)(?:(?P=fence)|\Z)"
    r"|(?<!`)`[^`\n]{1,400}`(?!`)"
    r"|(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s<>\"'`，。；）]+"
    r"|(?<![\w.])www\.[^\s<>\"'`，。；）]+",
    re.DOTALL,
)
_DATA = frozenset(
    ("json", "jsonl", "csv", "tsv", "yaml", "yml", "xml", "txt", "text", "log", "md", "markdown", "eml", "email")
)
_CODE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|if|for|while|const|let|var|func|function|public|private|#include|"
    r"package|using|SELECT|INSERT|UPDATE|CREATE|\$ |>>> |sudo|pip|npm|git|docker|curl)\b|=>|==|!="
    r"|\w\(.{0,80}\)|^\s*\w+ = ",
    re.MULTILINE,
)
_HEX = re.compile(r"[0-9A-Fa-f]*")


class Surroundings:
    """The code and links of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []
        self._ends: list[int] = []
        if "`" in text or "://" in text or "www." in text or "~~~" in text:
            for match in _ZONES.finditer(text):
                if match["fence"] is None or is_code(match["label"], match["body"]):
                    self._starts.append(match.start())
                    self._ends.append(match.end())

    def allow(self, span: Span) -> bool:
        """Whether a find may stand where it does."""
        if span.certain or span.score >= FIRM_SCORE or span.type in _FIRM:
            return True
        index = bisect_right(self._starts, span.start) - 1
        if index >= 0 and span.start < self._ends[index]:
            return False
        return not self._is_glued(span)

    def _is_glued(self, span: Span) -> bool:
        """Whether letters or underscores make it part of an identifier, or hyphens and digits part of a UUID."""
        text, before, behind = self._text, self._text[span.start - 1 : span.start], self._text[span.end : span.end + 1]
        if before == "_" or behind == "_" or not any(map(str.isdecimal, text[span.start : span.end])):
            return before == "_" or behind == "_"
        if _is_letter(before) and _is_letter(text[span.start]) is False:
            return True
        if _is_letter(behind) and text[span.end - 1].isdecimal():
            return True
        return _is_hex_group(text, span.start - 2, -1, before) or _is_hex_group(text, span.end + 1, 1, behind)


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _is_hex_group(text: str, at: int, step: int, joint: str) -> bool:
    """Whether behind a hyphen comes a group of at least four hexadecimal digits with a letter among them."""
    if joint != "-":
        return False
    chars: list[str] = []
    while 0 <= at < len(text) and len(chars) < 13 and _HEX.fullmatch(text[at]):
        chars.append(text[at])
        at += step
    return len(chars) >= 4 and any(c.isalpha() for c in chars) and not all(c.isalpha() for c in chars)


def is_code(label: str, body: str) -> bool:
    """A fenced block is code by its label, or when it has none, by its looks."""
    word = label.strip().split(" ")[0].lower()
    return word not in _DATA if word else _CODE.search(body) is not None
