"""The processes that these tests run against. Each is started once; while one is tested, the next one starts.

Starting vLLM takes longer than testing it, and most of a start runs on one core.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import pytest


class Started(Protocol):
    """A process on its way up."""

    def wait(self) -> None:
        """Until it is ready. Raises when it does not become so."""

    def close(self) -> None: ...


class Fleet:
    """makers: how to start each process, by name. order: the names in the order in which tests will want them."""

    def __init__(self, makers: Mapping[str, Callable[[], Started]], order: Sequence[str]) -> None:
        self._makers = makers
        self._order = list(order)
        self._started: dict[str, Started] = {}

    def take(self, name: str) -> Any:
        """The process, ready; the next in order is started. Whoever takes it closes it."""
        process = self._start(name)
        process.wait()
        later = self._order[self._order.index(name) + 1 :] if name in self._order else []
        if later:
            with contextlib.suppress(Exception):  # is told to those who ask for it, not to these
                self._start(later[0])
        return self._started.pop(name)

    def close(self) -> None:
        """End what nobody took."""
        for process in self._started.values():
            process.close()
        self._started.clear()

    def _start(self, name: str) -> Started:
        if name not in self._started:
            self._started[name] = self._makers[name]()
        return self._started[name]


def order(items: Sequence[pytest.Item], makers: Mapping[str, Any]) -> list[str]:
    """Names of the processes that the tests want: the parameter of a test's fixture, or the fixture's own name."""
    names: dict[str, None] = {}
    for item in items:
        wanted = [*getattr(getattr(item, "callspec", None), "params", {}).values(), *getattr(item, "fixturenames", ())]
        names |= {w: None for w in wanted if isinstance(w, str) and w in makers}
    return list(names)
