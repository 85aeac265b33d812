"""The directory through which several workers share their metrics.

prometheus_client decides at its first import whether values live in the process or in that directory, so this module
does not import it, and `prepare` is to be called before anything that does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "guardchain-metrics-"


def prepare() -> Path:
    """Make the directory, empty it of what earlier runs left, and name it in the environment for the workers.

    Uses `PROMETHEUS_MULTIPROC_DIR` when it is set, else a new private temporary directory (see `discard`). To be
    called once, by the parent, before it starts workers. Raises `RuntimeError` when prometheus_client has been
    imported already without the variable: its values would silently stay in this process.
    """
    named = os.environ.get(VARIABLE)
    if not named and "prometheus_client.values" in sys.modules:
        raise RuntimeError(f"{VARIABLE} must be set before prometheus_client is imported")
    directory = Path(named or tempfile.mkdtemp(prefix=_PREFIX))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _empty(directory)
    os.environ[VARIABLE] = str(directory)
    return directory


def directory() -> Path | None:
    """The directory when this process shares its metrics, else None."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def forget(directory: Path, pid: int) -> None:
    """A worker is gone: what its gauges held would be counted for ever. What it counted stays counted."""
    for file in directory.glob(f"gauge_live*_{pid}.db"):
        file.unlink(missing_ok=True)


def discard(directory: Path) -> None:
    """Undo `prepare` after the last worker: remove the values, and the directory unless the operator named it."""
    _empty(directory)
    if directory.name.startswith(_PREFIX):
        with contextlib.suppress(OSError):
            directory.rmdir()
        if os.environ.get(VARIABLE) == str(directory):
            del os.environ[VARIABLE]


def _empty(directory: Path) -> None:
    """Remove value files and nothing else: the operator may have named any directory."""
    for kind in ("counter", "gauge", "histogram", "summary"):
        for file in directory.glob(f"{kind}_*.db"):
            file.unlink(missing_ok=True)
