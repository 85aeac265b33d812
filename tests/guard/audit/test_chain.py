"""What the chain shows, and what only a digest noted elsewhere shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.audit.chain import GENESIS, digest, verify
from guard.audit.file import FileSink
from guard.cli.audit import app

Lines = list[bytes]


def written(file: Path, count: int, start: int = 0, *, chain: bool = True, rotate: int | None = None) -> Lines:
    sink = FileSink(str(file), chain=chain, rotate_bytes=rotate)
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


def test_the_chain_goes_on_through_turns_restarts_and_moves(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for start in range(0, 40, 10):
        written(file, 10, start, rotate=2000)
    older = sorted(tmp_path.glob("a.*"), key=lambda one: -int(one.suffix[1:]))
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
]


@pytest.mark.parametrize(("arguments", "code", "says"), CASES)
def test_command(tmp_path: Path, arguments: list[str], code: int, says: str) -> None:
    lines = written(tmp_path / "a", 10)
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "a"), *arguments])
    assert done.exit_code == code
    text = done.output + str(done.exception)
    assert says in text and (code or digest(lines[-1]) in text)


def test_command_reads_what_was_turned_over(tmp_path: Path) -> None:
    written(tmp_path / "a", 40, rotate=2000)
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "a")])
    assert done.exit_code == 0 and "intact: 40 lines in" in done.output
    (tmp_path / "a.2").unlink()
    (tmp_path / "a.3").rename(tmp_path / "a.2")
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "a")])
    assert done.exit_code == 1 and "BROKEN" in done.output


@pytest.mark.parametrize(
    ("content", "says"), [(b'{"n":1}\n', "the chain is off"), (b"", "the chain is off"), (None, "cannot be read")]
)
def test_nothing_to_follow(tmp_path: Path, content: bytes | None, says: str) -> None:
    file = tmp_path / "a"
    if content is not None:
        file.write_bytes(content)
    done = CliRunner().invoke(app, ["verify", str(file)])
    assert done.exit_code == 1 and says in done.output + str(done.exception)
