"""Whole lines in one file, by several processes, through moves, turns, full disks and stops."""

from __future__ import annotations

import errno
import fcntl
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from guard import ConfigError
from guard.audit.file import FileSink


def line(number: int, size: int = 0) -> bytes:
    return json.dumps({"n": number, "fill": "x" * size}).encode()


def numbers(*files: Path) -> list[int]:
    return [json.loads(one)["n"] for file in files for one in file.read_text().splitlines()]


@pytest.mark.parametrize("chain", [False, True])
def test_a_file_that_was_moved_away_is_noticed_at_the_next_line(tmp_path: Path, chain: bool) -> None:
    file, moved = tmp_path / "deep" / "a.jsonl", tmp_path / "moved"
    sink = FileSink(str(file), chain=chain)
    sink.write(line(1))
    file.rename(moved)
    sink.write(line(2))
    sink.reopen()
    sink.write(line(3))
    sink.close()
    sink.write(line(4))
    assert (numbers(moved), numbers(file)) == ([1], [2, 3, 4])


def test_a_file_that_cannot_be_made_again_stays_in_use(tmp_path: Path) -> None:
    file, moved = tmp_path / "d" / "a.jsonl", tmp_path / "moved"
    sink = FileSink(str(file))
    file.parent.rename(moved)
    (tmp_path / "d").write_text("in the way")
    sink.write(line(1))
    with pytest.raises(OSError):
        sink.reopen()
    sink.write(line(2))
    assert numbers(moved / "a.jsonl") == [1, 2]


def in_the_way(directory: Path) -> None:
    """The log is deleted with its directory, which cannot be made again."""
    shutil.rmtree(directory)
    directory.write_text("in the way")


def test_a_deleted_file_that_cannot_be_made_again_loses_the_line(tmp_path: Path) -> None:
    file = tmp_path / "d" / "a.jsonl"
    sinks = [FileSink(str(file)) for _ in range(2)]
    in_the_way(file.parent)
    for sink in sinks * 2:  # by the reason, and not by a lock that the one before left behind
        with pytest.raises(FileExistsError):
            sink.write(line(1))
    file.parent.unlink()
    for sink in sinks:
        sink.write(line(2))
    assert numbers(file) == [2, 2]


def test_a_turn_that_deleted_the_file_and_made_no_other_loses_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a"
    sink = FileSink(str(file), rotate_bytes=1000, keep=0)
    sink.write(line(1, 900))

    def no_room() -> int:
        raise OSError(errno.ENOSPC, "no inode left")

    with monkeypatch.context() as patch:
        patch.setattr(sink, "_open", no_room)
        with pytest.raises(OSError, match="no inode left"):
            sink.write(line(2, 900))
    sink.write(line(3))
    assert numbers(file) == [3]


@pytest.mark.parametrize("rotate", [None, 1000])
def test_what_is_wrong_with_the_file_is_said_once(
    tmp_path: Path, rotate: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "d" / "a"
    sink = FileSink(str(file), rotate_bytes=rotate, keep=1)
    if rotate is None:
        file.parent.rename(tmp_path / "moved")
        file.parent.write_text("in the way")
    else:
        file.with_name("a.1").mkdir()
    for number in range(10):
        sink.write(line(number, 200))
    assert len(caplog.records) == 1


def test_a_file_that_cannot_be_opened_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        FileSink(str(tmp_path))


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    FileSink(str(tmp_path / "a")).write(line(1))
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("keep", "kept"), [(0, 0), (1, 1), (3, 3), (50, 9)])
def test_turned_over_by_size(tmp_path: Path, keep: int, kept: int) -> None:
    file = tmp_path / "a.jsonl"
    sink = FileSink(str(file), rotate_bytes=1000, keep=keep)
    for number in range(40):
        sink.write(line(number, 200))
    older = [tmp_path / f"a.jsonl.{n}" for n in range(kept, 0, -1)]
    assert sorted(tmp_path.iterdir()) == sorted([*older, file])
    found = numbers(*older, file)
    assert found == list(range(40 - len(found), 40))
    assert all(one.stat().st_size <= 1000 for one in [*older, file])


def test_a_line_longer_than_a_file_may_be_gets_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "a"
    sink = FileSink(str(file), rotate_bytes=1000)
    for number, size in enumerate([10, 5000, 10]):
        sink.write(line(number, size))
    assert [numbers(tmp_path / name) for name in ("a.2", "a.1", "a")] == [[0], [1], [2]]


def test_a_file_that_cannot_be_turned_over_grows_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "a"
    sink = FileSink(str(file), rotate_bytes=1000, keep=1)
    (tmp_path / "a.1").mkdir()
    for number in range(10):
        sink.write(line(number, 200))
    assert numbers(file) == list(range(10))
    assert "cannot be turned over" in caplog.text


