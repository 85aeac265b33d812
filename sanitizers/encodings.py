"""The ways a value may be encoded inside a text: what hiding replaces, verifying looks for, and restoring undoes."""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from json.encoder import encode_basestring, encode_basestring_ascii
from urllib.parse import quote, quote_plus

_SEPARATORS = " \t\n\r\u00a0-.()/_,:"
_SQUEEZE = {ord(c): None for c in _SEPARATORS}
_SEPARATOR = re.compile("[" + re.escape(_SEPARATORS) + "]")
_BASE64 = re.compile(r"[0-9A-Za-z+/_-]")


def squeeze(text: str) -> str:
    """Without separators, as a number's digits or a name's words stand in identifiers."""
    return text.translate(_SQUEEZE)


def unsqueezed(text: str) -> Callable[[int], int]:
    """From an index into `squeeze(text)` to the index of the same character in `text`."""
    # A character has as many separators in front of it as stand at most that far into the squeezed text.
    before = [match.start() - i for i, match in enumerate(_SEPARATOR.finditer(text))]
    return lambda index: index + bisect_right(before, index)


_MARKUP = re.compile(r"[^ -~]|[&<>\"'@]")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(text: str) -> str:
    return encode_basestring_ascii(text)[1:-1]


def _json_open(text: str) -> str:
    return encode_basestring(text)[1:-1]


ENCODERS: dict[str, Callable[[str], str]] = {
    "url": lambda text: quote(_bytes(text), safe=""),
    "uri": lambda text: quote(_bytes(text), safe="/:@!~*'()"),
    "form": lambda text: quote_plus(_bytes(text)),
    "json": _json,
    "json-open": _json_open,
    "json-json": lambda text: _json(_json(text)),
    "json-json-open": lambda text: _json_open(_json_open(text)),
    "html": lambda text: html.escape(text),
    "html-decimal": lambda text: _MARKUP.sub(lambda match: f"&#{ord(match[0])};", text),
    "html-hex": lambda text: _MARKUP.sub(lambda match: f"&#x{ord(match[0]):x};", text),
}
"""Those that can be replaced in place. base64 is another matter: what stands beside the value is in it as well."""

# What a text must hold for its encoded forms to differ from it.
_GROUPS = (
    (re.compile(r"[^0-9A-Za-z_.~-]"), ("url", "uri", "form")),
    (re.compile(r'[^ -~]|["\\]'), ("json", "json-open", "json-json", "json-json-open")),
    (_MARKUP, ("html", "html-decimal", "html-hex")),
)


def encode(text: str, encoding: str) -> str:
    """`text` in one of `ENCODERS`, `compact` (separators dropped) or `base64`; `plain` as it is."""
    if encoding == "compact":
        return squeeze(text)
    if encoding == "base64":
        return base64.b64encode(_bytes(text)).decode()
    encoder = ENCODERS.get(encoding)
    return text if encoder is None else encoder(text)


def encoded(text: str) -> Iterator[tuple[str, str]]:
    """The encoded forms that differ from `text` and from one another, as (encoding, form)."""
    seen = {text}
    for special, names in _GROUPS:
        if special.search(text) is None:
            continue
        for name in names:
            made = ENCODERS[name](text)
            if made not in seen:
                seen.add(made)
                yield name, made


def base64_cores(text: str) -> Iterator[str]:
    """What base64 of any text that holds `text` must hold, by how many bytes stand in front (modulo 3), in both
    alphabets (RFC 4648 sections 4 and 5)."""
    raw = _bytes(text)
    for shift, skip in ((0, 0), (1, 2), (2, 3)):
        made = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        core = made[skip : -1 if (shift + len(raw)) % 3 else None]
        yield core
        if "+" in core or "/" in core:
            yield core.replace("+", "-").replace("/", "_")


def base64_run(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole base64 text around `text[start:end]`."""
    while start and _BASE64.match(text[start - 1]):
        start -= 1
    while end < len(text) and _BASE64.match(text[end]):
        end += 1
    return start, end + len(text[end : end + 2]) - len(text[end : end + 2].lstrip("="))
