"""Files: read with errors that say what to do, replaced whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from guard.errors import ArtifactError
from guard.files import parse_json, read_text, write_atomically


def full(self: Path, data: bytes) -> int:
    self.touch()
    raise OSError(errno.ENOSPC, "No space left on device", str(self))


def broken(self: Path, target: Path) -> Path:
    raise OSError(errno.EIO, "Input/output error", str(self))


@pytest.mark.parametrize("old", ["old", None])
@pytest.mark.parametrize(
    ("method", "fails", "says"), [("write_bytes", full, "No space"), ("replace", broken, "Input/")]
)
def test_a_failed_write_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, fails: object, says: str, old: str | None
) -> None:
    path = tmp_path / "x.json"
    if old is not None:
        path.write_text(old)
    monkeypatch.setattr(Path, method, fails)
    with pytest.raises(ArtifactError, match=f"cannot write {path}: {says}") as raised:
        write_atomically(path, "new")
    assert ("as it was" in str(raised.value)) is (old is not None)
    assert [p.read_text() for p in tmp_path.iterdir()] == ([] if old is None else [old])


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    file.chmod(0o640)
    link.symlink_to("file")
    write_atomically(link, "new é")
    assert link.is_symlink() and file.read_text("utf-8") == "new é"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b"new")
    reader.join(10)
    assert read == [b"new"] and pipe.is_fifo()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a\ncaf\xe9\n", "line 2 is not UTF-8"),
        ("secret".encode("utf-16"), "it is UTF-16"),
        (None, "it is a directory"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "x.txt"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"cannot read {path}: {says}"):
        read_text(path)
    with pytest.raises(ArtifactError, match="No such file"):
        read_text(tmp_path / "missing")


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfa")
    assert read_text(tmp_path / "x") == "a"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": secret}', r"not JSON \(column 7\)"),
        ('{\n"a": secret}', r"not JSON \(line 2, column 6\)"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "a number is too long"),
        ("", "not JSON"),
    ],
)
def test_what_is_no_json(text: str, says: str) -> None:
    with pytest.raises(ArtifactError, match=f"^here: .*{says}") as raised:
        parse_json(text, "here")
    assert "secret" not in str(raised.value)
