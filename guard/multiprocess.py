"""The directory through which several workers share their metrics.

prometheus_client decides at its first import whether values live in the process or in that directory, so this module
does not import it, and `sharing` is to be entered before anything that does.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from guard import scratch

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "guardchain-metrics-"
_LOCK = "guardchain.lock"
_COUNTED = ("counter", "histogram")


@contextlib.contextmanager
def sharing() -> Iterator[Path]:
    """The directory, emptied of what earlier runs left, named in the environment for workers, and emptied at the end.

    It is `PROMETHEUS_MULTIPROC_DIR` when that is set, else a new private temporary one. For the parent, around the life
    of its workers. Raises `RuntimeError` when prometheus_client has been imported already without the variable: its
    values would silently stay in this process.
    """
    named = os.environ.get(VARIABLE)
    if not named and "prometheus_client.values" in sys.modules:
        raise RuntimeError(f"{VARIABLE} must be set before prometheus_client is imported")
    with contextlib.ExitStack() as stack:
        directory = Path(named or stack.enter_context(scratch.directory(_PREFIX)))
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _empty(directory)
        os.environ[VARIABLE] = str(directory)
        try:
            yield directory
        finally:
            _empty(directory)
            (directory / _LOCK).unlink(missing_ok=True)
            if not named:
                del os.environ[VARIABLE]


def directory() -> Path | None:
    """The directory when this process shares its metrics, else None."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


@contextlib.contextmanager
def reading(directory: Path) -> Iterator[None]:
    """Nobody's values move from one file to another meanwhile: who adds them up counts nothing twice, and all of it."""
    with _locked(directory, fcntl.LOCK_SH):
        yield


def forget(directory: Path, pid: int) -> None:
    """A worker is gone: what its gauges held would be counted for ever. What it counted stays counted, in one file for
    all that are gone: a worker that dies again and again must fill no disk."""
    if not directory.is_dir():
        return  # somebody cleaned up under us
    with _locked(directory, fcntl.LOCK_EX):
        for file in directory.glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)
        for kind in _COUNTED:
            _merge(directory / f"{kind}_{pid}.db", directory / f"{kind}_gone.db")


def _merge(file: Path, into: Path) -> None:
    """Add one file's values to another's, and remove it."""
    from prometheus_client.mmap_dict import MmapedDict

    try:
        found = MmapedDict.read_all_values_from_file(file)  # type: ignore[no-untyped-call]
        values = [(key, value) for key, value, *_ in found]
    except FileNotFoundError:
        return
    except (struct.error, ValueError):  # it died while it made the file
        values = []
    merged = MmapedDict(into)  # type: ignore[no-untyped-call]
    for key, value in values:
        before, _ = merged.read_value(key)  # type: ignore[no-untyped-call]
        merged.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
    merged.close()  # type: ignore[no-untyped-call]
    file.unlink()


@contextlib.contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    with (directory / _LOCK).open("a") as lock:
        fcntl.flock(lock, how)
        yield


def _empty(directory: Path) -> None:
    """Remove value files and nothing else: the operator may have named any directory."""
    for kind in ("counter", "gauge", "histogram", "summary"):
        for file in directory.glob(f"{kind}_*.db"):
            file.unlink(missing_ok=True)
