"""One line of the audit log: what was decided and why, never what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from guard.label import label
from guard.verdict import Decision, Finding


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One request. Every string is a name out of code or config, or an id the proxy made.

    `model` is the served name where config or upstream vouch for it, else `other`: what a client wrote there is text.
    `status` is the HTTP status of the answer; `error` a label when it was not the model's answer.
    `restored` counts surrogates put back; `usage` holds token counts.
    """

    request_id: str
    endpoint: str
    decision: Decision = field(default_factory=Decision)
    tenant: str = ""
    model: str = ""
    upstream: str = ""
    policy: str = ""
    status: int = 0
    stream: bool = False
    restored: int = 0
    usage: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the line."""
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "request_id": _id(self.request_id),
            "tenant": _name(self.tenant),
            "endpoint": _name(self.endpoint),
            "model": _name(self.model),
            "upstream": _name(self.upstream),
            "policy": _name(self.policy),
            "verdict": self.decision.verdict.label,
            "would": self.decision.would.label,
            "strength": self.decision.strength,
            "findings": [_finding(f) for f in self.decision.findings],
            "status": self.status,
            "error": _name(self.error) if self.error else None,
            "stream": self.stream,
            "restored": self.restored,
            "usage": {_name(k): v for k, v in self.usage.items() if isinstance(v, int)},
            "seconds": round(self.seconds, 6),
        }


def known_model(name: str, vouched: Sequence[str]) -> str:
    """`name` when it is one of `vouched` (served names, literal route patterns), else `other`."""
    return name if name in vouched else "other"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": _name(finding.check),
        "result": finding.result,
        "mode": finding.mode.value,
        "score": finding.score,
        "strength": finding.strength,
        "entities": {label(k): v for k, v in finding.entities.items()},
        "error": label(finding.error) if finding.error else None,
        "seconds": round(finding.seconds, 6),
        "detail": {
            label(k): label(v) if isinstance(v, str) else v
            for k, v in finding.detail.items()
            if isinstance(v, str | int | float)
        },
    }


def _name(text: str) -> str:
    return label(text) if text else ""


def _id(text: str) -> str:
    return text if len(text) <= 256 and text.isascii() and text.isprintable() else "invalid"
