from __future__ import annotations

import pytest

from guard import Decision, Finding, Mode, Verdict

MONITOR = Mode.MONITOR


def test_order_is_strictness() -> None:
    assert Verdict.ALLOW < Verdict.MASK < Verdict.STEER < Verdict.BLOCK
    assert [v.label for v in Verdict] == ["allow", "mask", "steer", "block"]


@pytest.mark.parametrize(
    ("finding", "result"),
    [
        (Finding("c"), "allow"),
        (Finding("c", Verdict.BLOCK), "block"),
        (Finding("c", mode=MONITOR), "allow"),
        (Finding("c", Verdict.STEER, MONITOR), "would_steer"),
        (Finding("c", route_local=True), "route_local"),
        (Finding("c", mode=MONITOR, route_local=True), "would_route_local"),
        (Finding("c", Verdict.ALLOW, error="deadline"), "bypass"),
        (Finding("c", Verdict.BLOCK, error="deadline"), "error"),
        (Finding("c", Verdict.BLOCK, MONITOR, error="deadline"), "would_error"),
        (Finding("c", Verdict.ALLOW, MONITOR, error="deadline"), "would_bypass"),
    ],
)
def test_result(finding: Finding, result: str) -> None:
    assert finding.result == result


@pytest.mark.parametrize(
    ("findings", "verdict", "would", "decisive", "strength"),
    [
        ([], Verdict.ALLOW, Verdict.ALLOW, None, 0.0),
        ([Finding("a")], Verdict.ALLOW, Verdict.ALLOW, None, 0.0),
        ([Finding("a", Verdict.MASK), Finding("b", Verdict.MASK)], Verdict.MASK, Verdict.MASK, "a", 0.0),
        ([Finding("a", Verdict.MASK), Finding("b", Verdict.BLOCK)], Verdict.BLOCK, Verdict.BLOCK, "b", 0.0),
        ([Finding("a", Verdict.BLOCK, MONITOR)], Verdict.ALLOW, Verdict.BLOCK, None, 0.0),
        ([Finding("a", Verdict.BLOCK, MONITOR), Finding("b", Verdict.MASK)], Verdict.MASK, Verdict.BLOCK, "b", 0.0),
        ([Finding("a", Verdict.BLOCK, MONITOR, error="deadline")], Verdict.ALLOW, Verdict.ALLOW, None, 0.0),
        ([Finding("a", Verdict.BLOCK, error="deadline")], Verdict.BLOCK, Verdict.BLOCK, "a", 0.0),
        ([Finding("a", Verdict.STEER, strength=0.4)], Verdict.STEER, Verdict.STEER, "a", 0.4),
        ([Finding("a", Verdict.STEER, MONITOR, strength=0.4)], Verdict.ALLOW, Verdict.STEER, None, 0.0),
        (
            [Finding("a", Verdict.STEER, strength=0.4), Finding("b", Verdict.STEER, strength=0.7)],
            Verdict.STEER,
            Verdict.STEER,
            "a",
            0.7,
        ),
    ],
)
def test_decision(
    findings: list[Finding], verdict: Verdict, would: Verdict, decisive: str | None, strength: float
) -> None:
    decision = Decision(tuple(findings))
    assert (decision.verdict, decision.would, decision.strength) == (verdict, would, strength)
    assert (decision.decisive and decision.decisive.check) == decisive
    assert decision.finding("nobody") is None
    for finding in findings:
        assert decision.finding(finding.check) is finding
