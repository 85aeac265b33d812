"""What a long build has found so far, on disk, so that a killed one goes on where it was."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from guard.files import write_atomically

_SECONDS = 2.0  # between two writes: the file grows, and writing it whole each time would cost more than the work


class Checkpoint:
    """Named results of one build as JSON values. Floats survive exactly, so a resumed build ends with the same bytes.

    `key` names model, options and data: a file that was written for others is ignored, and so is one that cannot be
    read. Without a path nothing is kept.
    """

    def __init__(self, path: Path | str | None, key: str) -> None:
        self._path = None if path is None else Path(path)
        self._key = key
        self._results: dict[str, Any] = {}
        self._written = time.monotonic()
        if self._path is not None and self._path.is_file():
            try:
                found = json.loads(self._path.read_text("utf-8"))
                if found["key"] == key:
                    self._results = dict(found["results"])
            except (OSError, ValueError, KeyError, TypeError):
                self._results = {}

    def get(self, name: str, default: Any) -> Any:
        return self._results.get(name, default)

    def put(self, name: str, value: Any, *, now: bool = True) -> None:
        """Keep `value`; with `now` it is on disk when this returns, else within seconds."""
        self._results[name] = value
        if now or time.monotonic() - self._written > _SECONDS:
            self._write()

    def done(self) -> None:
        """The build is complete and its result saved: remove the file."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self._path is not None:
            write_atomically(self._path, json.dumps({"key": self._key, "results": self._results}))
            self._written = time.monotonic()
