"""A file that several processes append to, which turns itself over by size and may chain its lines."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from guard.audit.chain import GENESIS, digest, link
from guard.audit.complaint import Complaint
from guard.audit.mark import OFF, Mark
from guard.audit.series import older, turned_over
from guard.errors import ConfigError

_PATIENCE = 0.25  # seconds for another process's lock; a line takes it for microseconds
_TAIL = 1 << 16


class FileSink:
    """Appends to `path`. The file's lock is held for each line, so that workers agree on whose turn it is, when the
    file is turned over (`path` becomes `path.1`, `path.1` becomes `path.2`, … `keep` of them), and which line was last.

    A file that somebody else moved away is left at the next line. Whether lines are chained is one thing for all who
    write the file: a sink with another setting than the one in force changes it when it is adopted, or with its first
    line. Raises `ConfigError` when it cannot be opened.
    """

    def __init__(self, path: str, *, rotate_bytes: int | None = None, keep: int = 10, chain: bool = False) -> None:
        self._path = Path(path)
        self._rotate_bytes = rotate_bytes
        self._keep = keep
        self._chain = chain
        self._mark = Mark(self._path)
        self._known: tuple[int, int, str] | None = None  # inode, size and last line's digest after our own last line
        self._moved = Complaint("the audit file was moved and cannot be made again")
        self._stuck = Complaint("the audit file cannot be turned over")
        self._stays = Complaint("audit files above audit.keep cannot be deleted")
        self._carried = ""  # the last line's digest in a file that somebody else moved away
        try:
            self._fd: int | None = self._open()
            if chain:
                self._before(self._fd)  # an unreadable predecessor is found now
            noted = self._mark.read()
            self._changes = noted is not None and chain == (noted == OFF)
            if chain and noted is not None and not self._changes:
                self._catch_up()
        except OSError as error:
            raise ConfigError(f"audit.path cannot be written: {error.strerror}") from None

    def write(self, line: bytes) -> None:
        """Whole or not at all: what a full disk took of it is cut off again."""
        with self._held() as fd:
            size = os.fstat(fd).st_size
            if self._rotate_bytes is not None and size > 0 and size + len(line) + 1 > self._rotate_bytes:
                fd = self._turned(fd)
                size = os.fstat(fd).st_size
            chained = self._chained(fd)
            if chained:
                line = link(line, self._before(fd))
            data = (b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b"") + line + b"\n"
            try:
                left = data
                while left:
                    left = left[os.write(fd, left) :]  # after a part, the rest says why it was one
            except OSError:
                if len(left) < len(data):
                    os.ftruncate(fd, size)
                raise
            if chained:
                self._known = (os.fstat(fd).st_ino, size + len(data), digest(line))
                self._mark.write(self._known[2])

    def adopt(self) -> None:
        """Chain from now on or no longer, for all who write the file; where it is not to be had, at the first line."""
        with contextlib.suppress(OSError), self._held() as fd:
            self._chained(fd)

    def reopen(self) -> None:
        """Open `path` again. Raises `OSError`, after which the old file stays in use."""
        self._switch(self._open())

    def close(self) -> None:
        """Let the file go; `write` opens it again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _switch(self, fd: int) -> None:
        """From the file in hand to another; the chain goes on from where it stood."""
        if self._fd is not None:
            if self._chain and os.fstat(fd).st_ino != os.fstat(self._fd).st_ino:
                self._carried = self._before(self._fd)
            os.close(self._fd)
        self._fd = fd

    @contextlib.contextmanager
    def _held(self) -> Iterator[int]:
        """The file that `path` names now, locked for a moment."""
        try:
            yield self._locked()
        finally:
            if self._fd is not None:
                fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _locked(self) -> int:
        until = time.monotonic() + _PATIENCE
        while True:
            if self._fd is None:
                self._fd = self._open()
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError("locked by another process") from None
                time.sleep(0.0005)
                continue
            if self._is_in_place():
                return self._fd
            try:
                fresh = self._open()
            except OSError as error:  # moved away and not to be made again: there rather than nowhere
                if _is_deleted(self._fd):
                    raise
                self._moved.about(error)
                return self._fd
            self._switch(fresh)

    def _is_in_place(self) -> bool:
        assert self._fd is not None
        mine = os.fstat(self._fd)
        try:
            there = self._path.stat()
        except OSError:
            return False
        return (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev)

    def _turned(self, fd: int) -> int:
        """Move the files up by one and start afresh. When that fails, the file in hand grows on."""
        try:
            if self._chained(fd):
                self._mark.write(self._before(fd))  # it is behind when somebody was killed right after a line
            self._forget()
            for number in range(self._keep - 1, 0, -1):
                old = older(self._path, number)
                if old.exists():
                    old.replace(older(self._path, number + 1))
            if self._keep:
                self._path.replace(older(self._path, 1))
            else:
                self._path.unlink()
            fresh = self._open()
        except OSError as error:
            if _is_deleted(fd):
                raise
            self._stuck.about(error)
            return fd
        self._switch(fresh)  # closing the old one lets its lock go: whoever waited for it finds it moved
        return self._locked()

    def _forget(self) -> None:
        """What is above `keep`, which was higher once: the oldest first, so that a stop meanwhile leaves no gap."""
        try:
            there, beyond = turned_over(self._path), []
            number = self._keep + 1
            while number in there:  # behind a gap it was somebody else
                beyond.append(there[number])
                number += 1
            for old in reversed(beyond):
                if old.is_file():
                    old.unlink()
        except OSError as error:
            self._stays.about(error)

    def _chained(self, fd: int) -> bool:
        """Whether the next line carries a digest. The sinks of requests that began before a reload, and of workers that
        have yet to reload, follow the newest: lines with and without would look tampered with.
        """
        noted = self._mark.read()
        if noted is None:
            return self._chain
        if self._changes:
            self._changes = False
            noted = self._before(fd) if self._chain else OFF
            self._mark.write(noted)
        return noted != OFF

    def _catch_up(self) -> None:
        """The mark is behind when the machine stopped; by the time of the first line the file may be elsewhere."""
        with contextlib.suppress(TimeoutError), self._held() as fd:
            self._mark.write(self._before(fd))

    def _before(self, fd: int) -> str:
        """The digest of the last line: of the file, else the one noted, else of the file turned over, else of none."""
        now = os.fstat(fd)
        if self._known is not None and self._known[:2] == (now.st_ino, now.st_size):
            return self._known[2]
        if now.st_size:
            return digest(_last_line(fd, now.st_size))
        noted = self._mark.read()
        if noted is not None and noted != OFF:
            return noted
        if self._carried and self._rotate_bytes is None:
            return self._carried
        try:
            one = os.open(older(self._path, 1), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return GENESIS
        try:
            size = os.fstat(one).st_size
            return digest(_last_line(one, size)) if size else GENESIS
        finally:
            os.close(one)


def _is_deleted(fd: int) -> bool:
    """It has no name any more: what is written there is gone with the last process that has it open."""
    return os.fstat(fd).st_nlink == 0


def _last_line(fd: int, size: int) -> bytes:
    """The bytes of a file's last line, without its line break."""
    tail = b""
    at = size
    while at > 0:
        step = min(_TAIL, at)
        at -= step
        tail = os.pread(fd, step, at) + tail
        line = tail.removesuffix(b"\n")
        if b"\n" in line:
            return line.rpartition(b"\n")[2]
    return tail.removesuffix(b"\n")
