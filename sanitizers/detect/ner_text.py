"""What of a text is language: code, addresses of the web and of mail, paths and identifiers are not."""

from __future__ import annotations

import re

# Fenced and inline code, links, e-mail addresses, paths. All linear: a class repeated up to what cannot be in it.
_FOREIGN = re.compile(
    r"```.*?(?:```|\Z)"
    r"|`[^`\n]{1,400}`"
    r"|\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'，。；）]+"
    r"|\bwww\.[^\s<>\"'，。；）]+"
    r"|[\w.+%-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+"
    r"|(?<![\w.])(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?"
    r"|\b[A-Za-z]:\\[\w\\.+ -]+",
    re.DOTALL | re.ASCII,
)
_IDENTIFIER = re.compile(r"[A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|[A-Za-z_]\w*\(\)", re.ASCII)
_GATE = re.compile(r"[`/@\\]|www\.|%40")


def clear(text: str) -> str:
    """`text` with what is no language overwritten by zeros (line breaks stay), of the same length."""
    if _GATE.search(text) is None:
        return text
    return _FOREIGN.sub(lambda m: re.sub(r"[^\n]", "0", m.group()), text)


def identifiers(text: str) -> list[tuple[int, int]]:
    """Where names of programs' things stand, in order."""
    return [m.span() for m in _IDENTIFIER.finditer(text)] if "_" in text or "()" in text else []
