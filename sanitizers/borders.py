"""Values that cross the border between adjacent text parts of one message, which a model reads as one text.

Such a value moves wholly into the part where it begins: `4111 1111` + `1111 1111, thanks` becomes
`4111 1111 1111 1111` + `, thanks`. It is then hidden like any other, and an answer that names it is restored to the
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sanitizers.detect.span import NAMES, Span
from sanitizers.hide import Piece

_REACH = 160  # characters on both sides of a border; what is longer is found by its halves
_ENDS = tuple(".!?。！？\n")


def mended(pieces: Sequence[Piece], detect: Callable[[str], Sequence[Span]]) -> Sequence[Piece]:
    """The pieces with values that cross from one into those that follow it (`Piece.follows`) moved into the first."""
    if not any(piece.follows for piece in pieces):
        return pieces
    texts = [piece.text for piece in pieces]
    for first in range(len(pieces) - 1):
        end = first + 1
        while end < len(pieces) and pieces[end].follows and end - first <= _REACH:
            end += 1
        if end > first + 1 and texts[first]:
            _mend(texts, first, end, detect)
    return [p if p.text == t else replace(p, text=t) for p, t in zip(pieces, texts, strict=True)]


def _mend(texts: list[str], first: int, end: int, detect: Callable[[str], Sequence[Span]]) -> None:
    """Move what begins in `texts[first]` and goes on in those behind it, up to `texts[end - 1]`."""
    left = texts[first][-_REACH:]
    for joint in (" ", ""):
        right = joint.join(texts[first + 1 : end])[:_REACH]
        border = len(left) + len(joint)
        for span in detect(left + joint + right):
            if not (span.start < len(left) and border < span.end) or not _fits(span, left, joint):
                continue
            length = span.end - border
            moved = texts[first] + joint + right[:length]
            # It must be found where it will stand, without what came behind it.
            if any(s.start < len(texts[first]) and s.end == len(moved) for s in detect(moved)):
                texts[first] = moved
                _cut(texts, first + 1, length, joint)
                return


def _fits(span: Span, left: str, joint: str) -> bool:
    """Words need a space between them and no sentence's end; anything else may go on directly."""
    return bool(joint) and not left.rstrip(" ").endswith(_ENDS) if span.type in NAMES else True


def _cut(texts: list[str], index: int, length: int, joint: str) -> None:
    """Take `length` characters, joints counted, from the beginning of `texts[index:]`."""
    while length > 0:
        taken = min(length, len(texts[index]))
        texts[index] = texts[index][taken:]
        length -= taken + len(joint)
        index += 1
