"""The seam to what workers and replicas share: budgets, and small values that expire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guard.budget import Claim
from guard.errors import CheckUnavailable


class StoreUnavailable(CheckUnavailable):
    """The store did not answer; what hangs on it could not be checked. `reason` is a label fit for a metric."""

    def __init__(self, reason: str) -> None:
        super().__init__("store", reason)


class Store(Protocol):
    """Every method may raise `StoreUnavailable`."""

    async def start(self) -> None:
        """Make ready. Raises `ConfigError` for settings that cannot work; one that is away is no error here."""
        ...

    async def take(self, claims: Sequence[Claim]) -> tuple[list[float], bool]:
        """Grant all claims or none, atomically: the level of each bucket afterwards, and whether they were granted."""
        ...

    async def correct(self, claims: Sequence[Claim]) -> None:
        """Charge so much more, or less for a negative cost, whatever the buckets hold."""
        ...

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long, at least roughly."""
        ...

    async def delete(self, key: str) -> None:
        """Forget a value, if there is one."""
        ...

    async def close(self) -> None: ...
