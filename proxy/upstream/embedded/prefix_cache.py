"""KV of recent prompts, found again by their longest common prefix."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Sequence

from proxy.upstream.embedded.kv import PromptState


class PrefixCache:
    """At most `capacity` tokens of prompt KV, least recently used out first. Holds unsteered states only.

    Not thread-safe: the engine thread owns it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._states: OrderedDict[tuple[int, ...], PromptState] = OrderedDict()
        self._sorted: list[tuple[int, ...]] = []
        self.tokens = 0

    def __len__(self) -> int:
        return len(self._states)

    def lookup(self, tokens: Sequence[int]) -> tuple[PromptState | None, int]:
        """The state sharing the longest prefix with `tokens`, and how many tokens they share (0: no state)."""
        key = tuple(tokens)
        exact = self._states.get(key)
        if exact is not None:
            self._states.move_to_end(key)
            return exact, len(key)
        # In sorted order the longest common prefix is always with a neighbour of the place where `key` belongs.
        at = bisect_left(self._sorted, key)
        best, shared = None, 0
        for neighbour in self._sorted[max(0, at - 1) : at + 1]:
            common = _common(neighbour, key)
            if common > shared:
                best, shared = neighbour, common
        if best is None:
            return None, 0
        self._states.move_to_end(best)
        return self._states[best], shared

    def store(self, state: PromptState) -> None:
        """Keep an unsteered prompt state; one larger than the whole cache is not kept."""
        if len(state.tokens) > self._capacity:
            return
        if state.tokens not in self._states:
            insort(self._sorted, state.tokens)
            self.tokens += len(state.tokens)
        self._states[state.tokens] = state
        self._states.move_to_end(state.tokens)
        while self.tokens > self._capacity:
            old, _ = self._states.popitem(last=False)
            del self._sorted[bisect_left(self._sorted, old)]
            self.tokens -= len(old)

    def clear(self) -> None:
        self._states.clear()
        self._sorted.clear()
        self.tokens = 0


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Length of the common prefix, by halving: tuple comparison runs in C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
