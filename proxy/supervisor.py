"""Several workers on one socket: the dead are replaced, a config takes over in all or in none, all stop together.

The workers share one listening socket rather than one each (SO_REUSEPORT): a connection that waits to be accepted
belongs to nobody yet, so a worker that dies takes none but its own with it.
"""

from __future__ import annotations

import asyncio
import logging.config
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from guard import multiprocess
from guard.config import Config
from guard.errors import ConfigError
from guard.metrics import Metrics
from guard.reload import Watcher
from proxy import worker
from proxy.logs import settings as log_settings
from proxy.worker import Start

log = logging.getLogger("proxy")

_SPAWN = get_context("spawn")  # a fork would take threads and locks of half an application along

_SOON = 10.0
"""A worker that lived for less than these seconds is not replaced at once."""
_PAUSES = (0.5, 10.0)
_PING_SECONDS = 5.0
_HUNG_SECONDS = 60.0
_PREPARE_SECONDS = 600.0
_ADOPT_SECONDS = 10.0
_ENDED = "a worker ended meanwhile"
_END_SECONDS = 8.0
"""What a worker may take beyond its grace to close what it has open."""


class Worker:
    """One worker as its supervisor sees it."""

    def __init__(self, start: Start, sock: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.start = start
        self.ready = asyncio.Event()
        self.ended = asyncio.Event()
        self.heard = loop.time()
        self._loop = loop
        self._answer: asyncio.Future[str | None] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._control, far = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=worker.main, args=(start, far, sock), name="guardchain-worker")
        self._process.start()
        far.close()
        loop.add_reader(self._process.sentinel, self._end)
        loop.add_reader(self._control.fileno(), self._hear)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        return self._process.exitcode

    async def tell(self, order: str, argument: object = None) -> bool:
        """Whether the order could be given. In a thread: one that does not read must not stop the others."""
        async with self._one_at_a_time:
            try:
                await asyncio.to_thread(self._control.send, (order, argument))
            except (OSError, ValueError):
                return False
        return True

    async def ask(self, order: str, argument: object = None, *, seconds: float) -> str | None:
        """Give an order and wait for its answer: None, or what was wrong."""
        self._answer = self._loop.create_future()
        if self.ended.is_set() or not await self.tell(order, argument):
            return _ENDED
        try:
            async with asyncio.timeout(seconds):
                return await self._answer
        except TimeoutError:
            self.kill()
            return "a worker did not answer in time"

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def _hear(self) -> None:
        try:
            what, argument = self._control.recv()
        except (EOFError, OSError):
            self._loop.remove_reader(self._control.fileno())
            return
        self.heard = self._loop.time()
        if what == "ready":
            self.ready.set()
        elif what == "answer" and self._answer is not None and not self._answer.done():
            self._answer.set_result(argument)

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._loop.remove_reader(self._control.fileno())
        self._process.join()
        self._control.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(_ENDED)
        self.ended.set()


