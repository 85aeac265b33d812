"""The probe benchmark runs, and its counts are those that the shared KV promises."""

from __future__ import annotations

import json

import pytest

from benchmarks import probe


@pytest.mark.parametrize("openings", ["0", "1", "8"])
def test_counts(tmp_path, monkeypatch, capsys, openings):
    out = tmp_path / "report.json"
    monkeypatch.setattr(
        "sys.argv", ["probe", "--lengths", "20,60", "--repeats", "2", "--openings", openings, "--json", str(out)]
    )
    probe.main()
    report = json.loads(out.read_text())
    assert report["probes"] == int(openings) or (openings == "0" and report["probes"] >= 2)
    assert [r["length"] for r in report["rows"]] == [20, 60]
    extra = {r["probed_tokens"] - r["plain_tokens"] for r in report["rows"]}
    assert len(extra) == 1  # the probes cost the same whatever the prompt's length
    for r in report["rows"]:
        assert r["plain_tokens"] == r["gated_tokens"] == r["length"] <= r["probed_tokens"]
        assert r["naive_tokens"] > report["probes"] * r["length"]
    out = capsys.readouterr().out
    assert "cached-token" in out and "Aim: at most +25%" in out


def test_what_a_way_adds_is_a_ratio_of_medians():
    """One slow outlier among the plain requests changes nothing."""

    def times(*seconds):
        return [probe.Once(1, s, s / 2) for s in seconds]

    found = {"plain": times(1.0, 1.0, 9.0), "probed": times(1.2, 1.2, 1.2), "gated": times(1.1, 0.2, 5.0)}
    row = probe._row(50, {**found, "naive": times(8.0)})
    assert (row.added, row.gated_added) == (pytest.approx(0.2), pytest.approx(0.1))
    assert (row.added_cpu, row.gated_added_cpu) == (pytest.approx(0.2), pytest.approx(0.1))
