"""A store under a deadline: what it did not answer is counted, and limits go on as the policy says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from guard.budget import Claim
from guard.metrics import Metrics
from guard.verdict import OnError
from proxy.breaker import Breaker, State
from proxy.store.base import Store, StoreUnavailable
from proxy.store.memory import MemoryStore

log = logging.getLogger("proxy")

_T = TypeVar("_T")

_FAILURES = 3
_LEAVE_ALONE_SECONDS = 2.0


class GuardedStore:
    """Implements `Store` around another that may be away. After some failures it is not asked for a moment.

    With `on_error: allow` budgets are counted in this process's memory meanwhile. Values cannot be made up: `get`,
    `put` and `delete` raise `StoreUnavailable` either way.
    """

    def __init__(self, store: Store, metrics: Metrics, *, on_error: OnError, seconds: float) -> None:
        self._store = store
        self._metrics = metrics
        self._seconds = seconds
        self._own = MemoryStore() if on_error is OnError.ALLOW else None
        self._breaker = Breaker(_FAILURES, _LEAVE_ALONE_SECONDS, on_change=_say)

    async def start(self) -> None:
        await self._store.start()

    async def take(self, claims: Sequence[Claim]) -> tuple[list[float], bool]:
        try:
            return await self._ask("take", lambda: self._store.take(claims), own=self._own is not None)
        except StoreUnavailable:
            if self._own is None:
                raise
            return await self._own.take(claims)

    async def correct(self, claims: Sequence[Claim]) -> None:
        try:
            await self._ask("correct", lambda: self._store.correct(claims), own=self._own is not None)
        except StoreUnavailable:
            if self._own is None:
                raise
            await self._own.correct(claims)

    async def get(self, key: str) -> bytes | None:
        return await self._ask("get", lambda: self._store.get(key))

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._ask("put", lambda: self._store.put(key, value, seconds))

    async def delete(self, key: str) -> None:
        await self._ask("delete", lambda: self._store.delete(key))

    async def close(self) -> None:
        await self._store.close()

    async def _ask(self, operation: str, ask: Callable[[], Awaitable[_T]], *, own: bool = False) -> _T:
        if not self._breaker.admit():
            self._metrics.store_error(operation, "left_alone", "allow" if own else "block")
            raise StoreUnavailable("left_alone")
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                found = await ask()
        except (StoreUnavailable, TimeoutError) as error:
            self._breaker.failed()
            reason = error.reason if isinstance(error, StoreUnavailable) else "timeout"
            self._metrics.store_error(operation, reason, "allow" if own else "block")
            raise StoreUnavailable(reason) from None
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        self._metrics.store(operation, time.perf_counter() - began)
        return found


def _say(state: State) -> None:
    if state is State.OPEN:
        log.error("the store does not answer; it is asked again in %g s", _LEAVE_ALONE_SECONDS)
    elif state is State.CLOSED:
        log.warning("the store answers again")
