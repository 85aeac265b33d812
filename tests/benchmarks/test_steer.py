"""The steering benchmark runs all ways over the same work."""

from __future__ import annotations

import json

import pytest

from benchmarks.steer.__main__ import main
from benchmarks.steer.rounds import STRENGTH, WAYS, strengths


def test_every_way_is_measured(tmp_path, capsys):
    out = tmp_path / "report.json"
    main(["--batches=1,3", "--repeats=1", "--tokens=3", "--length=8", "--window=0", f"--json={out}"])
    rows = json.loads(out.read_text())["rows"]
    assert [(r["batch"], r["way"]) for r in rows] == [(b, way) for b in (1, 3) for way in WAYS]
    assert all(r["ratio"] == r["ratio_cpu"] == 1 for r in rows if r["way"] == "without")
    assert "many" in capsys.readouterr().out


def test_many_strengths_differ_and_average_to_the_one():
    many = strengths("many", 64)
    assert len(set(many)) == 64 and 0 < min(many) < max(many) < 1
    assert sum(many) / 64 == pytest.approx(STRENGTH)
