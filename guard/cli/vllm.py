"""`guard vllm`: start vLLM with the guard in it, and check one that runs."""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from guard.errors import ConfigError

app = typer.Typer(
    help="Start and check vLLM servers with the guard in them.", no_args_is_help=True, add_completion=False
)

SecretFile = Annotated[
    Path | None, typer.Option(help="File with the secret shared with the proxy; else GUARDCHAIN_VLLM_SECRET.")
]


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="Model directory, hub id or bundled:<name>.")],
    probes: Annotated[str, typer.Option(help="Probe set made for this model: a JSON file or bundled:<name>.")],
    subspace: Annotated[
        str | None,
        typer.Option(help="Safety subspace for it: a .safetensors file or bundled:<name>. Without: no steering."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    secret_file: SecretFile = None,
    open: Annotated[list[str] | None, typer.Option(help="A path of vLLM to leave open although unguarded.")] = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="Check everything, print the command, do not run it.")
    ] = False,
) -> None:
    """Start vLLM's API server, guarded. Every other option is handed to vLLM as it stands."""
    from steering.vllm_plugin.launch import Launch

    launch = Launch(
        model=model,
        probes=probes,
        secret=_secret(secret_file),
        subspace=subspace,
        host=host,
        port=port,
        opened=tuple(open or ()),
        more=tuple(a for a in context.args if a != "--"),
    )
    command, environment = launch.prepare()
    if print_only:
        typer.echo(shlex.join(command))
        return
    os.execve(command[0], command, environment)  # noqa: S606 - the command is ours, no shell


@app.command()
def check(
    url: Annotated[str, typer.Argument(help="Where the server listens, such as http://127.0.0.1:8000.")],
    secret_file: SecretFile = None,
) -> None:
    """Ask a running server for its guard, and whether what should be closed is closed. Exit status 1 when not."""
    from steering.vllm_plugin.inspection import inspect

    report = inspect(url, _secret(secret_file))
    for line in _lines(report.status):
        typer.echo(line)
    for problem in report.problems:
        typer.echo(f"✗ {problem}", err=True)
    if report.problems:
        raise typer.Exit(1)
    typer.echo("✓ guarded")


@app.command()
def secret() -> None:
    """Print a fresh secret to share between proxy and server."""
    typer.echo(secrets.token_urlsafe(32))


def _secret(file: Path | None) -> str:
    if file is None:
        return os.environ.get("GUARDCHAIN_VLLM_SECRET", "")
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"cannot read the secret from {file}") from None


def _lines(status: dict[str, Any]) -> list[str]:
    if not status:
        return []
    subspace, canary = status.get("subspace"), status.get("canary") or {}
    steering = "none" if not subspace else f"{subspace['sha256'][:16]}, layers {subspace['layers']}"
    return [
        f"guardchain {status['plugin']} in vLLM {status['vllm']}, runner {status['runner']}, {status['dtype']}",
        f"model     {status['model']['name']} ({status['model']['weights']})",
        f"probes    {status['probes']['sha256'][:16]}",
        f"subspace  {steering}",
        *(f"canary    {where}: {moved:.3g} nats" for where, moved in canary.items()),
        f"open      {', '.join(status['open']) or 'nothing else'}",
    ]
