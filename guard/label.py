"""Labels: the only strings of other people's making that may reach metrics and the audit log."""

from __future__ import annotations

import re

OTHER = "other"
_SHAPE = re.compile(r"/?[A-Za-z][A-Za-z0-9_.:/-]{0,63}|[1-5][0-9]{2}")  # a name, an endpoint, or an HTTP status


def label(text: str) -> str:
    """`text` where it has the shape of a name, else `other`.

    Names come out of code and config. This is the net under it: an e-mail address, a number, or a sentence that a
    third-party check put into a reason or an entity type does not get through.
    """
    return text if _SHAPE.fullmatch(text) else OTHER


class Bounded:
    """At most `limit` different labels, in order of appearance; whatever comes later is `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        known = self._seen.get(text)
        if known is None:
            if len(self._seen) >= self._limit:
                return OTHER
            known = self._seen[text] = label(text)
        return known
