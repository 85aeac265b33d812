"""Temporary directories that go with their process, however it ends: the next one clears up after a killed one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def directory(prefix: str) -> Iterator[Path]:
    """A new private directory, `prefix` and random letters. First removes those of that prefix whose process is gone:
    what it kept there may be personal data, and a container keeps its disk when its process is restarted."""
    for left in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _remove_if_left(left)
    path, held = _make(prefix)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _make(prefix: str) -> tuple[Path, int]:
    """A directory, and what locks it while this process lives. Nobody else has it: children do not inherit it."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix))
        with contextlib.suppress(FileNotFoundError):  # somebody took it for left behind before it was locked
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_EX)
            if path.is_dir():
                return path, held
            os.close(held)


def _remove_if_left(path: Path) -> None:
    try:
        found = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        if os.fstat(found).st_uid == os.geteuid():
            fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass  # its process lives
    finally:
        os.close(found)
