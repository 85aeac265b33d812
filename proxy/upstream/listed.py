"""The model names an upstream lists: with them an audit line and a trace say which model was asked for."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

_MOST = 1000
_LONGEST = 256  # characters


class Listed:
    """Whatever was listed since the upstream was started, up to a thousand names. They outlive a reload with it."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    def add(self, names: Iterable[str]) -> None:
        """Take names up while there is room; one of more than 256 characters is none."""
        for name in names:
            if len(self._names) < _MOST and len(name) <= _LONGEST:
                self._names.add(name)

    def read(self, body: bytes) -> None:
        """Take up what the answer to `GET /v1/models` names; one that is no list names nothing."""
        try:
            self.add([m["id"] for m in orjson.loads(body)["data"] if isinstance(m["id"], str)])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return
