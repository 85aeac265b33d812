"""Where commands write: looked at before the work, for it may take hours."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

from guard.files import beside


def require(outputs: Mapping[str, Path | None], inputs: Iterable[Path | str | None] = ()) -> None:
    """Every file of `outputs`, by option, can be written, is named once, and is none of `inputs`.

    Raises `typer.BadParameter` naming option and path.
    """
    read = {os.path.realpath(path) for path in inputs if path is not None}
    taken: dict[str, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        real = os.path.realpath(path)
        if real in read:
            raise typer.BadParameter(f"{path} is read by this command too and would be lost", param_hint=option)
        if real in taken:
            raise typer.BadParameter(f"{path} is what {taken[real]} writes; name another file", param_hint=option)
        taken[real] = option
        if why := _why_not(path):
            raise typer.BadParameter(f"cannot write {path}: {why}", param_hint=option)


def _why_not(path: Path) -> str | None:
    try:
        if path.is_dir() or str(path) in ("", "."):
            return "it is a directory; name a file in it"
        if path.exists() and not path.is_file():
            return None if os.access(path, os.W_OK) else "permission denied"
        target = Path(os.path.realpath(path))
        if not target.parent.exists():
            return f"there is no directory {target.parent}; make it first"
        if not target.parent.is_dir():
            return f"{target.parent} is not a directory"
        # Tried, not asked for: a read-only file system or a name that is too long shows in no permission.
        twin = beside(target)
        twin.touch()
        twin.unlink()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return getattr(error, "strerror", None) or "no such name can be given"
    return None
