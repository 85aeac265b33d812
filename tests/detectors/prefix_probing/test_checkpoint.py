"""What a killed build leaves behind is whole, its own, and enough to go on from."""

from __future__ import annotations

import pytest

from detectors.prefix_probing.checkpoint import Checkpoint


def test_values_come_back_exactly(tmp_path):
    path = tmp_path / "deep" / "x.state"
    first = Checkpoint(path, "k")
    assert first.get("a", []) == []
    value = [0.1 + 0.2, -1e-17, [1, 2]]
    first.put("a", value)
    assert Checkpoint(path, "k").get("a", None) == value
    first.done()
    assert not path.exists()
    first.done()


def test_small_steps_are_written_now_and_then(tmp_path, monkeypatch):
    path = tmp_path / "x.state"
    clock = iter(range(100))
    monkeypatch.setattr("detectors.prefix_probing.checkpoint.time.monotonic", lambda: next(clock))
    checkpoint = Checkpoint(path, "k")
    seen = []
    for n in range(6):
        checkpoint.put("a", n, now=False)
        seen.append(Checkpoint(path, "k").get("a", None))
    assert seen[0] is None
    assert seen[-1] in (4, 5)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "k"}', '{"key": "other", "results": {"a": 1}}', "\x00"])
def test_foreign_files_are_ignored(tmp_path, content):
    path = tmp_path / "x.state"
    path.write_text(content)
    assert Checkpoint(path, "k").get("a", "fresh") == "fresh"


def test_without_a_path_nothing_is_kept():
    checkpoint = Checkpoint(None, "k")
    checkpoint.put("a", 1)
    assert checkpoint.get("a", None) == 1
    checkpoint.done()
