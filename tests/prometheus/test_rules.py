"""The alert rules and the dashboard: they parse, do what they say, and name metrics and labels that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from guard.metrics import Metrics
from tests.prometheus.expressions import DASHBOARD, RULES, alerts, grouped, named, queries
from tests.support.tools import need

TESTS = sorted(Path(__file__).parent.glob("rules*_test.yaml"))
TARGET = {"namespace", "job", "pod", "le"}
"""Labels that are not ours: Prometheus and its operator put them on."""
UNSHOWN = {
    "guardchain_probe_requests_total",  # as the probe's own count of checks
    "guardchain_probe_prompts_total",  # of who tunes the cascade
    "guardchain_probe_decided_total",  # of who tunes windows and tool results
    "guardchain_probe_prefix_cache_hit_ratio",  # since the start; the panel shows it over time
    "guardchain_revisions_total",  # only where a local model mends answers
    "guardchain_upstream_breaker_opened_total",  # the state is drawn
    "guardchain_store_duration_seconds",  # in the proxy's own time
    "guardchain_queued",  # the wait is drawn
}
"""What no panel is for."""
EXPRESSIONS = [*(rule["expr"] for rule in alerts().values()), *queries()]


def promtool(*arguments: str) -> None:
    done = subprocess.run([need("promtool"), *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def samples() -> dict[str, set[str]]:
    """Sample name to labels, of every metric there is."""
    out = {}
    for metric in Metrics().descriptions:
        for suffix in ("_bucket", "_sum", "_count") if metric.type == "histogram" else ("",):
            out[metric.name + suffix] = set(metric.labels)
    return out


def test_rules_pass_promtool() -> None:
    promtool("check", "rules", str(RULES))


def test_alerts_fire_and_stay_quiet() -> None:
    promtool("test", "rules", *map(str, TESTS))


def test_every_alert_is_tested_both_ways() -> None:
    tests = [test for file in TESTS for test in yaml.safe_load(file.read_text())["tests"]]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    assert {c["alertname"] for c in cases if c.get("exp_alerts")} == set(alerts())
    assert {c["alertname"] for c in cases if not c.get("exp_alerts")} == set(alerts())


def test_every_alert_has_a_severity_a_sentence_and_advice() -> None:
    manual = (RULES.parents[3] / "docs/kubernetes.md").read_text()
    for name, rule in alerts().items():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"]["summary"]
        assert f"**{name}**" in manual, f"docs/kubernetes.md does not say what to do on {name}"


def test_what_wakes_somebody_happened_more_than_five_times() -> None:
    """The exceptions are in the rules' own comment and in the manual."""
    critical = {name: rule["expr"] for name, rule in alerts().items() if rule["labels"]["severity"] == "critical"}
    sooner = {
        name for name, expression in critical.items() if not re.search(r"\[10m\]\)\s*\)? > 5$", expression.strip())
    }
    assert sooner == {"GuardchainAbsent", "GuardchainAuditFailed"}
    assert "but for one lost audit line, and for a proxy that is gone" in RULES.read_text()
    assert "`GuardchainAuditFailed` wakes at the first" in (RULES.parents[3] / "docs/operations.md").read_text()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_metrics_and_labels_exist(expression: str) -> None:
    known = samples()
    found = named(expression)
    assert found
    for name, labels in found:
        assert name in known, f"no metric gives {name}"
        assert labels <= known[name] | TARGET, name
    assert grouped(expression) <= TARGET.union(*(known[name] for name, _ in found))


def test_dashboard_s_expressions_parse(tmp_path: Path) -> None:
    rules = [{"record": f"q{i}", "expr": expression} for i, expression in enumerate(queries())]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_dashboard_shows_every_metric() -> None:
    shown = {name.removesuffix("_bucket").removesuffix("_count") for q in queries() for name, _ in named(q)}
    assert {d.name for d in Metrics().descriptions} - shown == UNSHOWN
    alerting = {
        name.removesuffix("_bucket").removesuffix("_count") for r in alerts().values() for name, _ in named(r["expr"])
    }
    assert not alerting & UNSHOWN


def test_dashboard_is_laid_out() -> None:
    """Grafana's own rules: unique ids, panels within 24 columns and on no other, data from the variable."""
    panels = DASHBOARD["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        mine = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not mine & cells, panel["title"]
        cells |= mine
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert [t["refId"] for t in panel["targets"]] == list("ABCD"[: len(panel["targets"])])
            assert panel["title"] and panel["fieldConfig"]["defaults"]["unit"]
    assert {v["name"] for v in DASHBOARD["templating"]["list"]} == {"datasource", "namespace", "job"}
