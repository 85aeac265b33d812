"""The probe benchmark runs, and its counts are those that the shared KV promises."""

from __future__ import annotations

import json

from benchmarks import probe


def test_counts(tmp_path, monkeypatch, capsys):
    out = tmp_path / "report.json"
    monkeypatch.setattr("sys.argv", ["probe", "--lengths", "20,60", "--repeats", "2", "--json", str(out)])
    probe.main()
    report = json.loads(out.read_text())
    assert [r["length"] for r in report["rows"]] == [20, 60]
    extra = {r["probed_tokens"] - r["plain_tokens"] for r in report["rows"]}
    assert len(extra) == 1  # the probes cost the same whatever the prompt's length
    for r in report["rows"]:
        assert r["plain_tokens"] == r["gated_tokens"] == r["length"] <= r["probed_tokens"]
        assert r["naive_tokens"] > report["probes"] * r["length"]
    assert "cached-token" in capsys.readouterr().out
