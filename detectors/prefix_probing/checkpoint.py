"""What a long build has found so far, on disk, so that a killed one goes on where it was."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guard.errors import ArtifactError
from guard.files import write_atomically


class Checkpoint:
    """Named results of one build as JSON values, and rows of numbers in files beside them (`PATH.NAME.rows`). Floats
    survive exactly, so a resumed build ends with the same bytes.

    `key` names model, options and data: files that were written for others are ignored and written anew, and so is
    one that cannot be read. Without a path nothing is kept.
    """

    def __init__(self, path: Path | str | None, key: str) -> None:
        self._path = None if path is None else Path(path)
        self._key = key
        self._results: dict[str, Any] = {}
        if self._path is not None and self._path.is_file():
            try:
                found = json.loads(self._path.read_text("utf-8"))
                if found["key"] == key:
                    self._results = dict(found["results"])
            except (OSError, ValueError, KeyError, TypeError):
                self._results = {}

    def get(self, name: str, default: Any) -> Any:
        return self._results.get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Keep `value`; it is on disk when this returns."""
        self._results[name] = value
        if self._path is not None:
            write_atomically(self._path, json.dumps({"key": self._key, "results": self._results}))

    def rows(self, name: str, **columns: tuple[type[np.floating[Any]], int]) -> Rows:
        """The rows of that name so far, each of these columns: (type, numbers)."""
        dtype = np.dtype([(column, kind, (n,)) for column, (kind, n) in columns.items()])
        path = None if self._path is None else self._path.with_name(f"{self._path.name}.{name}.rows")
        return Rows(path, self._key, dtype)


def remove(path: Path) -> None:
    """The build is complete and its result saved: remove its files."""
    for rows in path.parent.glob("*.rows"):
        if rows.name.startswith(f"{path.name}."):
            rows.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


class Rows:
    """Rows of equal shape, appended one by one: a file that only grows costs what is new, however long it is.
    All of it raises `ArtifactError` naming the file when that cannot be written.

    Every row carries a checksum. What stands behind the first that does not hold is cut off: a row that was being
    written when the process was killed, or what a machine's crash left in its place.
    """

    def __init__(self, path: Path | None, key: str, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._stored = np.dtype([("row", dtype), ("sum", "<u4")])
        self._rows: list[NDArray[Any]] = []
        self._path, self._file = path, None
        if path is not None:
            head = hashlib.sha256(f"{key} {dtype.descr}".encode()).digest()
            with self._writing():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = path.open("a+b", buffering=0)
                self._read(head)

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, **columns: NDArray[Any]) -> None:
        """Keep a row; it outlives this process when this returns."""
        row = np.empty((), self._dtype)
        for name, values in columns.items():
            row[name] = values
        self._rows.append(row)
        if self._file is not None:
            with self._writing():
                self._write(row.tobytes() + _sum(row).to_bytes(4, "little"))

    def column(self, name: str) -> NDArray[Any]:
        """[rows, numbers]."""
        return np.stack([row[name] for row in self._rows])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _read(self, head: bytes) -> None:
        assert self._file is not None
        self._file.seek(0)
        if self._file.read(len(head)) != head:
            self._file.truncate(0)
            self._write(head)
            return
        size = self._stored.itemsize
        while len(data := self._file.read(size)) == size:
            stored = np.frombuffer(data, self._stored)[0]
            row = np.array(stored["row"])
            if _sum(row) != stored["sum"]:
                break
            self._rows.append(row)
        self._file.truncate(len(head) + len(self._rows) * size)
        self._file.seek(0, 2)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        while data:  # a disk that is nearly full takes a part
            data = data[self._file.write(data) or 0 :]

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArtifactError(f"cannot write {self._path}: {error.strerror or type(error).__name__}") from None


def _sum(row: NDArray[Any]) -> int:
    return zlib.crc32(row.tobytes())
