"""E-mail addresses that Presidio's recogniser drops or cannot see.

It asks the public suffix list, so it drops private domains (.local, .corp, .internal) and a full stop without a space
behind it; it takes Chinese letters for part of the address; and it does not know how URLs write `@`. Nor does it know
where an address begins: all of `email='a@b.org` may be one by RFC 5322 and is none in practice (`narrowed`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sanitizers.detect.recogniser import Rule, Rules
from sanitizers.detect.span import Span

# Letters of scripts with spaces between words, so that 请联系a@b.org谢谢 is an address between two words.
_LETTER = "0-9A-Za-z_\u00c0-\u024f\u0370-\u058f"
_LABEL = f"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"
_HOST = rf"(?:{_LABEL}\.){{1,8}}(?:[A-Za-z]{{2,24}}|xn--[0-9A-Za-z-]{{2,59}})"
# What URLs write for marks in front of an address, and for marks in one.
_ESCAPED = r"(?<=%)(?:[2367][0-9A-Fa-f]|5[B-Eb-e])"
_OWN = r"%(?:2[BbDdEe]|5[Ff])"
# Letters of scripts that need no space next to a value.
_UNSPACED = re.compile(r"[^\W\d_\u0000-\u058f]")

# `icon@2x.png` and `getty@tty1.service` look the part.
_FILES = frozenset(
    (
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "jsx", "tsx", "mjs", "json", "yaml", "yml"),
        *("service", "timer", "socket", "target", "mount", "slice", "scope", "device", "tgz", "tar", "whl"),
    )
)


def _is_address(value: str) -> bool:
    return value.rpartition(".")[2].lower() not in _FILES


_NUMBERED = re.compile(r"\.[A-Za-z]{2,24}[0-9]{7}")
EMAILS = Rules(
    (
        Rule(
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?<![{_LETTER}.+%-])(?P<value>[{_LETTER}+][{_LETTER}.+'-]{{0,63}}(?:@|%40)(?![0-9]+\.[0-9]){_HOST})"
                rf"(?![{_LETTER}@(])"
            ),
            0.9,
            gate=("@", "%40"),
            accept=_is_address,
        ),
        Rule(
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?<![{_LETTER}.+-])(?!(?<=%)40)(?:{_ESCAPED})?(?P<value>"
                rf"[{_LETTER}+][{_LETTER}.+'-]{{0,63}}(?:{_OWN}[{_LETTER}.+'-]{{1,63}}){{0,4}}"
                rf"(?:@|%40|%2540)(?![0-9]+\.[0-9]){_HOST})(?![{_LETTER}@(])"
            ),
            0.9,
            needs=re.compile(r"%[2-7]"),
            accept=_is_address,
            why="the form of an address in a link",
        ),
        Rule(
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?<![{_LETTER}.+-])(?P<value>[{_LETTER}+][{_LETTER}.+'-]{{0,63}}"
                rf"(?:@[{_LETTER}][{_LETTER}.+-]{{2,120}}){{1,20}}@{_HOST})(?![{_LETTER}@(])"
            ),
            1.0,
            needs=re.compile("@[^@\\s]{4,120}@"),
            accept=_is_address,
            why="addresses one after the other without a separator",
        ),
        Rule(
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?<![{_LETTER}.+-])(?P<value>[{_LETTER}+][{_LETTER}.+'-]{{0,63}}@(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}"
                r"[A-Za-z]{2,24})[0-9]{7,19}(?![0-9A-Za-z])"
            ),
            0.9,
            needs=_NUMBERED,
            accept=_is_address,
            why="an address with a number directly behind it",
        ),
        Rule(
            "PHONE_NUMBER",
            re.compile(r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?P<value>[0-9]{7,15})(?![0-9A-Za-z])"),
            0.8,
            needs=_NUMBERED,
            why="a number directly behind an address",
        ),
    )
)


# What ends in front of an address although the standard has it as part of one. An apostrophe may stand between letters.
_FRONT = re.compile(r"[=/?&|{}`!#$^~*;:,]|%(?!40|2[BbDdEe]|5[Ff])[2-7][0-9A-Fa-f]|(?<![^\W_])'|'(?![^\W_])")
_LEAD = re.compile(r"[.'%-]+")
_BOUNCE = re.compile(r"[\w.-]+\+[\w.+-]+=[\w.-]+")  # bounces+alice=corp.org@lists.example.org tells as a whole


def narrowed(spans: Sequence[Span], text: str) -> list[Span]:
    """Addresses without what only stands in front of them: `email='`, a link up to its query, Chinese words.

    Without `password@host` of a link, where the password is a find of its own.
    """
    secrets = {s.end for s in spans if s.type in ("PASSWORD", "SECRET")}
    inner = {s.end: s for s in spans if s.type == "EMAIL_ADDRESS" and _UNSPACED.search(text, s.start, s.end) is None}
    return [cut for span in spans for cut in _narrow(span, text, secrets, inner)]


def _narrow(span: Span, text: str, secrets: set[int], inner: dict[int, Span]) -> Iterator[Span]:
    if span.type != "EMAIL_ADDRESS":
        yield span
        return
    known = inner.get(span.end)
    if known is not None and span.start < known.start and _UNSPACED.search(text, span.start, known.start):
        return
    at = text.find("@", span.start, span.end)
    if at < 0:
        yield span
        return
    if at in secrets:
        return
    start = span.start
    if _BOUNCE.fullmatch(text, start, at) is None:
        for mark in _FRONT.finditer(text, span.start, at):
            start = mark.end()
    lead = _LEAD.match(text, start, at)
    start = lead.end() if lead else start
    # The name in front of a link's host may be an address: alice%40corp.com@host.org.
    end = at if text.find("%40", start, at) >= 0 else span.end
    if start < at:
        yield replace(span, start=start, end=end)
