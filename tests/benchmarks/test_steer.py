"""The steering benchmark runs all ways over the same work."""

from __future__ import annotations

import json

import pytest

from benchmarks import steer


def test_every_way_is_measured(tmp_path, monkeypatch, capsys):
    out = tmp_path / "report.json"
    args = ["--batches", "1,3", "--repeats", "1", "--tokens", "3", "--length", "8", "--window", "0", "--json", str(out)]
    monkeypatch.setattr("sys.argv", ["steer", *args])
    steer.main()
    rows = json.loads(out.read_text())["rows"]
    assert [(r["batch"], r["way"]) for r in rows] == [(b, way) for b in (1, 3) for way in steer.WAYS]
    assert all(r["ratio"] == r["ratio_cpu"] == 1 for r in rows if r["way"] == "without")
    assert "many" in capsys.readouterr().out


def test_many_strengths_differ_and_average_to_the_one():
    many = steer.strengths("many", 64)
    assert len(set(many)) == 64 and 0 < min(many) < max(many) < 1
    assert sum(many) / 64 == pytest.approx(steer.STRENGTH)
