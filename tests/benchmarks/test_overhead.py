"""`python -m benchmarks.overhead` runs, counts what it says it counts, and writes its report."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.overhead import load, procs
from benchmarks.overhead.measure import Cell, Result
from benchmarks.overhead.report import markdown
from tests.support.tools import need


def test_a_short_run(tmp_path: Path) -> None:
    need("wrk")
    command = [sys.executable, "-m", "benchmarks.overhead", "--quick", "--subjects", "direct,relay,off,patterns"]
    ran = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, timeout=170)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads((tmp_path / "overhead.json").read_text("utf-8"))
    assert len(found["results"]) == 8 and found["machine"]["cores"] >= 1
    for result in found["results"]:
        median = result["median"]
        assert median["requests"] > 0 and result["error"] == ""
        assert (median["cpu_ms"] > 0) == (result["cell"]["subject"] != "direct")
        if result["cell"]["stream"]:
            assert median["first_p50"] > 0 and median["gap_p50"] > 1, "the provider's pace is 10 ms"
    page = (tmp_path / "overhead.md").read_text("utf-8")
    assert "| 4 | 60 B | Guardchain, checks off |" in page and str(tmp_path) not in page


def test_failed_runs_are_shown_as_such() -> None:
    result = Result(Cell("off", 1, 60, False), error="it broke")
    found = {
        "machine": dict.fromkeys(("cpu", "cores", "kernel", "python", "wrk"), "x"),
        "asked": {"command": "", "rounds": 1},
        "versions": {},
    }
    assert "| failed: it broke |" in markdown([result], found)


@pytest.mark.parametrize("size", [60, 2048, 16384])
def test_prompts(size: int) -> None:
    text = load.prompt(size)
    assert abs(len(text) - size) < 60 and text.count("@@N@@") == 1
    assert json.loads(load.body(size))["messages"][0]["content"] == text


def test_processes_are_watched_with_their_children(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    process = procs.Process([sys.executable, "-c", code], tmp_path / "log")
    try:
        with pytest.raises(RuntimeError, match="does not answer"):
            process.wait_for("http://127.0.0.1:9/", 1.5)
        assert len(procs.tree(process.pid)) == 2
        assert procs.cpu_seconds([process.pid]) > 0.1 and procs.resident_bytes([process.pid]) > 1e6
        children = procs.tree(process.pid)
    finally:
        process.stop()
    assert not any(map(runs, children))


def runs(pid: int) -> bool:
    """Whether a process lives; one that ended and was not waited for does not."""
    time.sleep(0.2)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False
