"""One process's own memory: the store where there is a single worker, and while a shared one is away."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from guard.budget import Bucket, Claim, correct, take

_MOST_BUCKETS = 100_000
MOST_BYTES = 64 << 20
"""What a store that nobody named keeps of values."""


class MemoryStore:
    """Implements `Store`; never unavailable. `clock` in seconds. What was not used for longest goes first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._bytes = 0

    async def start(self) -> None:
        return None

    async def take(self, claims: Sequence[Claim]) -> tuple[list[float], bool]:
        after, granted = take([self._buckets.get(c.key) for c in claims], claims, self._clock())
        self._keep(claims, after)
        return [bucket.level for bucket in after], granted

    async def correct(self, claims: Sequence[Claim]) -> None:
        now = self._clock()
        self._keep(claims, [correct(self._buckets.get(c.key), c, now) for c in claims])

    async def get(self, key: str) -> bytes | None:
        until, value = self._values.get(key, (0.0, None))
        if value is None or until <= self._clock():
            return None
        self._values.move_to_end(key)
        return value

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        _, before = self._values.pop(key, (0.0, b""))
        self._values[key] = (self._clock() + seconds, value)
        self._bytes += len(value) - len(before)
        while self._bytes > MOST_BYTES:
            _, (_, dropped) = self._values.popitem(last=False)
            self._bytes -= len(dropped)

    async def delete(self, key: str) -> None:
        _, dropped = self._values.pop(key, (0.0, b""))
        self._bytes -= len(dropped)

    async def close(self) -> None:
        return None

    def _keep(self, claims: Sequence[Claim], buckets: Sequence[Bucket]) -> None:
        for claim, bucket in zip(claims, buckets, strict=True):
            self._buckets[claim.key] = bucket
            self._buckets.move_to_end(claim.key)
        while len(self._buckets) > _MOST_BUCKETS:
            # A bucket is full again after a minute, so the oldest of so many says little.
            self._buckets.popitem(last=False)
