"""Reload: SIGHUP and file changes become new configs; a bad file leaves the old one serving."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

from watchfiles import Change, awatch

from guard.config import Config, load
from guard.errors import GuardError

log = logging.getLogger("guard.reload")

_LOOK_AGAIN_MS = 2000


class Counter(Protocol):
    """What of `Metrics` is needed here."""

    def reload(self, ok: bool) -> None: ...


class Watcher:
    """Watches one config file and hands over each new, valid config.

    `take_over` is awaited with the new config; a `GuardError` from it counts like a bad file. `on_hangup` is called
    on every SIGHUP first (reopening logs). `settle` in seconds: how long the file must stay unchanged before it is
    read, since the first half of a file can be a valid config that lacks its tenants.
    """

    def __init__(
        self,
        path: str | Path,
        current: Config,
        take_over: Callable[[Config], Awaitable[None]],
        *,
        metrics: Counter | None = None,
        on_hangup: Callable[[], None] | None = None,
        settle: float = 0.2,
    ) -> None:
        self.path = Path(path).absolute()
        self.current = current
        self._take_over = take_over
        self._metrics = metrics
        self._on_hangup = on_hangup
        self._settle = settle
        self._digest = _digest(self.path)
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Watch until cancelled. SIGHUP is handled where this loop may handle signals (the main thread)."""
        loop = asyncio.get_running_loop()
        hangup = asyncio.Event()
        try:
            loop.add_signal_handler(signal.SIGHUP, hangup.set)
            handles_signals = True
        except (ValueError, RuntimeError, NotImplementedError):
            handles_signals = False
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch())
                if handles_signals:
                    group.create_task(self._hangups(hangup))
        finally:
            if handles_signals:
                loop.remove_signal_handler(signal.SIGHUP)

    async def reload(self) -> bool:
        """Load the file now. Returns whether a new config took over; says why not in log and metric."""
        async with self._lock:
            self._digest = _digest(self.path)
            try:
                new = await asyncio.to_thread(load, self.path)
                await self._take_over(new)
            except GuardError as error:
                log.error("the old config stays in use: %s", error)
                self._count(False)
                return False
            except Exception as error:
                log.error("the old config stays in use: %s while taking over the new one", type(error).__name__)
                self._count(False)
                return False
            for section in ("server", "store", "tracing"):
                if getattr(new, section) != getattr(self.current, section):
                    log.warning("changes under '%s' take effect after a restart", section)
            self.current = new
            self._count(True)
            log.info("config taken over from %s", self.path)
            return True

    async def _hangups(self, hangup: asyncio.Event) -> None:
        while True:
            await hangup.wait()
            hangup.clear()
            if self._on_hangup is not None:
                self._on_hangup()
            await self.reload()

    async def _watch(self) -> None:
        while True:
            try:
                await self._watch_places()
            except OSError as error:
                # The directory is gone, or cannot be watched: look again, as after every timeout.
                log.warning("cannot watch the config's directory: %s", type(error).__name__)
                await asyncio.sleep(_LOOK_AGAIN_MS / 1000)
                if await self._changed():
                    await self.reload()

    async def _watch_places(self) -> None:
        # Kubernetes mounts guard.yaml -> ..data/guard.yaml and swaps the link ..data: that shows in the directory
        # of the name. A link to a file elsewhere that is edited in place shows only in the directory of the file.
        places = self._places()
        changes = awatch(
            *places,
            watch_filter=self._concerns,
            recursive=False,
            debounce=400,
            # Looks at the file now and then all the same: network file systems tell nothing.
            yield_on_timeout=True,
            rust_timeout=_LOOK_AGAIN_MS,
        )
        async with aclosing(changes):
            async for _ in changes:
                if await self._changed():
                    await self.reload()
                if self._places() != places:
                    return

    def _places(self) -> set[Path]:
        return {self.path.parent, self.path.resolve().parent}

    async def _changed(self) -> bool:
        before = _digest(self.path)
        if before == self._digest:
            return False
        while True:
            await asyncio.sleep(self._settle)
            after = _digest(self.path)
            if after == before:
                return after != self._digest
            before = after

    def _concerns(self, _: Change, path: str) -> bool:
        name = Path(path).name
        return name in (self.path.name, self.path.resolve().name) or name.startswith("..")

    def _count(self, ok: bool) -> None:
        if self._metrics is not None:
            self._metrics.reload(ok)


def _digest(path: Path) -> bytes:
    """Of the content, so that a touched file is no change; a file that is gone for a moment is none either way."""
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:
        return b""
