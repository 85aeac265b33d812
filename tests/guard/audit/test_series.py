"""A log is read as it was at one moment, whatever is turned over or moved away meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from guard import ConfigError
from guard.audit import series
from guard.audit.chain import GENESIS, verify_series
from guard.audit.file import FileSink
from guard.audit.series import turned_over


def test_which_files_are_turned_over(tmp_path: Path) -> None:
    ours = [f"a.{number}" for number in (10_000, 12, 10, 9, 1, 0)]
    others = ["a", "a.chain", "a.01", "a.1.gz", "a.-1", "a.10001", "a.20261129", "b.1", "xa.1", "a.", "a.2x"]
    for name in [*others, *ours[::-1]]:
        (tmp_path / name).touch()
    assert [one.name for one in turned_over(tmp_path / "a").values()] == ours


def log(file: Path) -> FileSink:
    """Six files of two lines each, the next line turns them over."""
    sink = FileSink(str(file), rotate_bytes=150, keep=100, chain=True)
    for number in range(12):
        sink.write(b'{"n":%d}' % number)
    assert len(turned_over(file)) == 5
    return sink


def turn(file: Path, sink: FileSink) -> None:
    sink.write(b'{"n":12}')


def logrotate(file: Path, sink: FileSink) -> None:
    for old in turned_over(file).values():
        old.rename(old.with_suffix(f".{int(old.suffix[1:]) + 1}"))
    file.rename(f"{file}.1")
    file.touch()


def logrotate_without_create(file: Path, sink: FileSink) -> None:
    logrotate(file, sink)
    file.unlink()
    sink.write(b'{"n":12}')


def behind_look(number: int, happens: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Something happens right behind the look at the files of that number."""
    looks = 0

    def looked(at: Path) -> dict[int, Path]:
        nonlocal looks
        looks += 1
        found = turned_over(at)
        if looks == number:
            happens()
        return found

    monkeypatch.setattr(series, "turned_over", looked)


@pytest.mark.parametrize(
    ("happens", "when"),
    [
        (turn, 1),  # the second look is under the log's lock
        (logrotate, 1),
        (logrotate, 2),
        (logrotate_without_create, 1),
    ],
)
def test_files_that_move_on_between_a_look_and_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path, FileSink], None], when: int
) -> None:
    file = tmp_path / "a"
    sink = log(file)
    behind_look(when, lambda: happens(file, sink), monkeypatch)
    report = verify_series(file, since=GENESIS)
    assert (report.problems, report.files) == ([], 7)
    assert report.lines in (12, 13)


def test_no_turn_while_the_files_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    sink = log(file)

    def in_vain() -> None:
        with pytest.raises(TimeoutError):
            turn(file, sink)

    behind_look(2, in_vain, monkeypatch)
    assert verify_series(file).files == 6
    turn(file, sink)


WRITER = """
import sys
from guard.audit import file
file._PATIENCE = 60
sink = file.FileSink(sys.argv[1], rotate_bytes=400, keep=10_000, chain=True)
for n in range(1 << 30):
    sink.write(b'{"n":%d}' % n)
    if n == 20:
        print(flush=True)
"""


def test_a_log_in_use(tmp_path: Path) -> None:
    file = tmp_path / "a"
    arguments = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            reports = [verify_series(file, since=GENESIS) for _ in range(10)]
        finally:
            writer.kill()
    assert [one.problems for one in reports] == [[]] * len(reports)
    assert reports[-1].files > 3


@pytest.mark.parametrize(("name", "says"), [("a", "a cannot be read: No such file"), ("b/a", "No such file")])
def test_no_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str) -> None:
    monkeypatch.setattr(series, "_PATIENCE", 0.05)
    with pytest.raises(ConfigError, match=says):
        verify_series(tmp_path / name)
