"""`guard sanitize`: what would leave, side by side with what was there."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.errors import ConfigError

if TYPE_CHECKING:
    from rich.text import Text

MAX_BYTES = 10 * 1024 * 1024
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def sanitize(
    file: Annotated[Path | None, typer.Argument(help="A UTF-8 text file; without one, or with -, stdin.")] = None,
    key: Annotated[
        str | None,
        typer.Option(envvar="GUARD_SURROGATE_KEY", help="Key of the surrogates; without one they differ every time."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Print the hidden text alone, for pipes.")] = False,
) -> None:
    """Hide sensitive text of a file or of stdin, side by side with the original."""
    from sanitizers import Sanitizer

    text = _read(file)
    hidden = Sanitizer(key=key or None).hide(text)
    if plain:
        typer.echo(hidden.text, nl=False)
        return
    from rich.console import Console
    from rich.table import Table

    before, after = side_by_side(text, hidden.text)
    console = Console()
    table = Table("before", "after", expand=True, show_lines=False)
    for left, right in zip(before.split("\n", allow_blank=True), after.split("\n", allow_blank=True), strict=False):
        table.add_row(left, right)
    console.print(table)
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(hidden.entities.items()))
    console.print(f"hidden: {counts or 'nothing'}", markup=False, highlight=False)
    if hidden.restore(hidden.text) != text:
        console.print("note: parts are masked for good and would not come back in an answer", markup=False)


def side_by_side(before: str, after: str) -> tuple[Text, Text]:
    """Both texts with the words that differ marked, as `rich.text.Text`."""
    from rich.text import Text

    a, b = _WORDS.findall(before), _WORDS.findall(after)
    left, right = Text(), Text()
    for kind, a0, a1, b0, b1 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        style = "" if kind == "equal" else "bold"
        left.append("".join(a[a0:a1]), style=style and f"{style} red")
        right.append("".join(b[b0:b1]), style=style and f"{style} green")
    return left, right


def _read(file: Path | None) -> str:
    """The whole input. Raises `ConfigError` when it cannot be read, is too large or no UTF-8."""
    try:
        if file is None or str(file) == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as stream:
                raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"the input is larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"the input is not UTF-8 (byte {error.start})") from None
