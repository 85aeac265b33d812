"""Cost grows no worse than linearly in what is new, and memory stays flat."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import growth, soak

SMALL = {"characters": 64_000, "messages": 125, "entities": 200, "turns": 25, "streams": 50}
STEEPEST = 1.35
"""1 is linear; the rest is what few short measurements on a busy machine may be off by."""


@pytest.mark.slow
def test_growth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "QUICK", SMALL)
    growth.main(["--quick", "--subjects", "patterns", "--out", str(tmp_path)])
    curves = {c["name"]: c for c in json.loads((tmp_path / "growth.json").read_text("utf-8"))["curves"]}
    assert set(curves) == set(SMALL)
    assert {name: c["exponent"] for name, c in curves.items() if c["exponent"] > STEEPEST} == {}
    assert curves["characters"]["seconds"][-1] > curves["characters"]["seconds"][0] > 0, "something was measured"
    assert "| patterns | characters | 1,000 | 64,000 |" in (tmp_path / "growth.md").read_text("utf-8")


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponents(power: float) -> None:
    x = [1, 10, 100, 1000, 10_000]
    assert growth.exponent(x, [3 * n**power for n in x]) == pytest.approx(power)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_minutes_of_everything(tmp_path: Path) -> None:
    assert soak.main(["--minutes", "2", "--out", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "soak.json").read_text("utf-8"))
    assert min(report["requests"].values()) > 10 and set(report["requests"]) == {
        "whole", "stream", "abort", "block", "bad", "long",
    }  # fmt: skip


def test_a_leak_would_be_noticed() -> None:
    watch = soak.Watch(samples=[(float(t), 80 + 0.2 * t + (t % 7), 20, 9) for t in range(120)])
    assert watch.rise_mb > soak.BOUND_MB
    flat = soak.Watch(samples=[(float(t), 80 + min(t, 30) + (t % 7), 20, 9) for t in range(120)])
    assert abs(flat.rise_mb) < 2 and flat.rise_files == 0
    assert soak.slope(np.arange(10.0), np.arange(10.0) * 3) == pytest.approx(3)
