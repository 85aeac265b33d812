"""Temporary directories: gone with their process, also one that was killed; those of the living stay."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard import scratch

HOLDER = """
import sys, tempfile
from guard import scratch
tempfile.tempdir = sys.argv[1]
with scratch.directory("it-") as path:
    (path / "inside").write_text("secret")
    print(path, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def hold(root: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_private_and_gone_at_the_end(temporary: Path) -> None:
    with scratch.directory("it-") as path:
        assert path.parent == temporary and path.stat().st_mode & 0o777 == 0o700
        (path / "file").touch()
    assert not path.exists()


def test_what_a_killed_process_left_is_removed_and_nothing_else(temporary: Path) -> None:
    killed, left = hold(temporary)
    alive, kept = hold(temporary)
    killed.kill()
    killed.wait()
    (temporary / "elsewhere").mkdir()
    (temporary / "it-link").symlink_to(temporary / "elsewhere")
    (temporary / "it-file").touch()
    (temporary / "other-dir").mkdir()
    assert (left / "inside").exists()
    with scratch.directory("it-"):
        assert not left.exists()
        assert (kept / "inside").exists(), "its process lives"
    assert {p.name for p in temporary.iterdir()} == {kept.name, "elsewhere", "it-link", "it-file", "other-dir"}
    alive.communicate("\n", timeout=60)
    assert alive.returncode == 0 and not kept.exists()


def test_many_start_at_once() -> None:
    def one(_: int) -> bool:
        with scratch.directory("it-") as path:
            (path / "file").write_text("mine")
            return (path / "file").read_text() == "mine"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(200)))
