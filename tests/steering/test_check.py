from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from guard.chain import Chain, Link
from guard.check import Exchange
from guard.errors import CheckUnavailable, ConfigError
from guard.verdict import Finding, Mode, OnError, Verdict
from steering.check import SteerCheck

LADDER: dict[str, Any] = {"steer_at": 1.0, "block_at": 3.0, "min_strength": 0.1, "max_strength": 0.5}


def exchange(*findings: Finding, generates: bool = True) -> Exchange:
    return Exchange(
        endpoint="chat",
        model="m",
        tenant="",
        request_id="r",
        surfaces=(),
        messages=(lambda: []) if generates else None,
        findings=list(findings),
    )


def probe(score: float | None, verdict: Verdict = Verdict.ALLOW, mode: Mode = Mode.ENFORCE) -> Finding:
    return Finding("probe", verdict=verdict, score=score, mode=mode)


def decide(found: Exchange, *, available: Any = True) -> Finding:
    return asyncio.run(SteerCheck(**LADDER, available=available).inspect(found, apply=True))


@pytest.mark.parametrize(
    ("finding", "verdict", "strength"),
    [
        (probe(-50.0), Verdict.ALLOW, None),
        (probe(0.999), Verdict.ALLOW, None),
        (probe(1.0), Verdict.STEER, 0.1),
        (probe(2.0), Verdict.STEER, 0.3),
        (probe(2.999999), Verdict.STEER, 0.5),
        (probe(3.0, Verdict.BLOCK, Mode.MONITOR), Verdict.STEER, 0.5),
        (probe(99.0, Verdict.BLOCK, Mode.MONITOR), Verdict.STEER, 0.5),
        (probe(99.0, Verdict.BLOCK, Mode.ENFORCE), Verdict.ALLOW, None),  # blocked: nothing will be generated
    ],
)
def test_the_ladder(finding: Finding, verdict: Verdict, strength: float | None) -> None:
    found = decide(exchange(Finding("sanitize"), finding))
    assert found.check == "steer"
    assert found.verdict is verdict
    assert found.strength == (None if strength is None else pytest.approx(strength, abs=1e-6))


@pytest.mark.parametrize(
    ("findings", "available", "reason"),
    [
        ([], True, "no_score"),
        ([probe(None)], True, "no_score"),
        ([Finding("probe", error="deadline")], True, "no_score"),
        ([probe(math.nan)], True, "no_score"),
        ([probe(math.inf)], True, "no_score"),
        ([probe(2.0)], False, "unsupported"),
        ([probe(2.0)], lambda: False, "unsupported"),
        ([probe(9.0, Verdict.BLOCK, Mode.MONITOR)], False, "unsupported"),
    ],
)
def test_no_verdict_without_score_or_upstream(findings: list[Finding], available: Any, reason: str) -> None:
    with pytest.raises(CheckUnavailable) as raised:
        decide(exchange(*findings), available=available)
    assert (raised.value.check, raised.value.reason) == ("steer", reason)


def test_outside_of_the_band_the_upstream_need_not_steer() -> None:
    assert decide(exchange(probe(0.0)), available=False).verdict is Verdict.ALLOW


def test_endpoints_that_generate_nothing_are_let_pass() -> None:
    assert decide(exchange(generates=False), available=False).verdict is Verdict.ALLOW


def test_availability_is_asked_for_each_request() -> None:
    can = [True]
    check = SteerCheck(**LADDER, available=lambda: can[0])
    assert asyncio.run(check.inspect(exchange(probe(2.0)), apply=True)).verdict is Verdict.STEER
    can[0] = False
    with pytest.raises(CheckUnavailable):
        asyncio.run(check.inspect(exchange(probe(2.0)), apply=True))


@pytest.mark.parametrize("score", [1.0, 5.0])
def test_an_empty_band_is_legal(score: float) -> None:
    check = SteerCheck(**{**LADDER, "steer_at": 1.0, "block_at": 1.0}, available=True)
    found = asyncio.run(check.inspect(exchange(probe(score, mode=Mode.MONITOR)), apply=True))
    assert found.strength == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"steer_at": 4.0},
        {"steer_at": math.nan},
        {"block_at": math.inf},
        {"min_strength": 0.0},
        {"min_strength": 0.6},
        {"max_strength": 1.1},
        {"max_strength": math.nan},
    ],
)
def test_impossible_policies_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        SteerCheck(**{**LADDER, **change}, available=True)


class _Probe:
    name = "probe"

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        return probe(2.0)

    def output(self, *_: Any) -> None:
        return None


@pytest.mark.parametrize(
    ("mode", "on_error", "available", "verdict", "would", "strength", "result"),
    [
        (Mode.ENFORCE, OnError.BLOCK, True, Verdict.STEER, Verdict.STEER, 0.3, "steer"),
        (Mode.MONITOR, OnError.BLOCK, True, Verdict.ALLOW, Verdict.STEER, 0.0, "would_steer"),
        (Mode.ENFORCE, OnError.BLOCK, False, Verdict.BLOCK, Verdict.BLOCK, 0.0, "error"),
        (Mode.ENFORCE, OnError.ALLOW, False, Verdict.ALLOW, Verdict.ALLOW, 0.0, "bypass"),
    ],
)
def test_in_the_chain(
    mode: Mode,
    on_error: OnError,
    available: bool,
    verdict: Verdict,
    would: Verdict,
    strength: float,
    result: str,
) -> None:
    chain = Chain([Link(_Probe()), Link(SteerCheck(**LADDER, available=available), mode=mode, on_error=on_error)])
    decision = asyncio.run(chain.inspect(exchange()))
    assert (decision.verdict, decision.would) == (verdict, would)
    assert decision.strength == pytest.approx(strength)
    assert decision.findings[-1].result == result
