"""Names, ids and numbers that may be more than that: where a control field or a key holds somebody's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_NAME_LIKE = re.compile(r"[A-Za-z0-9_$.:/-]{0,64}")
_LONG = re.compile(r"[0-9]{7}")
_NUMBER = re.compile(r"[0-9]{7,19}")
_NINE_DIGITS = re.compile(r"[0-9](?:[-./]?[0-9]){8}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_ADDRESS = re.compile(r"[^@\s]@[^@\s]+\.[A-Za-z]{2}")


def telling_key(key: str) -> bool:
    """Whether a key is more than a field's name: `{"bob@corp.com": "owner"}`."""
    return _NAME_LIKE.fullmatch(key) is None or _LONG.search(key) is not None


def telling_number(literal: str) -> bool:
    """Whether a number is long enough to be somebody's: a card's, a phone's, an id's."""
    return _NUMBER.fullmatch(literal) is not None


def telling_token(token: str) -> bool:
    """Whether an id or option may be somebody's number or address: 9 digits in a row or in groups, or an `@` with a
    domain. Dates (8 digits, as in `computer_20250124`) and UUIDs are not."""
    return (_NINE_DIGITS.search(token) is not None and _UUID.fullmatch(token) is None) or _ADDRESS.search(
        token
    ) is not None


class Keys:
    """The telling keys of one object of the body. New names are put in place by `commit`, the order is kept."""

    def __init__(self, holder: dict[str, Any]) -> None:
        self._holder = holder
        self._now: dict[str, str] = {}  # name as the client wrote it -> as it stands in the object
        self._wanted: dict[str, str] = {}

    def rename(self, name: str) -> Callable[[str], None]:
        """The writer of a key's surface."""
        self._now[name] = name
        return lambda text: self._wanted.__setitem__(name, text)

    def put(self, name: str) -> Callable[[str], None]:
        """The writer of the text that stands under a key, whatever that is called by then."""
        return lambda text: self._holder.__setitem__(self._now[name], text)

    def commit(self) -> None:
        fresh = {self._now[name]: text for name, text in self._wanted.items() if self._now[name] != text}
        if not fresh:
            return
        items = list(self._holder.items())
        self._holder.clear()
        for key, value in items:
            name = fresh.get(key, key)
            while name in self._holder:  # two keys masked alike
                name += "_"
            self._holder[name] = value
            if key in fresh:
                self._now[next(n for n, now in self._now.items() if now == key)] = name
        self._wanted.clear()
