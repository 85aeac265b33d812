"""`guard audit`: whether the audit log is whole."""

from __future__ import annotations

import re
import resource
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guard.audit.chain import GENESIS, Report, verify_series
from guard.audit.chain import verify as follow
from guard.errors import ConfigError

app = typer.Typer(help="Check the audit log.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check the audit log."""


@app.command()
def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…", help="One file, read with its turned-over FILE.1, FILE.2, …; or several, oldest first."
        ),
    ],
    expect: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST", help="A digest noted earlier: its line must still be there. Shows a cut-off end."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DIGEST",
            help="A digest noted earlier: every line after its own must be there. Shows a cut-off start. "
            "Sixty-four zeros: nothing at all may be missing at the start.",
        ),
    ] = None,
) -> None:
    """Follow the log's hash chain (`audit.chain`). Exit status 1 when a line was changed, moved or dropped."""
    for option, value in (("--expect", expect), ("--since", since)):
        if value is not None and not re.fullmatch("[0-9a-f]{64}", value):
            raise ConfigError(f"{option} takes a line's digest: 64 hexadecimal digits, as printed by an earlier run")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # all files are open at once
    report = follow(files, expect, since) if len(files) > 1 else verify_series(files[0], expect, since)
    _print(report)
    raise typer.Exit(0 if report.intact else 1)


def _print(report: Report) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for problem in report.problems:
        out.print(problem, style="red", markup=False)
    if report.unchained:
        out.print(f"{report.unchained} lines are from before the chain: only the last of them is covered.")
    elif report.begins not in (None, GENESIS):
        out.print(f"The first line follows one that is not here: {report.begins}")
        out.print("Whether the files before were turned away (audit.keep) or taken, --since with a noted digest tells.")
    if report.torn:
        out.print(f"{report.torn} lines are torn (written when the machine or the process stopped), in their place.")
    state = "intact" if report.intact else "BROKEN"
    out.print(f"{state}: {report.lines} lines in {report.files} {'file' if report.files == 1 else 'files'}")
    out.print(f"last line: {report.last}")
    if report.intact:
        out.print("Note it elsewhere: --expect with it shows later whether anything up to here was changed or cut off,")
        out.print("--since with it whether all lines after it are still there.")
