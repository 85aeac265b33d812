"""The application: FastAPI for the operator's routes, the gateway as a raw ASGI responder for everything else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import logging.config
import os
import secrets
import signal
from pathlib import Path

import orjson
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

import guard
from guard.config import Config
from guard.errors import ConfigError, GuardError
from guard.metrics import CONTENT_TYPE, Metrics
from guard.reload import Watcher
from proxy.assemble import assemble
from proxy.assembly import Assembly
from proxy.drain import Drain
from proxy.handler import Gateway
from proxy.limits import Limiter
from proxy.live import Live
from proxy.logs import settings as log_settings
from proxy.logs import where
from proxy.readiness import readiness
from proxy.spans import Tracer
from proxy.store import Store
from proxy.store.build import build_store

log = logging.getLogger("proxy")

KEY_VARIABLE = "GUARDCHAIN_RUNTIME_SURROGATE_KEY"
"""Set by `guard serve` for its workers when the config has no surrogate key: they must agree on a random one."""


class App(FastAPI):
    """The proxy as an ASGI application, made from a config; with the path of its file also reloaded from there.

    Everything is built in the lifespan's startup. What does not fit fails it with one line, not with a traceback.
    Once `drain` has begun, readiness is gone and new requests are refused.
    """

    def __init__(self, config: Config, *, path: Path | None = None, drain: Drain | None = None) -> None:
        super().__init__(title="Guardchain", version=guard.__version__, docs_url=None, redoc_url=None, openapi_url=None)
        self.metrics = Metrics()
        self._config = config
        self._drain = drain or Drain()
        # Made at once, not when startup is through: it remembers the file as it is now, and loading models takes time
        # in which the file may change.
        self._watcher = (
            Watcher(path, config, self.take_over, metrics=self.metrics, on_hangup=self.reopen_audit)
            if path is not None
            else None
        )
        self._key = runtime_key(config)
        self._live: Live | None = None
        self._gateway: Gateway | None = None
        self._store: Store | None = None
        self._limiter: Limiter | None = None
        self._tracer: Tracer | None = None
        self._watching: asyncio.Task[None] | None = None
        self.router.redirect_slashes = False
        self._operator = {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._render_metrics}
        for route, endpoint in self._operator.items():
            self.add_route(route, endpoint, methods=["GET"])

    @property
    def live(self) -> Live:
        """The assembly in force. Raises `RuntimeError` before startup."""
        if self._live is None:
            raise RuntimeError("the application has not been started")
        return self._live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._drain.begun:
            send = _closing(send)
        # Requests to be guarded go straight to the gateway, past the framework's middleware and route table.
        if scope["type"] == "http" and scope["path"] not in self._operator and self._gateway is not None:
            await self._gateway(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def startup(self) -> None:
        """Build and start what the config names. Raises `GuardError`."""
        if not self._config.surrogate_key.get_secret_value() and KEY_VARIABLE not in os.environ:
            warn_of_random_key()
        self._store = build_store(self._config.store, self.metrics)
        await self._store.start()
        assembly = await assemble(self._config, surrogate_key=self._key, metrics=self.metrics)
        self._live = Live(assembly)
        self._tracer = build_tracer(self._config, self.metrics)
        self._limiter = Limiter(self._store, self.metrics)
        self._gateway = Gateway(
            self._live, self.metrics, self._limiter, store=self._store, drain=self._drain, tracer=self._tracer
        )
        if self._watcher is not None:
            self._watching = asyncio.create_task(self._watcher.run())
            self._watching.add_done_callback(_report_end)
        else:
            # Nothing to reload, but the default action of this signal would end the process.
            with contextlib.suppress(ValueError, RuntimeError, NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reopen_audit)

    async def shutdown(self) -> None:
        """Stop watching and close every upstream. Safe to call when startup failed."""
        if self._watching is not None:
            self._watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._watching
        if self._live is not None:
            await self._live.close()
        if self._limiter is not None:
            await self._limiter.close()
        if self._store is not None:
            await self._store.close()
        if self._tracer is not None:
            await self._tracer.close()

    async def take_over(self, config: Config) -> None:
        """Serve by a new config from the next request on. Raises `GuardError`, and then the old one stays in force."""
        self.adopt(await self.prepare(config))

    async def prepare(self, config: Config) -> Assembly:
        """Build what a new config names, to `adopt` or `abandon`. Raises `GuardError`."""
        key = config.surrogate_key.get_secret_value().encode() or self._key
        return await assemble(config, surrogate_key=key, metrics=self.metrics, previous=self.live.current)

    def adopt(self, assembly: Assembly) -> None:
        """Serve by it from the next request on."""
        previous, config = self.live.current, assembly.config
        self._key = config.surrogate_key.get_secret_value().encode() or self._key
        self.live.swap(assembly)
        gc.unfreeze()  # the server froze what stood at start, of which the old assembly may go now
        if previous.config.log != config.log:
            logging.config.dictConfig(log_settings(config.log))

    async def abandon(self, assembly: Assembly) -> None:
        """Close what was built for nothing."""
        await self.live.discard(assembly)
        if assembly.audit is not self.live.current.audit:
            assembly.audit.close()

    def reopen_audit(self) -> None:
        """Write to the file that has the audit log's name now."""
        self.live.current.audit.reopen()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.startup()
        except GuardError as error:
            await send({"type": "lifespan.startup.failed", "message": f"cannot start: {error}"})
            return
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"cannot start: {where(error)}"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.shutdown()
        await send({"type": "lifespan.shutdown.complete"})

    async def _healthz(self, request: Request) -> Response:
        """Liveness: this process answers. Says nothing about models and upstreams, so that it never restarts us for
        somebody else's outage."""
        return _json({"status": "ok"})

    async def _readyz(self, request: Request) -> Response:
        """Readiness: 200 while some route can be served and nobody has asked us to stop, else 503."""
        if self._live is None:
            return _json({"status": "not ready", "config": False, "upstreams": {}}, status=503)
        ready, found = await readiness(self._live.current)
        if self._drain.begun:
            return _json({"status": "stopping", "config": True, **found}, status=503)
        return _json({"status": "ready" if ready else "not ready", "config": True, **found}, 200 if ready else 503)

    async def _render_metrics(self, request: Request) -> Response:
        if not self.live.current.config.metrics.enabled:
            return _json({"error": {"message": "Metrics are off.", "type": "invalid_request_error",
                                    "param": None, "code": "unknown_url"}}, status=404)  # fmt: skip
        # With several workers this reads files.
        body = await asyncio.to_thread(self.metrics.render)
        return Response(body, headers={"content-type": CONTENT_TYPE})


def build_tracer(config: Config, metrics: Metrics) -> Tracer | None:
    """What traces requests; None where nobody wants to know. Raises `ConfigError` without the extra `otel`."""
    if config.tracing.endpoint is None:
        return None
    try:
        from proxy.otel import OtelTracer

        return OtelTracer(config.tracing, metrics)
    except ImportError:
        raise ConfigError("tracing.endpoint needs the extra 'otel': pip install 'guardchain[otel]'") from None


def runtime_key(config: Config) -> bytes:
    """The surrogate key: the config's, else the one that the parent of several workers chose, else a random one."""
    return (config.surrogate_key.get_secret_value() or os.environ.get(KEY_VARIABLE) or secrets.token_hex(32)).encode()


def warn_of_random_key() -> None:
    """Say that the surrogate key is a random one."""
    log.warning("surrogate_key is not set: stand-ins for personal data will change with the next start")


def _closing(send: Send) -> Send:
    """Ends the connection after the answer, so that the client's next request goes to somebody who stays."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await send(message)

    return closing


def _report_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the config is not watched any more: %s", where(error))


def _json(data: object, status: int = 200) -> Response:
    return Response(orjson.dumps(data), status_code=status, media_type="application/json")