@pytest.mark.parametrize(("keep", "left"), [(4, 4), (2, 2), (0, 0)])
def test_a_lower_keep_forgets_what_is_above(tmp_path: Path, keep: int, left: int) -> None:
    file = tmp_path / "a"
    for number in range(6):
        FileSink(str(file), rotate_bytes=1000, keep=10).write(line(number, 900))
    others = [tmp_path / name for name in ("a.2023", "a.20261129", "a.7.gz", "a.chained", "b.9")]
    for other in others:
        other.touch()
    (tmp_path / "a.9").mkdir()
    sink = FileSink(str(file), rotate_bytes=1000, keep=keep)
    assert len(numbers(*(tmp_path / f"a.{n}" for n in range(1, 6)))) == 5  # until the next turn
    for number in range(6, 8):
        sink.write(line(number, 900))
    older = [tmp_path / f"a.{n}" for n in range(left, 0, -1)]
    assert set(tmp_path.iterdir()) == {*others, *older, file, tmp_path / "a.9"}
    assert numbers(*older, file) == list(range(7 - left, 8))


def test_a_file_above_keep_that_cannot_be_deleted_stops_no_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a"
    (tmp_path / "a.2").touch()

    def refused(self: Path) -> None:
        raise PermissionError(errno.EPERM, "immutable")

    monkeypatch.setattr(Path, "unlink", refused)
    sink = FileSink(str(file), rotate_bytes=1000, keep=1)
    for number in range(3):
        sink.write(line(number, 900))
    assert numbers(tmp_path / "a.1", file) == [1, 2]
    assert [one.getMessage() for one in caplog.records] == ["audit files above audit.keep cannot be deleted: EPERM"]


FULL = """
import resource, sys
from guard.audit.file import FileSink
from guard.errors import cause
sink = FileSink(sys.argv[1], chain=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1 << 30))
lost = 0
for n in range(10):
    if n == 8:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    try:
        sink.write(b'{"n":%d,"fill":"%s"}' % (n, b"x" * 200))
    except OSError as error:
        assert cause(error) == "EFBIG"
        lost += 1
print(lost)
"""


def test_what_a_full_disk_took_of_a_line_is_cut_off_again(tmp_path: Path) -> None:
    file = tmp_path / "a"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) == 5
    assert numbers(file) == [0, 1, 2, 8, 9]


def test_a_line_torn_by_a_stop_does_not_tear_the_next(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b'{"n": 1}\n{"n": 2, "fi')
    FileSink(str(file)).write(line(3))
    torn = file.read_text().splitlines()
    assert torn[1] == '{"n": 2, "fi'
    assert json.loads(torn[2])["n"] == 3


def test_a_lock_that_is_never_let_go_loses_the_line_within_a_moment(tmp_path: Path) -> None:
    file = tmp_path / "a"
    sink = FileSink(str(file))
    with file.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError):
            sink.write(line(1))
    sink.write(line(2))
    assert numbers(file) == [2]


WRITER = """
import sys
from guard.audit import file
from guard.audit.file import FileSink
file._PATIENCE = 60  # who writes without a pause leaves the others little time, on a busy machine none
path, who, count, rotate, chain = sys.argv[1], *map(int, sys.argv[2:])
sink = FileSink(path, rotate_bytes=rotate or None, keep=1000, chain=bool(chain))
for n in range(count):
    sink.write(b'{"n":%d,"who":%d,"fill":"%s"}' % (n, who, b"x" * (n % 50)))
"""


@pytest.mark.parametrize("rotate", [0, 3000])
@pytest.mark.parametrize("chain", [0, 1])
def test_several_processes(tmp_path: Path, rotate: int, chain: int) -> None:
    file = tmp_path / "a.jsonl"
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(file), str(who), "200", str(rotate), str(chain)])
        for who in range(3)
    ]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    older = sorted(tmp_path.glob("a.jsonl.[0-9]*"), key=lambda one: -int(one.suffix[1:]))
    assert bool(older) == bool(rotate)
    found = [json.loads(one) for each in [*older, file] for one in each.read_text().splitlines()]
    for who in range(3):
        assert [one["n"] for one in found if one["who"] == who] == list(range(200))
    if chain:
        from guard.audit.chain import GENESIS, verify

        report = verify([*older, file])
        assert report.intact and report.lines == 600 and report.begins == GENESIS


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_is_left_open(tmp_path: Path) -> None:
    before = open_files()
    sink = FileSink(str(tmp_path / "a"), rotate_bytes=1000, chain=True)
    for number in range(50):
        sink.write(line(number, 300))
    assert open_files() == before + 1
    sink.close()
    assert open_files() == before
