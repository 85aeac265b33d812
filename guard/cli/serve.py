"""`guard serve`: check the config, say what is guarded and how, serve until told to stop."""

from __future__ import annotations

import logging.config
import os
import secrets
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from guard import config as schema
from guard import multiprocess, scratch
from guard.config import Config
from guard.errors import ConfigError, GuardError

if TYPE_CHECKING:
    from proxy.server import Server
    from proxy.supervisor import Supervisor

LEVELS = ("debug", "info", "warning", "error")
FAILED = 2
"""Exit status when the proxy could not start."""


def serve(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="guard.yaml; without one the built-in default.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on, in place of server.host.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port, in place of server.port.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Processes, in place of server.workers.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Start the proxy. Reloads its config on SIGHUP and when the file changes; stops gracefully on SIGTERM."""
    from proxy.logs import settings as log_settings

    logging.config.dictConfig(log_settings(schema.Log()))
    try:
        found = schema.load(config) if config is not None else schema.default()
        settings = _settings(found, host=host, port=port, workers=workers, log_level=log_level)
    except GuardError as error:
        _give_up(str(error))
    with ExitStack() as stack:
        if settings.server.workers > 1 or multiprocess.VARIABLE in os.environ:  # prometheus_client looks for it too
            stack.enter_context(multiprocess.sharing())
        _run(found, settings, config, stack)


def _settings(
    found: Config, *, host: str | None, port: int | None, workers: int | None, log_level: str | None
) -> Config:
    """The config with the command line on top. Raises `ConfigError`."""
    server = {k: v for k, v in (("host", host), ("port", port), ("workers", workers)) if v is not None}
    changed: dict[str, Any] = {}
    if server:
        changed["server"] = found.server.model_copy(update=server)
    if log_level is not None:
        if log_level.lower() not in LEVELS:
            raise ConfigError(f"--log-level must be one of {', '.join(LEVELS)}")
        changed["log"] = found.log.model_copy(update={"level": log_level.lower()})
    return found.model_copy(update=changed) if changed else found


def _run(found: Config, settings: Config, path: Path | None, stack: ExitStack) -> None:
    """`stack`: what is to be cleaned up at the end."""
    import uvicorn

    from proxy.app import KEY_VARIABLE, App, warn_of_random_key
    from proxy.drain import Drain
    from proxy.logs import settings as log_settings
    from proxy.server import Protocol, Server, allow_files, bind, url_of
    from proxy.store.build import VARIABLE as STORE_VARIABLE

    server = settings.server
    allow_files()
    logging.config.dictConfig(log_settings(settings.log))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until somebody listens to it: the default ends the process
    options: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "loop": "uvloop",
        "http": Protocol,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,  # as the process has it
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": 1,  # beyond what the drain has given
    }
    try:
        sock = bind(server.host, server.port)
    except OSError as error:
        _give_up(f"cannot listen on {server.host}:{server.port}: {error.strerror or type(error).__name__}")
    banner = _banner(settings, url_of(sock), path)

    def announce() -> None:
        typer.echo(banner, err=True)

    running: Server | Supervisor
    if server.workers == 1:
        typer.echo(f"Starting{_models(settings)} …", err=True)
        drain = Drain(server.drain_delay_seconds, server.shutdown_seconds)
        app = App(found, path=path, drain=drain)
        running = Server(uvicorn.Config(app, **options), drain, announce=announce)
        served = running.serve_on(sock)
    else:
        from proxy.supervisor import Supervisor
        from proxy.worker import Start

        if not settings.surrogate_key.get_secret_value():
            warn_of_random_key()
            os.environ.setdefault(KEY_VARIABLE, secrets.token_hex(32))
        typer.echo(f"Starting {server.workers} workers, each{_models(settings)} …", err=True)
        os.environ[STORE_VARIABLE] = str(stack.enter_context(scratch.directory("guardchain-store-")) / "store.sqlite")
        start = Start(found, settings.log, options, server.drain_delay_seconds, server.shutdown_seconds)
        running = Supervisor(start, sock, count=server.workers, path=path, announce=announce)
        served = running.serve()
    if not served:
        sys.exit(FAILED)
    if running.cut_short:
        sys.exit(128 + running.cut_short)


def _models(settings: Config) -> str:
    names = [u.model for u in settings.upstreams.values() if isinstance(u, schema.Embedded)]
    return f" with {' and '.join(names)} in process" if names else ""


def _banner(settings: Config, url: str, path: Path | None) -> str:
    lines = [f"Guardchain on {url}  ({path or 'built-in config'})"]
    for route in settings.routes:
        policy = settings.policies[route.policy]
        checks = [
            f"{name} {spec.mode}"
            for name, spec in (
                ("sanitize", policy.sanitize),
                ("probe", policy.probe),
                ("steer", policy.steer),
                *policy.plugins.items(),
            )
        ]
        kind = settings.upstreams[route.upstream].kind
        lines.append(
            f"  {_condition(route):<24} → {route.upstream} ({kind}), policy {route.policy}: {', '.join(checks)}"
        )
    keys = f"{len(settings.tenants)} tenants" if settings.tenants else "none asked for"
    lines.append(f"  API keys: {keys}; audit: {settings.audit.sink}; metrics: {url}/metrics")
    lines.append("Try it:")
    lines.append(_curl(settings, url))
    return "\n".join(lines)


def _condition(route: schema.Route) -> str:
    parts = [f"model {route.match.model}"]
    if route.match.tenant != "*":
        parts.append(f"tenant {route.match.tenant}")
    parts += [f"header {name}" for name in route.match.headers]
    return ", ".join(parts)


def _curl(settings: Config, url: str) -> str:
    from proxy.assemble import example_model

    auth = " \\\n    -H 'authorization: Bearer YOUR_KEY'" if settings.tenants else ""
    body = (
        f'{{"model": "{example_model(settings)}", "messages": [{{"role": "user", "content": '
        '"My phone number is 415-209-3456. What is my phone number?"}]}'
    )
    return f"  curl -si {url}/v1/chat/completions -H 'content-type: application/json'{auth} \\\n    -d '{body}'"


def _give_up(why: str) -> NoReturn:
    typer.echo(f"guard: {why}", err=True)
    raise SystemExit(FAILED)
