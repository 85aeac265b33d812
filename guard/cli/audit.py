"""`guard audit`: whether the audit log is whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from guard.audit.chain import GENESIS, Report
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
) -> None:
    """Follow the log's hash chain (`audit.chain`). Exit status 1 when a line was changed, moved or dropped."""
    if expect is not None and not re.fullmatch("[0-9a-f]{64}", expect):
        raise ConfigError("--expect takes a line's digest: 64 hexadecimal digits, as printed by an earlier run")
    ordered = files if len(files) > 1 else [*_older(files[0]), files[0]]
    report = follow(ordered, expect)
    _print(report, ordered)
    raise typer.Exit(0 if report.intact else 1)


def _older(file: Path) -> list[Path]:
    """What was turned over from `file`, oldest first."""
    found: list[Path] = []
    while (one := file.with_name(f"{file.name}.{len(found) + 1}")).exists():
        found.append(one)
    return found[::-1]


def _print(report: Report, files: list[Path]) -> None:
    out = Console(highlight=False, soft_wrap=True)
    for problem in report.problems:
        out.print(problem, style="red", markup=False)
    if report.begins not in (None, GENESIS) and not report.unchained:
        out.print(f"The chain goes on from a line that is not here ({report.begins}): older files are missing or gone.")
    if report.unchained:
        out.print(f"{report.unchained} lines are from before the chain: only the last of them is covered.")
    if report.torn:
        out.print(f"{report.torn} lines are torn (written when the machine or the process stopped), in their place.")
    state = "intact" if report.intact else "BROKEN"
    out.print(f"{state}: {report.lines} lines in {len(files)} {'file' if len(files) == 1 else 'files'}")
    out.print(f"last line: {report.last}")
    if report.intact:
        out.print("Note it elsewhere: --expect with it shows later whether anything up to here was changed or cut off.")
