"""Schemas of the custom resources the chart makes: as far as the chart uses them, and strict."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT}
LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
DURATION = {"type": "string", "pattern": r"^([0-9]+(ms|s|m|h|d))+$"}


def strict(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def listed(items: Any, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_RELABELING = strict(action=TEXT, regex=TEXT, replacement={"type": "string"}, separator=TEXT, sourceLabels=TEXTS,
                     targetLabel=TEXT, modulus={"type": "integer"})  # fmt: skip
_ENDPOINT = strict(
    "port path",
    port=TEXT,
    path={"type": "string", "pattern": "^/"},
    interval=DURATION,
    relabelings=listed(_RELABELING),
    metricRelabelings=listed(_RELABELING),
)
_SELECTOR = strict("matchLabels", matchLabels=LABELS)
_RULE = strict("alert expr labels", alert=TEXT, expr=TEXT, **{"for": DURATION}, labels=LABELS, annotations=LABELS)

SPECS: dict[tuple[str, str], dict[str, Any]] = {
    ("monitoring.coreos.com/v1", "ServiceMonitor"): strict(
        "selector endpoints", selector=_SELECTOR, endpoints=listed(_ENDPOINT)
    ),
    ("monitoring.coreos.com/v1", "PodMonitor"): strict(
        "selector podMetricsEndpoints", selector=_SELECTOR, podMetricsEndpoints=listed(_ENDPOINT)
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): strict(
        "groups", groups=listed(strict("name rules", name=TEXT, interval=DURATION, rules=listed(_RULE)))
    ),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): strict(
        "parentRefs rules",
        parentRefs=listed(strict("name", name=TEXT, namespace=TEXT, sectionName=TEXT, kind=TEXT, group=TEXT)),
        hostnames=listed(TEXT),
        rules=listed(
            strict(
                "backendRefs",
                matches=listed(strict(path=strict("type value", type=TEXT, value=TEXT))),
                timeouts=strict(request=DURATION, backendRequest=DURATION),
                filters=listed({"type": "object", "required": ["type"]}),
                backendRefs=listed(strict("name port", name=TEXT, port={"type": "integer"})),
            )
        ),
    ),
}
