"""What the chain shows, and what only a digest noted elsewhere shows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.audit import chain
from guard.audit.chain import GENESIS, digest, verify
from guard.audit.file import FileSink
from guard.audit.series import open_all
from guard.cli.audit import app

Lines = list[bytes]


def written(file: Path, count: int, start: int = 0, *, chain: bool = True, rotate: int | None = None) -> Lines:
    sink = FileSink(str(file), chain=chain, rotate_bytes=rotate, keep=100)
    for number in range(start, start + count):
        sink.write(b'{"n":%d,"fill":"%s"}' % (number, b"x" * 100))
    sink.close()
    return file.read_bytes().splitlines()


def test_intact(tmp_path: Path) -> None:
    lines = written(tmp_path / "a", 10)
    report = verify([tmp_path / "a"])
    assert (report.intact, report.lines, report.begins, report.last) == (True, 10, GENESIS, digest(lines[-1]))


def edit(lines: Lines) -> None:
    lines[4] = lines[4].replace(b'"n":4', b'"n":7')


def drop(lines: Lines) -> None:
    del lines[4]


def swap(lines: Lines) -> None:
    lines[4], lines[5] = lines[5], lines[4]


def double(lines: Lines) -> None:
    lines.insert(4, lines[4])


def slip_in(lines: Lines) -> None:
    lines.insert(4, b'{"n":99}')


def scribble(lines: Lines) -> None:
    lines[4] = b"nothing to see here"


@pytest.mark.parametrize("change", [edit, drop, swap, double, slip_in, scribble])
def test_a_change_is_seen_and_placed(tmp_path: Path, change: Callable[[Lines], None]) -> None:
    file = tmp_path / "a"
    lines = written(file, 10)
    change(lines)
    file.write_bytes(b"\n".join(lines) + b"\n")
    report = verify([file])
    assert not report.intact
    assert report.problems[0].startswith((f"{file}:5", f"{file}:6"))


def test_every_single_byte_counts(tmp_path: Path) -> None:
    file = tmp_path / "a"
    written(file, 3)
    raw = file.read_bytes()
    first = raw.index(b"\n")
    for at in range(first):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert not verify([file]).intact, at


def test_a_cut_off_end_is_seen_by_whoever_noted_a_digest(tmp_path: Path) -> None:
    file = tmp_path / "a"
    lines = written(file, 10)
    noted = verify([file]).last
    written(file, 5, start=10)
    assert verify([file], noted).intact
    file.write_bytes(b"\n".join(lines[:9]) + b"\n")
    assert verify([file]).intact
    assert "cut off" in verify([file], noted).problems[0]


def test_a_cut_off_start_is_seen_by_whoever_noted_a_digest(tmp_path: Path) -> None:
    file = tmp_path / "a"
    lines = written(file, 10)
    assert verify([file], since=GENESIS).intact
    for gone, since, intact in [
        (3, digest(lines[5]), True),
        (3, digest(lines[2]), True),  # the last line of what was turned away
        (3, digest(lines[1]), False),
        (3, GENESIS, False),
    ]:
        file.write_bytes(b"\n".join(lines[gone:]) + b"\n")
        report = verify([file], since=since)
        assert report.intact == intact, since
        assert intact or "lines after it are gone" in report.problems[0]
        assert verify([file]).intact


def test_a_forged_predecessor_breaks_the_chain(tmp_path: Path) -> None:
    file = tmp_path / "a"
    lines = written(file, 10)
    forged = lines[5].replace(digest(lines[4]).encode(), digest(lines[1]).encode())
    file.write_bytes(b"\n".join([forged, *lines[6:]]) + b"\n")
    assert not verify([file], since=digest(lines[1])).intact


def test_a_log_in_use_is_read_as_it_was_at_the_beginning(tmp_path: Path) -> None:
    file = tmp_path / "a"
    lines = written(file, 10, rotate=1000)
    files = [file.with_name("a.1"), file]
    before = verify(files)
    with contextlib.ExitStack() as stack:
        reading = chain._lines(open_all(files, stack))
        first = next(reading)
        written(file, 10, start=10, rotate=1000)
        assert len([first, *reading]) == before.lines
    assert digest(lines[-1]) == before.last


def test_the_chain_goes_on_through_turns_restarts_and_moves(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for start in range(0, 40, 10):
        written(file, 10, start, rotate=2000)
    older = sorted(tmp_path.glob("a.[0-9]*"), key=lambda one: -int(one.suffix[1:]))
    assert len(older) >= 3
    report = verify([*older, file])
    assert (report.intact, report.lines, report.begins) == (True, 40, GENESIS)
    assert not verify([*older[1:][::-1], file]).intact
    sink = FileSink(str(file), chain=True)
    sink.write(b'{"n":40}')
    moved = file.rename(tmp_path / "moved")
    sink.write(b'{"n":41}')
    assert verify([*older, moved, file]).intact


def test_a_file_whose_beginning_is_elsewhere(tmp_path: Path) -> None:
    file = tmp_path / "a"
    lines = written(file, 10)
    file.write_bytes(b"\n".join(lines[3:]) + b"\n")
    report = verify([file])
    assert report.intact and report.begins == digest(lines[2])


def test_lines_from_before_the_chain_was_switched_on(tmp_path: Path) -> None:
    file = tmp_path / "a"
    written(file, 3, chain=False)
    written(file, 3, start=3)
    report = verify([file])
    assert (report.intact, report.unchained, report.lines) == (True, 3, 6)
    lines = file.read_bytes().splitlines()
    lines[2] = lines[2].replace(b'"n":2', b'"n":8')
    file.write_bytes(b"\n".join(lines) + b"\n")
    assert not verify([file]).intact


def test_a_torn_line_is_in_its_place(tmp_path: Path) -> None:
    file = tmp_path / "a"
    written(file, 3)
    with file.open("ab") as stream:
        stream.write(b'{"n":3,"fi')
    written(file, 3, start=4)
    report = verify([file])
    assert (report.intact, report.torn, report.lines) == (True, 1, 7)


CASES = [
    ([], 0, "intact: 10 lines in 1 file"),
    (["--expect", GENESIS.replace("0", "a")], 1, "the expected line is not there"),
    (["--expect", "nonsense"], 1, "64 hexadecimal digits"),
    (["--since", GENESIS], 0, "intact: 10 lines in 1 file"),
    (["--since", GENESIS.replace("0", "a")], 1, "not all lines since the one named are there"),
    (["--since", "nonsense"], 1, "64 hexadecimal digits"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), CASES)
def test_command(tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    lines = written(tmp_path / "a", 10)
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "a"), *arguments])
    assert done.exit_code == code
    text = done.output + str(done.exception)
    assert says in text and (code or digest(lines[-1]) in text)


def turned(directory: Path) -> Path:
    """A log with twelve files before it."""
    file = directory / "a"
    for start in range(0, 13 * 4, 4):
        written(file, 4, start, rotate=800)
    assert {one.name for one in directory.iterdir()} == {"a", "a.chain", *(f"a.{number}" for number in range(1, 13))}
    return file


def command(file: Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", str(file)])
    return done.exit_code, done.output


def test_command_reads_what_was_turned_over(tmp_path: Path) -> None:
    file = turned(tmp_path)
    (tmp_path / "a.1.gz").touch()
    code, text = command(file)
    assert code == 0 and "intact: 52 lines in 13 files" in text


@pytest.mark.parametrize("number", range(1, 12))
def test_a_file_gone_from_the_middle(tmp_path: Path, number: int) -> None:
    file = turned(tmp_path)
    (tmp_path / f"a.{number}").rename(tmp_path / f"a.{number}.old")
    code, text = command(file)
    assert code == 1 and f"a.{number} is missing" in text
    assert f"a.{number - 1}:1 does not" in text or number == 1  # what comes after it, unless that is the file itself
    assert "BROKEN: 48 lines in 12 files" in text


def close_ranks(directory: Path) -> None:
    (directory / "a.7").unlink()
    for number in range(8, 13):
        (directory / f"a.{number}").rename(directory / f"a.{number - 1}")


def change_places(directory: Path) -> None:
    (directory / "a.3").rename(directory / "aside")
    (directory / "a.5").rename(directory / "a.3")
    (directory / "aside").rename(directory / "a.5")


@pytest.mark.parametrize("rename", [close_ranks, change_places])
def test_renamed_files(tmp_path: Path, rename: Callable[[Path], None]) -> None:
    file = turned(tmp_path)
    rename(tmp_path)
    code, text = command(file)
    assert code == 1 and "BROKEN" in text and "is missing" not in text


def test_the_oldest_file_gone_is_told_by_a_noted_digest(tmp_path: Path) -> None:
    file = turned(tmp_path)
    noted = digest((tmp_path / "a.12").read_bytes().splitlines()[1])
    (tmp_path / "a.12").unlink()
    code, text = command(file)
    assert code == 0 and "The first line follows one that is not here" in text
    assert CliRunner().invoke(app, ["verify", str(file), "--since", noted]).exit_code == 1


@pytest.mark.parametrize(
    ("content", "says"), [(b'{"n":1}\n', "the chain is off"), (b"", "the chain is off"), (None, "cannot be read")]
)
def test_nothing_to_follow(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "a"
    if content is not None:
        file.write_bytes(content)
    done = CliRunner().invoke(app, ["verify", str(file)])
    assert done.exit_code == 1 and says in done.output + str(done.exception)
