"""Restore: puts originals back into a stream, exactly; holds back only what may be a surrogate's beginning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from guard.surface import ChannelKind
from sanitizers.fences import Fences

_LOOK_BACK = 24
_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9a-fA-F]{4})|[bfnrt])\Z")


@dataclass(frozen=True, slots=True)
class Variant:
    """A way a surrogate may be written, and the original in the same writing.

    `left`/`right`: the match counts only where no letter or digit touches it on that side (192.0.2.1 in 192.0.2.15).
    """

    text: str
    original: str
    left: bool = True
    right: bool = True


# A node of the trie maps characters to nodes; under the empty string it holds the variant that ends there. Plain
# dicts, because a request's trie is built anew and has thousands of nodes.
_Node = dict[str, Any]


class Table:
    """All variants of one request as a trie. Immutable once built; shared by the restorers of all channels."""

    def __init__(self, variants: Iterable[Variant]) -> None:
        self.variants = tuple(v for v in variants if v.text)
        self._plain: tuple[_Node, re.Pattern[str] | None] | None = None
        self._json: tuple[_Node, re.Pattern[str] | None] | None = None

    def compiled(self, kind: ChannelKind) -> tuple[_Node, re.Pattern[str] | None]:
        """The trie and a pattern of first characters, for plain text or for text inside JSON strings."""
        if kind is ChannelKind.ARGUMENTS:
            if self._json is None:
                self._json = _compile(w for v in self.variants for w in _escaped(v))
            return self._json
        if self._plain is None:
            self._plain = _compile(self.variants)
        return self._plain

    def __bool__(self) -> bool:
        return bool(self.variants)


class Restorer:
    """A streaming replacer, leftmost-longest: a `guard.check.OutputFilter`.

    Released text never depends on the chunking. `held` is always the beginning of some variant, a whole one only
    while the next character decides whether it ends there. Time per character is bounded by the longest variant.

    `guess`: a text that begins with `{`, and fenced blocks of JSON in any other, are restored as JSON is, so that an
    original with a quote or a line break does not break it.
    """

    def __init__(self, table: Table, kind: ChannelKind = ChannelKind.CONTENT, *, guess: bool = False) -> None:
        self._root, self._first = table.compiled(kind)
        self._table = table
        self._guess = guess  # until the first character that is no space
        self._fences = Fences() if guess else None
        self._inside = False
        self._buffer = ""
        self._before = ""  # the last characters in front of the buffer
        self._walk: tuple[_Node, int, tuple[int, Variant] | None] | None = None
        self.restored = 0

    @property
    def held(self) -> int:
        return len(self._buffer)

    def feed(self, text: str) -> str:
        if self._first is None or not text:
            return text
        if self._guess and (begun := text.lstrip()):
            self._guess = False
            if begun[0] == "{":
                self._root, self._first = self._table.compiled(ChannelKind.ARGUMENTS)
                self._fences = None
        if self._fences is None:
            return self._run(self._buffer + text, last=False)
        return "".join(self._switched(stretch, inside) for stretch, inside in self._fences.split(text))

    def _switched(self, text: str, inside: bool) -> str:
        """Restores the next stretch, inside fenced JSON or not. No stand-in reaches over the border."""
        rest = ""
        if inside is not self._inside:
            rest = self.close()
            self._inside = inside
            kind = ChannelKind.ARGUMENTS if inside else ChannelKind.CONTENT
            self._root, self._first = self._table.compiled(kind)
        return rest + self._run(self._buffer + text, last=False)

    def close(self) -> str:
        return self._run(self._buffer, last=True) if self._buffer else ""

    def _run(self, text: str, *, last: bool) -> str:
        assert self._first is not None
        out: list[str] = []
        at, length = 0, len(text)
        walk, self._walk = self._walk, None
        seen, offset = self._before + text, len(self._before)  # an escape may have begun in an earlier chunk
        while at < length:
            if walk is None:
                hit = self._first.search(seen, at + offset)
                if hit is None:
                    out.append(text[at:])
                    at = length
                    break
                out.append(text[at : hit.start() - offset])
                at = hit.start() - offset
                node, depth, best = self._root, 0, None
            else:
                node, depth, best = walk
                walk = None
            joined = self._joined(text, at)
            index = at + depth
            waits = False
            while True:
                end = node.get("")
                if end is not None and not (end.left and joined):
                    if (
                        not end.right
                        or (index < length and not _joins(text[index - 1], text[index]))
                        or (index == length and last)
                    ):
                        best = (index - at, end)
                    elif index == length:
                        waits = True
                if index == length:
                    break
                child = node.get(text[index])
                if child is None:
                    break
                node = child
                index += 1
            if index == length and not last and (waits or len(node) > (end is not None)):
                self._walk = (node, index - at, best)
                break
            if best is None:
                out.append(text[at])
                at += 1
            else:
                out.append(best[1].original)
                at += best[0]
                self.restored += 1
        self._before = (self._before + text[max(0, at - _LOOK_BACK) : at])[-_LOOK_BACK:]
        self._buffer = text[at:]
        return "".join(out)

    def _joined(self, text: str, at: int) -> bool:
        """Whether the character in front of `text[at]` belongs to the same word."""
        before = text[at - 1] if at else self._before[-1:]
        if not before or not _joins(before, text[at]):
            return False
        # In JSON the letter may end an escape: the n of a line break, the last digit of \u4f60. Answers in content are
        # JSON as well where the client asked for it, and strings in JSON may hold JSON again.
        seen = (self._before + text[max(0, at - _LOOK_BACK) : at])[-_LOOK_BACK:]
        escape = _ESCAPE.search(seen)
        if escape is None:
            return True
        code = escape.group("code")
        return code is not None and _joins(chr(int(code, 16)), text[at])


def _joins(a: str, b: str) -> bool:
    """Whether two neighbours belong to one word; scripts without spaces never join."""
    return a.isalnum() and b.isalnum() and a < "\u2e80" and b < "\u2e80"


joins = _joins


def _compile(variants: Iterable[Variant]) -> tuple[_Node, re.Pattern[str] | None]:
    root: _Node = {}
    kept = list(variants)
    for variant in kept:
        node = root
        for char in variant.text:
            child = node.get(char)
            if child is None:
                child = node[char] = {}
            node = child
        node.setdefault("", variant)
    if not root:
        return root, None
    anywhere = {c for c in root if not (c.isascii() and c.isalnum())} | {v.text[0] for v in kept if not v.left}
    edged = set(root) - anywhere
    nets = ([f"{_EDGE}{_class(edged)}"] if edged else []) + ([_class(anywhere)] if anywhere else [])
    return root, re.compile("|".join(nets))


def _class(chars: set[str]) -> str:
    return "[" + "".join(re.escape(c) for c in sorted(chars)) + "]"


# Where a word may begin: behind a letter or digit only if that ends an escape. A coarse net, `_joined` is the fine one.
_EDGE = r"(?:(?<![0-9A-Za-z])|(?<=\\[bfnrt])|(?<=\\u[0-9a-fA-F]{4}))"


def escape(text: str, *, ascii_only: bool = False) -> str:
    """`text` as it stands inside a JSON string."""
    return json.dumps(text, ensure_ascii=ascii_only)[1:-1]


def _escaped(variant: Variant) -> list[Variant]:
    """The variant inside JSON strings: as is, with \\uXXXX in either case, with escaped slashes."""
    plain = Variant(escape(variant.text), escape(variant.original), variant.left, variant.right)
    made = [plain]
    if "/" in variant.text:
        made.append(Variant(plain.text.replace("/", "\\/"), plain.original, variant.left, variant.right))
    if not variant.text.isascii():
        original = escape(variant.original, ascii_only=True)
        lower = escape(variant.text, ascii_only=True)
        upper = re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m.group()[2:].upper(), lower)
        made += [Variant(text, original, False, False) for text in dict.fromkeys((lower, upper))]
        twice = lower.replace("\\", "\\\\")  # JSON in a string of JSON
        made.append(Variant(twice, original.replace("\\", "\\\\"), False, False))
    return made
