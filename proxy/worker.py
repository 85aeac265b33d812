"""A worker: one server in a process of its own, which does as its supervisor says."""

from __future__ import annotations

import asyncio
import contextlib
import logging.config
import os
import signal
import socket
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvicorn

from guard.config import Config, Log
from guard.errors import GuardError
from proxy.app import App
from proxy.assembly import Assembly
from proxy.drain import Drain
from proxy.logs import settings as log_settings
from proxy.server import Server

FAILED = 2
"""Exit status of a worker that could not start."""


@dataclass(frozen=True)
class Start:
    """What a worker is told when it starts. `log`: how it logs, by the config in force or by the command line;
    `options`: uvicorn's; `generation`: the number of its config."""

    config: Config
    log: Log
    options: dict[str, Any]
    delay: float
    grace: float
    generation: int = 1


def main(start: Start, control: Connection, sock: socket.socket) -> None:
    """The process. Ends with `FAILED` when it could not start."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the application listens to it: the default ends the process
    logging.config.dictConfig(log_settings(start.log))
    drain = Drain(start.delay, start.grace)
    app = App(start.config, drain=drain)
    app.metrics.generation(start.generation)
    orders = _Orders(app, control)
    server = Server(uvicorn.Config(app, **start.options), drain, announce=orders.listen, shares=True)
    orders.server = server
    status = 0 if server.serve_on(sock) else FAILED
    logging.shutdown()
    sys.stdout.flush()
    # Everything is closed. Taking an interpreter with models in it apart takes seconds that a stop may not have.
    os._exit(status)


class _Orders:
    """The worker's end of the pipe. One order is answered before the next one comes, but for `ping`."""

    server: Server

    def __init__(self, app: App, control: Connection) -> None:
        self._app = app
        self._control = control
        self._built: tuple[Assembly, int] | None = None
        self._building: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """From now on do as one is told; says that requests are accepted."""
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._hear)
        self._say("ready")

    def _hear(self) -> None:
        try:
            order, argument = self._control.recv()
        except (EOFError, OSError):
            # The supervisor is gone without a word, so nobody will ever stop us.
            asyncio.get_running_loop().remove_reader(self._control.fileno())
            self.server.stop()
            return
        if order == "prepare":
            self._building = asyncio.ensure_future(self._prepare(*argument))
        elif order == "adopt":
            self._adopt()
        elif order == "abandon":
            self._building = asyncio.ensure_future(self._abandon())
        elif order == "reopen":
            self._app.reopen_audit()
        elif order == "stop":
            self.server.stop()
        elif order == "ping":
            self._say("pong")

    async def _prepare(self, config: Config, generation: int) -> None:
        try:
            self._built = await self._app.prepare(config), generation
        except GuardError as error:
            self._say("answer", str(error))
        except Exception as error:
            self._say("answer", f"{type(error).__name__} while taking over the new one")
        else:
            self._say("answer", None)

    def _adopt(self) -> None:
        assert self._built is not None
        assembly, generation = self._built
        self._built = None
        self._app.adopt(assembly)
        self._app.metrics.generation(generation)
        self._say("answer", None)

    async def _abandon(self) -> None:
        if self._built is not None:
            (assembly, _), self._built = self._built, None
            await self._app.abandon(assembly)
        self._say("answer", None)

    def _say(self, what: str, argument: object = None) -> None:
        with contextlib.suppress(OSError):  # the supervisor is gone, which the next read shows
            self._control.send((what, argument))
