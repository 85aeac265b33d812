"""The assembly in force, and how another takes its place under traffic."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from guard.audit import Audit
from proxy.assembly import Assembly
from proxy.upstream.base import Shown, Upstream

log = logging.getLogger("proxy")


class Live:
    """Holds the current assembly. A request takes it once, so it finishes under the config it began with."""

    def __init__(self, assembly: Assembly) -> None:
        self.current = assembly
        assembly.audit.adopt()
        self._old: list[Assembly] = []
        self._closing: set[asyncio.Task[None]] = set()

    def swap(self, new: Assembly) -> None:
        """Put `new` in force at once; upstreams and the audit log that it no longer holds are closed when their last
        request is done."""
        old, self.current = self.current, new
        kept = {id(u) for u in new.upstreams.values()}
        self._old = [a for a in (*self._old, old) if a.leased or a is old]
        for name, upstream in old.upstreams.items():
            if id(upstream) not in kept:
                if isinstance(upstream, Shown):
                    upstream.retire()
                self._do(self._retire(name, upstream, list(self._old)))
        if old.audit is not new.audit:
            new.audit.adopt()
            self._do(self._retire_audit(old.audit, list(self._old)))

    async def discard(self, assembly: Assembly) -> None:
        """Close what only this assembly holds, which was never in force."""
        kept = {id(u) for u in self.current.upstreams.values()}
        for name, upstream in assembly.upstreams.items():
            if id(upstream) not in kept:
                await _close(name, upstream)

    async def close(self) -> None:
        """Close every upstream and audit log, also those still waiting for their last request."""
        for task in list(self._closing):
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        seen: set[int] = set()
        for assembly in (self.current, *self._old):
            for name, upstream in assembly.upstreams.items():
                if id(upstream) not in seen:
                    seen.add(id(upstream))
                    await _close(name, upstream)
        for audit in {id(a.audit): a.audit for a in (*self._old, self.current)}.values():
            await asyncio.to_thread(audit.close)

    async def _retire(self, name: str, upstream: Upstream, users: list[Assembly]) -> None:
        for assembly in users:
            if upstream in assembly.upstreams.values():
                await assembly.drained()
        await _close(name, upstream)

    async def _retire_audit(self, audit: Audit, users: list[Assembly]) -> None:
        for assembly in users:
            if assembly.audit is audit:
                await assembly.drained()
        await asyncio.to_thread(audit.close)  # gives lines that wait for a server some seconds

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _close(name: str, upstream: Upstream) -> None:
    try:
        await upstream.close()
    except Exception as error:
        log.warning("closing upstream %s failed: %s", name, type(error).__name__)
