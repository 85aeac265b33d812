"""OpenAI's `moderation` object for callers that speak to the server without the proxy."""

from __future__ import annotations

import math
from typing import Any

from guard.verdict import Decision, Finding, Verdict

_MODEL = "guardchain"


def moderation(decision: Decision) -> dict[str, Any]:
    """The same shape as the proxy's (`proxy.verdict_object`); a check that could not run is an error object."""
    failed = next((f for f in decision.findings if f.error is not None), None)
    if failed is not None:
        message = f"The guard check '{failed.check}' could not run."
        side: dict[str, Any] = {"type": "error", "code": "guard_unavailable", "message": message}
    else:
        side = {"type": "moderation_results", "model": _MODEL, "results": [_result(decision)]}
    message = "No check of the answer is set up."
    return {"input": side, "output": {"type": "error", "code": "not_checked", "message": message}}


def _result(decision: Decision) -> dict[str, Any]:
    blocked = {f.check: f.verdict is Verdict.BLOCK for f in decision.findings}
    return {
        "type": "moderation_result",
        "model": _MODEL,
        "flagged": any(blocked.values()),
        "categories": blocked,
        "category_scores": {f.check: _unit(f) for f in decision.findings},
        "category_applied_input_types": {check: ["text"] for check in blocked},
    }


def _unit(finding: Finding) -> float:
    """A score squashed to (0, 1); a steering strength stands for itself."""
    if finding.score is None:
        return finding.strength or 0.0
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, finding.score))))
