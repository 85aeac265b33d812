"""A file that the workers of one machine share: SQLite, each call a short transaction in a thread of its own."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from guard.budget import Bucket, Claim, correct, take
from guard.errors import ConfigError
from proxy.store.base import StoreUnavailable

_T = TypeVar("_T")

_TABLES = """
CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, level REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_until ON entries (until);
"""
_FORGOTTEN_SECONDS = 86400.0  # a bucket is full long before, unless somebody ran up a day's debt
_SWEEP_EVERY = 500
_AT_ONCE = 1000  # expired entries that one sweep forgets: others wait meanwhile
_SHRUNK_BYTES = 8 << 20  # likewise, of what has not expired
_OPEN_SECONDS = 60.0  # a large file of an earlier release gets its index first, by one of the workers
_EXPIRED = "DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE until <= ? ORDER BY until LIMIT ?)"


class FileStore:
    """Implements `Store`. `wait`: seconds for which a call waits while another process writes. Where values
    have more than `most_bytes` together, what expires first is forgotten first; None: never."""

    def __init__(
        self,
        path: str | Path,
        *,
        wait: float = 1.0,
        most_bytes: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = Path(path)
        self._wait = wait
        self._most_bytes = most_bytes
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "store")
        self._connection: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Raises `ConfigError` where the file cannot be used."""
        try:
            await self._run(lambda connection: None)
        except StoreUnavailable as error:
            raise ConfigError(f"store.path: {self._path} cannot be used: {error.reason}") from None

    async def take(self, claims: Sequence[Claim]) -> tuple[list[float], bool]:
        def run(connection: sqlite3.Connection) -> tuple[list[float], bool]:
            after, granted = take([_bucket(connection, c.key) for c in claims], claims, self._clock())
            _keep(connection, claims, after)
            return [bucket.level for bucket in after], granted

        return await self._run(run)

    async def correct(self, claims: Sequence[Claim]) -> None:
        def run(connection: sqlite3.Connection) -> None:
            now = self._clock()
            _keep(connection, claims, [correct(_bucket(connection, c.key), c, now) for c in claims])

        await self._run(run)

    async def get(self, key: str) -> bytes | None:
        def run(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(
                "SELECT value FROM entries WHERE key = ? AND until > ?", (key, self._clock())
            ).fetchone()
            return bytes(row[0]) if row is not None else None

        return await self._run(run)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        # A bound for bytes is looked after by bytes: what two sweeps free comes in between them.
        sweep = 16 * len(value) / self._most_bytes if self._most_bytes is not None else 0.0
        await self._run(
            lambda connection: connection.execute(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (key, value, self._clock() + seconds)
            ),
            sweep=sweep,
        )

    async def delete(self, key: str) -> None:
        await self._run(lambda connection: connection.execute("DELETE FROM entries WHERE key = ?", (key,)))

    async def close(self) -> None:
        def end() -> None:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

        await asyncio.get_running_loop().run_in_executor(self._thread, end)
        self._thread.shutdown(wait=False)

    async def _run(self, operation: Callable[[sqlite3.Connection], _T], *, sweep: float = 0.0) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, operation, sweep)

    def _transaction(self, operation: Callable[[sqlite3.Connection], _T], sweep: float) -> _T:
        """`sweep`: how likely it cleans up as well, at least."""
        try:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = operation(connection)
                if random.random() < max(sweep, 1 / _SWEEP_EVERY):
                    self._sweep(connection)
                connection.execute("COMMIT")
                return result
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        except OSError as error:
            raise StoreUnavailable(type(error).__name__) from None
        except sqlite3.Error as error:
            raise StoreUnavailable(getattr(error, "sqlite_errorname", type(error).__name__).lower()) from None

    def _sweep(self, connection: sqlite3.Connection) -> None:
        now = self._clock()
        connection.execute(_EXPIRED, (now, _AT_ONCE))
        connection.execute("DELETE FROM buckets WHERE at < ?", (now - _FORGOTTEN_SECONDS,))
        if self._most_bytes is not None and _file_bytes(connection) > self._most_bytes:
            _shrink(connection, self._most_bytes)

    def _open(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        connection = sqlite3.connect(self._path, timeout=_OPEN_SECONDS, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        # What a machine forgets when it loses power are seconds of counting.
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA busy_timeout = {int(self._wait * 1000)}")
        self._connection = connection
        return connection


def _file_bytes(connection: sqlite3.Connection) -> int:
    pages, size = [int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size")]
    return pages * size


def _shrink(connection: sqlite3.Connection, most: int) -> None:
    [total] = connection.execute("SELECT TOTAL(LENGTH(value)) FROM entries").fetchone()
    gone, left = [], min(total - most, _SHRUNK_BYTES)
    for key, size in connection.execute("SELECT key, LENGTH(value) FROM entries ORDER BY until"):
        if left <= 0:
            break
        left -= size
        gone.append((key,))
    connection.executemany("DELETE FROM entries WHERE key = ?", gone)


def _bucket(connection: sqlite3.Connection, key: str) -> Bucket | None:
    row = connection.execute("SELECT level, at FROM buckets WHERE key = ?", (key,)).fetchone()
    return Bucket(*row) if row is not None else None


def _keep(connection: sqlite3.Connection, claims: Sequence[Claim], buckets: Sequence[Bucket]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)",
        [(claim.key, bucket.level, bucket.at) for claim, bucket in zip(claims, buckets, strict=True)],
    )
