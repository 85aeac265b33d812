"""The `guard` command. Parts that need a model or the proxy are imported when they are called, not for `--help`."""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
from typing import Annotated, Any, TextIO

import typer
from typer.core import TyperGroup
from typer.main import get_command as build

import guard
from guard.cli.config import app as config_app
from guard.cli.keys import app as keys_app
from guard.errors import GuardError
from guard.extras import explained

# name -> (module, attribute, help). The attribute is a function, or a typer app with commands of its own.
LAZY = {
    "serve": ("guard.cli.serve", "serve", "Start the proxy."),
    "demo": ("guard.cli.demo", "demo", "Send five prompts through a running proxy and show what became of them."),
    "probes": ("guard.cli.probes", "app", "Build, score and inspect probe prefixes."),
    "calibrate": ("guard.cli.calibrate", "calibrate", "Fit the probe's thresholds on labelled prompts or score logs."),
    "steering": ("guard.cli.steering", "app", "Fit and inspect safety subspaces."),
    "vllm": ("guard.cli.vllm", "app", "Start and check vLLM servers with the guard in them."),
    "audit": ("guard.cli.audit", "app", "Check the audit log."),
    "sanitize": ("guard.cli.sanitize", "sanitize", "Hide sensitive text of a file or of stdin, side by side."),
}


_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class _Group(TyperGroup):
    """Lists all commands; imports the lazy ones only when one is run."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*LAZY, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return _stub(cmd_name) if cmd_name in LAZY else super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0] if args else ""
        if name in LAZY:
            return name, _import(name), args[1:]
        return super().resolve_command(ctx, args)


def _import(name: str) -> Any:
    module, attribute, text = LAZY[name]
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        function, found = found, typer.Typer(add_completion=False)
        found.command(name, help=function.__doc__ or text)(function)
    command = build(found)
    command.name = name
    return command


def _stub(name: str) -> Any:
    """What stands in for a command while help is printed."""
    app = typer.Typer(add_completion=False)
    app.command(name, help=LAZY[name][2])(lambda: None)
    return build(app)


app = typer.Typer(
    cls=_Group,
    help="Guardchain: an OpenAI-compatible guard proxy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(config_app, name="config")
app.add_typer(keys_app, name="keys")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"guardchain {guard.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Guardchain: an OpenAI-compatible guard proxy."""


def _run() -> None:
    try:
        app()
    except ModuleNotFoundError as error:
        raise explained(error) from None


def main() -> None:
    """Entry point of the `guard` script. Our own errors are one line and exit status 1, not a traceback.

    Nobody who reads on is no error of ours, and said nothing about: exit status 1. Ctrl-C: 130.
    """
    try:
        try:
            _run()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except GuardError as error:
        typer.echo(f"guard: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except OSError as error:
        # Files are written by functions that name them: what has no name is the output.
        if error.filename is not None or error.errno not in (errno.EPIPE, *_UNWRITABLE):
            raise
        _let_go(sys.stdout)
        if error.errno != errno.EPIPE:
            typer.echo(f"guard: cannot write the output: {error.strerror}", err=True)
        raise SystemExit(1) from None


def _let_go(stream: TextIO) -> None:
    """What is still to be written goes nowhere, lest the interpreter fail at it once more when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
