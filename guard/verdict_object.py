"""OpenAI's native `moderation` object, filled with our verdicts (wire rules M1 to M9).

Categories are check names; scores are calibrated probabilities, or the checks' own squashed to (0, 1), so that a client
that expects OpenAI's scale is not surprised. A check that could not run is an error object, never `flagged: false`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from guard.verdict import Decision, Finding, Verdict

MODEL = "guardchain"


def moderation_object(decision: Decision, *, listed: bool = True) -> dict[str, Any]:
    """`{"input": ..., "output": ...}`: a list of results as chat has it, or one result as Responses does."""
    failed = next((f for f in decision.findings if f.error is not None), None)
    if failed is not None:
        side: dict[str, Any] = {
            "type": "error",
            "code": "guard_unavailable",
            "message": f"The guard check '{failed.check}' could not run.",
        }
    else:
        result = {"type": "moderation_result", **result_body(decision.findings)}
        side = {"type": "moderation_results", "model": MODEL, "results": [result]} if listed else result
    return {
        "input": side,
        "output": {
            "type": "error",
            "code": "not_checked",
            "message": "No check of the answer is set up.",
        },
    }


def result_body(findings: Sequence[Finding]) -> dict[str, Any]:
    """The fields of one `ModerationResultBody`. A category is true when its check would block on its own."""
    judged = [f for f in findings if f.error is None]
    return {
        "model": MODEL,
        "flagged": any(f.verdict is Verdict.BLOCK for f in judged),
        "categories": {f.check: f.verdict is Verdict.BLOCK for f in judged},
        "category_scores": {f.check: unit_score(f) for f in judged},
        "category_applied_input_types": {f.check: ["text"] for f in judged},
    }


def unit_score(finding: Finding) -> float:
    """A finding on OpenAI's scale: the calibrated probability where there is one, else the squashed score. Unscored
    findings are 1 for a block and 0 otherwise."""
    if finding.score is None:
        return 1.0 if finding.verdict is Verdict.BLOCK else 0.0
    probability = finding.detail.get("probability")
    if isinstance(probability, float) and 0.0 <= probability <= 1.0:
        return probability
    return logistic(finding.score)


def logistic(score: float) -> float:
    """1 / (1 + e^-score) without overflow."""
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-score))
    e = math.exp(score)
    return e / (1.0 + e)


def summary(findings: Sequence[Finding]) -> Mapping[str, Any]:
    """Our own extension next to the standard fields: verdict, raw score and what each check said."""
    score = next((f.score for f in findings if f.score is not None), None)
    strictest = max((f.verdict for f in findings), default=Verdict.ALLOW)
    return {
        "verdict": strictest.label,
        "score": score,
        "checks": {f.check: {"result": f.result, "score": f.score, "entities": dict(f.entities)} for f in findings},
    }
