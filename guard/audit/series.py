"""A log and the files that were turned over from it: `a`, before it `a.1`, before that `a.2`, …"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from guard.errors import ConfigError

MOST = 10_000
"""The highest number: what `audit.keep` allows. Higher ones are dates, by somebody else."""
_PATIENCE = 1.0  # seconds for a moment in which all of a log can be opened
_PAUSE = 0.001

_Identity: TypeAlias = tuple[int, int]  # device and inode


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was at one moment: what is written to it afterwards lies beyond `size`."""

    path: Path
    stream: BinaryIO
    size: int


def turned_over(file: Path) -> dict[int, Path]:
    """What was turned over from `file`, by its number, the oldest first."""
    named = re.compile(re.escape(file.name) + r"\.(0|[1-9][0-9]{0,4})")
    found = [int(match[1]) for one in file.parent.iterdir() if (match := named.fullmatch(one.name))]
    return {number: older(file, number) for number in sorted(found, reverse=True) if number <= MOST}


def older(file: Path, number: int) -> Path:
    """The name of a log's file before, of the one before that, …"""
    return file.with_name(f"{file.name}.{number}")


def open_all(files: Sequence[Path], stack: contextlib.ExitStack) -> list[Opened]:
    """These files, in this order. Raises `ConfigError` when one cannot be read."""
    opened = []
    for file in files:
        try:
            stream = stack.enter_context(file.open("rb"))
            with _shared(stream):  # no line is half written
                opened.append(_sized(file, stream))
        except OSError as error:
            raise _unreadable(error, file) from None
    return opened


def open_series(file: Path, stack: contextlib.ExitStack) -> list[Opened]:
    """All of a log in use, the oldest file first, as they are at one moment. Raises `ConfigError` when one cannot be
    read."""
    streams: dict[_Identity, BinaryIO] = {}
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            _open(_listed(file), streams, stack)  # thousands take a while, in which nobody shall wait
            with _held(file, until) as held:
                listed = _listed(file)
                _open(listed, streams, stack)  # few are new
                if listed[file] == held:  # nor did somebody move it who knows of no lock
                    return [_sized(path, streams[identity]) for path, identity in listed.items()]
        except FileNotFoundError as error:  # moved between a look and the next
            if time.monotonic() > until:
                raise _unreadable(error, file) from None
            time.sleep(_PAUSE)
        except OSError as error:
            raise _unreadable(error, file) from None


@contextlib.contextmanager
def _held(file: Path, until: float) -> Iterator[_Identity]:
    """The log, locked: nobody turns it over now. Whoever waits for it is often left with a file that was moved away."""
    while True:
        with file.open("rb") as log, _shared(log):
            identity = _identity(os.fstat(log.fileno()))
            if identity == _identity(file.stat()):
                yield identity
                return
        if time.monotonic() > until:
            raise TimeoutError(errno.ETIMEDOUT, "moved away again and again")


def _listed(file: Path) -> dict[Path, _Identity]:
    return {path: _identity(path.stat()) for path in (*turned_over(file).values(), file)}


def _open(listed: dict[Path, _Identity], streams: dict[_Identity, BinaryIO], stack: contextlib.ExitStack) -> None:
    """Open what `streams` has not. Raises `FileNotFoundError` when another file has the name by now."""
    for path, identity in listed.items():
        if identity not in streams:
            stream = stack.enter_context(path.open("rb"))
            streams[_identity(os.fstat(stream.fileno()))] = stream
            if identity not in streams:
                raise FileNotFoundError(errno.ENOENT, "moved away", str(path))


def _identity(found: os.stat_result) -> _Identity:
    return found.st_dev, found.st_ino


def _sized(path: Path, stream: BinaryIO) -> Opened:
    return Opened(path, stream, os.fstat(stream.fileno()).st_size)


@contextlib.contextmanager
def _shared(stream: BinaryIO) -> Iterator[None]:
    fcntl.flock(stream, fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)


def _unreadable(error: OSError, file: Path) -> ConfigError:
    return ConfigError(f"{error.filename or file} cannot be read: {error.strerror}")
