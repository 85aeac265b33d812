"""The hash chain: each line carries the digest of the line before, so that none is changed, moved or dropped unseen.

What a chain alone cannot show: that lines are missing at the end (`expect`) or at the start (`since`), and that someone
who may write the file has made all of it again. All are seen by whoever noted a line's digest elsewhere.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from guard.audit.series import Opened, older, open_all, open_series

KEY = "before"
"""The line's key for the digest of the line before it."""
GENESIS = "0" * 64
"""Stands before the first line of all."""
_MAX_PROBLEMS = 20


def digest(line: bytes) -> str:
    """SHA-256 of a line's bytes without its line break, in hex."""
    return hashlib.sha256(line).hexdigest()


def link(line: bytes, before: str) -> bytes:
    """A JSON object's bytes with the digest of the line before as its last key."""
    return line[:-1] + b',"' + KEY.encode() + b'":"' + before.encode() + b'"}'


@dataclass(slots=True)
class Report:
    """What `verify` found. `intact` when there is no problem; `last` is the digest of the last line."""

    files: int
    lines: int = 0
    unchained: int = 0
    """Lines at the start from before the chain was switched on."""
    torn: int = 0
    """Lines that are no JSON object (a machine that stopped while writing), yet in their place."""
    begins: str | None = None
    """What the first chained line names as the line before: `GENESIS` when nothing is missing at the start."""
    last: str = GENESIS
    problems: list[str] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """No line was changed, moved or dropped."""
        return not self.problems


def verify(files: Sequence[Path], expect: str | None = None, since: str | None = None) -> Report:
    """Follow the chain through `files`, oldest first, as they are now: what is written meanwhile is not read.

    `expect`: a digest noted earlier, whose line must be there. `since`: one whose line must be there, or be the one
    before the first line; `GENESIS`: nothing may be missing at the start. Raises `ConfigError` when a file cannot be
    read.
    """
    with contextlib.ExitStack() as stack:
        return _followed(open_all(files, stack), expect, since)


def verify_series(file: Path, expect: str | None = None, since: str | None = None) -> Report:
    """The same for a log and all that was turned over from it, of which no number may be missing."""
    with contextlib.ExitStack() as stack:
        opened = open_series(file, stack)
        report = _followed(opened, expect, since)
    numbers = {int(one.path.suffix[1:]) for one in opened[:-1]}
    gone = set(range(1, max(numbers, default=0))) - numbers
    report.problems += [f"{older(file, number)} is missing" for number in sorted(gone)]
    return report


def _followed(files: Sequence[Opened], expect: str | None, since: str | None) -> Report:
    report = Report(files=len(files))
    found = expect is None or expect == GENESIS
    reached = since is None
    more = 0
    for where, line in _lines(files):
        report.lines += 1
        named = _before(line)
        problem = ""
        if named is None and _is_object(line):
            if report.begins is None:
                report.unchained += 1
            else:
                problem = "carries no digest: it was not written by this chain"
        elif named is None:
            report.torn += 1
        elif report.begins is None:
            report.begins = named
            if report.lines > 1 and named != report.last:
                problem = "does not follow the line before it"
        elif named != report.last:
            problem = "does not follow the line before it: one of the two was changed, or lines between them are gone"
        report.last = digest(line)
        found = found or report.last == expect
        reached = reached or since in (report.begins, report.last)
        if problem and len(report.problems) < _MAX_PROBLEMS:
            report.problems.append(f"{where} {problem}")
        elif problem:
            more += 1
    if more:
        report.problems.append(f"and {more} more")
    if report.begins is None:
        report.problems.append("no line carries a digest: the chain is off (audit.chain)")
    if not found:
        report.problems.append("the expected line is not there: it was changed, or cut off with all after it")
    if not reached:
        report.problems.append(
            "not all lines since the one named are there: it was changed, or lines after it are gone"
        )
    return report


def _lines(files: Sequence[Opened]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        left = file.size
        for number, line in enumerate(file.stream, 1):
            left -= len(line)
            if left < 0:
                break  # written since
            yield f"{file.path}:{number}", line.removesuffix(b"\n")


def _object(line: bytes) -> dict[str, object] | None:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _is_object(line: bytes) -> bool:
    return _object(line) is not None


def _before(line: bytes) -> str | None:
    value = (_object(line) or {}).get(KEY)
    return value if isinstance(value, str) else None