class Supervisor:
    """Runs `count` workers until a signal says stop; the second signal ends them at once.

    `announce` is called once every worker accepts requests. With `path`, that config file is watched: here alone.
    """

    def __init__(
        self,
        start: Start,
        sock: socket.socket,
        *,
        count: int,
        path: Path | None = None,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self._start = start
        self._sock = sock
        self._count = count
        self._announce = announce
        self._workers: set[Worker] = set()
        self._stopping = False
        self._started = False
        self._failed = False
        self._metrics = Metrics()
        # Made at once: it remembers the file as it is now, and workers take a while to start.
        self._watcher = (
            Watcher(path, start.config, self._take_over, metrics=self._metrics, on_hangup=self._reopen)
            if path is not None
            else None
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self.cut_short = 0
        """The second signal, if there was one."""

    def serve(self) -> bool:
        """Until all workers have ended. False when one could not start."""
        asyncio.run(self._serve())
        return not self._failed

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        if self._watcher is None:
            loop.add_signal_handler(signal.SIGHUP, self._reopen)
        keeping = [asyncio.ensure_future(self._keep()) for _ in range(self._count)]
        self._do(self._ping())
        try:
            await asyncio.gather(*keeping)
        finally:
            for one in self._workers:
                one.kill()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self) -> None:
        """One place: a worker in it, and after that another."""
        loop = asyncio.get_running_loop()
        pause, most = _PAUSES
        while not self._stopping:
            one = Worker(self._start, self._sock, loop)
            began = loop.time()
            self._workers.add(one)
            greeting = asyncio.ensure_future(self._greet(one))
            await one.ended.wait()
            greeting.cancel()
            self._workers.discard(one)
            if (directory := multiprocess.directory()) is not None:
                multiprocess.forget(directory, one.pid)
            if self._stopping:
                return
            if not self._started and not one.ready.is_set():
                log.error("a worker could not start")
                self._failed = True
                self._stop()
                return
            if one.start is not self._start:
                continue  # its config was out of date
            log.error("worker %d ended (%s); another takes its place", one.pid, _how(one.exitcode))
            if loop.time() - began < _SOON:
                await asyncio.sleep(pause)
                pause = min(most, 2 * pause)
            else:
                pause = _PAUSES[0]

    async def _greet(self, one: Worker) -> None:
        await one.ready.wait()
        if self._stopping:
            await one.tell("stop")
        elif one.start is not self._start:
            one.terminate()
        elif not self._started and len(self._workers) == self._count and all(w.ready.is_set() for w in self._workers):
            self._started = True
            self._announce()
            if self._watcher is not None:
                self._do(self._watcher.run())

    async def _take_over(self, config: Config) -> None:
        """First all build it, then all serve by it. Raises `ConfigError` when one cannot, and then none does."""
        generation = self._start.generation + 1
        for again in (True, False):
            workers = [one for one in self._workers if one.ready.is_set()]
            wrong = await _all(one.ask("prepare", (config, generation), seconds=_PREPARE_SECONDS) for one in workers)
            if wrong is None:
                break
            await _all(one.ask("abandon", seconds=_ADOPT_SECONDS) for one in workers)
            if wrong != _ENDED or not again:  # one that dies by chance does not make the config a bad one
                raise ConfigError(wrong)
        written = self._start.log
        if config.log != self._start.config.log:
            written = config.log
            logging.config.dictConfig(log_settings(written))
        self._start = replace(self._start, config=config, log=written, generation=generation)

        async def adopt(one: Worker) -> None:
            if await one.ask("adopt", seconds=_ADOPT_SECONDS) is None:
                one.start = self._start
            else:
                log.error("worker %d did not take the new config over and is replaced", one.pid)
                one.kill()

        await asyncio.gather(*map(adopt, workers))
        for one in self._workers:
            if one.ready.is_set() and one.start is not self._start:
                one.terminate()  # it started meanwhile, from the config before

    def _reopen(self) -> None:
        self._tell("reopen")

    def _signalled(self, number: int) -> None:
        if self._stopping:
            self.cut_short = number
            for one in self._workers:
                one.kill()
        else:
            self._stop()

    def _stop(self) -> None:
        self._stopping = True
        for one in self._workers:
            if not one.ready.is_set():
                one.kill()  # it serves nobody yet
        self._tell("stop")
        start = self._start
        asyncio.get_running_loop().call_later(start.delay + start.grace + _END_SECONDS, self._end)

    def _end(self) -> None:
        for one in self._workers:
            log.error("worker %d does not end by itself", one.pid)
            one.kill()

    async def _ping(self) -> None:
        """Replace workers whose event loop stands still: no probe from outside reaches a worker of its choice."""
        loop = asyncio.get_running_loop()
        while True:
            self._tell("ping")
            await asyncio.sleep(_PING_SECONDS)
            for one in self._workers:
                if one.ready.is_set() and loop.time() - one.heard > _HUNG_SECONDS:
                    log.error("worker %d has not answered for %g s", one.pid, _HUNG_SECONDS)
                    one.kill()

    def _tell(self, order: str) -> None:
        for one in self._workers:
            if one.ready.is_set():
                self._do(one.tell(order))

    def _do(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _all(answers: Any) -> str | None:
    """The first answer that says that something was wrong."""
    return next((answer for answer in await asyncio.gather(*answers) if answer is not None), None)


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return signal.Signals(-exitcode).name
    return f"status {exitcode}"
