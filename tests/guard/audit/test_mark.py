"""The chain goes on when the log is begun anew, whoever begins it, and is one for all who write the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from guard.audit.chain import GENESIS, digest, verify
from guard.audit.file import FileSink
from guard.audit.mark import OFF, Mark


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a"


def write(sink: FileSink, *numbers: int) -> None:
    for number in numbers:
        sink.write(b'{"n":%d}' % number)


def last(file: Path) -> str:
    return digest(file.read_bytes().splitlines()[-1])


def test_it_holds_the_last_line_and_nobody_else_may_read_it(file: Path) -> None:
    sink = FileSink(str(file), chain=True)
    for number in range(3):
        write(sink, number)
        assert Mark(file).read() == last(file)
    assert file.with_name("a.chain").stat().st_mode & 0o077 == 0


def test_there_is_none_without_a_chain(file: Path) -> None:
    write(FileSink(str(file)), 1)
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("create", [False, True])
def test_a_worker_that_slept_through_a_rotation(file: Path, create: bool) -> None:
    busy, idle = (FileSink(str(file), chain=True) for _ in range(2))
    write(busy, 1)
    write(idle, 2)
    moved = []
    for number in range(3, 9):
        if number % 2:
            moved.append(file.rename(file.with_name(f"a-{number}")))
            if create:
                file.touch(0o600)
        write(idle if number == 7 else busy, number)
    report = verify([*moved, file])
    assert (report.problems, report.lines, report.begins) == ([], 8, GENESIS)


def test_a_restart_between_a_rotation_and_the_first_line(file: Path) -> None:
    write(FileSink(str(file), chain=True), 1, 2)
    moved = file.rename(file.with_name("a-20261129"))
    write(FileSink(str(file), chain=True), 3)
    assert verify([moved, file], since=GENESIS).intact


def killed_after_a_line(file: Path) -> None:
    """The line is written, and not noted."""
    line = b'{"n":2,"before":"%s"}' % last(file).encode()
    with file.open("ab") as stream:
        stream.write(line + b"\n")


def test_after_a_kill_the_last_line_counts(file: Path) -> None:
    write(FileSink(str(file), chain=True), 1)
    killed_after_a_line(file)
    write(FileSink(str(file), chain=True), 3)
    assert verify([file], since=GENESIS).lines == 3
    assert verify([file], since=GENESIS).intact


@pytest.mark.parametrize("restart", [False, True])
def test_after_a_kill_the_last_line_counts_though_the_log_begins_anew(file: Path, restart: bool) -> None:
    sink = FileSink(str(file), chain=True, rotate_bytes=150)
    write(sink, 1)
    killed_after_a_line(file)
    if restart:
        sink = FileSink(str(file), chain=True)
        moved = file.rename(file.with_name("a-moved"))
    else:
        moved = file.with_name("a.1")
    write(sink, 3)
    assert verify([moved, file], since=GENESIS).problems == []


def test_lines_that_are_deleted_with_each_turn_are_missed(file: Path) -> None:
    sink = FileSink(str(file), chain=True, rotate_bytes=300, keep=0)
    noted = []
    for number in range(11):
        write(sink, number)
        noted.append(last(file))
    assert verify([file]).intact
    lines = verify([file]).lines
    assert verify([file], since=noted[-lines - 1]).intact
    for since in (GENESIS, noted[-lines - 2]):
        assert not verify([file], since=since).intact


NONSENSE: list[Callable[[Path], object]] = [
    lambda mark: mark.unlink(),
    lambda mark: mark.write_bytes(b""),
    lambda mark: mark.write_bytes(b"\0" * 65),
    lambda mark: mark.write_bytes(b"x" * 65),
    lambda mark: (mark.unlink(), mark.mkdir()),
]


@pytest.mark.parametrize("spoil", NONSENSE)
def test_without_one_the_chain_goes_on_by_what_the_process_knows(
    file: Path, spoil: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    sink = FileSink(str(file), chain=True)
    write(sink, 1, 2)
    spoil(file.with_name("a.chain"))
    moved = file.rename(file.with_name("moved"))
    write(sink, 3, 4)
    assert verify([moved, file], since=GENESIS).intact
    if file.with_name("a.chain").is_dir():
        assert [one.getMessage() for one in caplog.records] == [
            "the chain's last digest cannot be noted beside the audit file: EISDIR"
        ]
    else:
        assert Mark(file).read() == last(file)


def test_switched_on_while_others_write_without(file: Path) -> None:
    before, other = (FileSink(str(file), rotate_bytes=400) for _ in range(2))
    write(before, 1, 2)
    now = FileSink(str(file), rotate_bytes=400, chain=True)
    write(before, 3)  # until the first line by the new setting
    write(now, 4)
    for number in range(5, 20, 3):
        write(before, number)
        write(other, number + 1)
        write(now, number + 2)
    files = sorted(file.parent.glob("a.[0-9]*"), key=lambda one: -int(one.suffix[1:]))
    report = verify([*files, file])
    assert len(files) > 2
    assert (report.problems, report.unchained, report.lines) == ([], 3, 19)


@pytest.mark.parametrize("restart", [False, True])
def test_switched_off_and_on_again(file: Path, restart: bool) -> None:
    sink = FileSink(str(file), chain=True)
    for number, chain in enumerate([True, False, False, True, True, False]):
        new = FileSink(str(file), chain=chain)
        write(new, 2 * number)
        write(new if restart else sink, 2 * number + 1)
        assert [b"before" in line for line in file.read_bytes().splitlines()[-2:]] == [chain, chain]
        assert Mark(file).read() == (last(file) if chain else OFF)


def test_a_sink_that_writes_nothing_switches_nothing(file: Path) -> None:
    sink = FileSink(str(file), chain=True)
    write(sink, 1)
    FileSink(str(file), chain=False)
    write(sink, 2)
    assert verify([file]).intact


@pytest.mark.parametrize("adopted", [True, False])
def test_a_sink_of_a_config_that_is_over_switches_nothing_back(file: Path, adopted: bool) -> None:
    """A request that began under it may write its first line much later."""
    write(FileSink(str(file), chain=True), 1)
    over = FileSink(str(file), chain=False)
    if adopted:
        over.adopt()
    now = FileSink(str(file), chain=True)
    if adopted:
        now.adopt()
        assert Mark(file).read() == last(file)
    write(now, 2)
    if adopted:
        write(over, 3)
        write(now, 4)
        assert verify([file]).lines == 4 and b"before" in file.read_bytes().splitlines()[-2]
    assert verify([file]).intact
