"""The expressions of the chart's rules and dashboard, and what they name."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from tests.helm.chart import CHART

RULES = CHART / "files/rules.yaml"
DASHBOARD: dict[str, Any] = json.loads((CHART / "files/dashboard.json").read_text())

_METRIC = re.compile(r"\b(guardchain_[a-z_]+)(\{[^}]*\})?")
_GROUPED = re.compile(r"\b(?:by|ignoring|without) \(([^)]*)\)")


def alerts() -> dict[str, Any]:
    """Alert name to rule."""
    return {r["alert"]: r for g in yaml.safe_load(RULES.read_text())["groups"] for r in g["rules"]}


def queries() -> list[str]:
    """Every expression of the dashboard, its variables filled in as Grafana does for `All`."""
    panels = [t["expr"] for p in DASHBOARD["panels"] for t in p.get("targets", ())]
    return [
        e.replace("$__rate_interval", "1m").replace('"$namespace"', '".*"').replace('"$job"', '".*"') for e in panels
    ]


def named(expression: str) -> set[tuple[str, frozenset[str]]]:
    """Metrics of an expression, each with the labels it is chosen by."""
    return {
        (name, frozenset(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", chosen or "")))
        for name, chosen in _METRIC.findall(expression)
    }


def grouped(expression: str) -> set[str]:
    """Labels an expression groups by."""
    return {label.strip() for group in _GROUPED.findall(expression) for label in group.split(",") if label.strip()}
