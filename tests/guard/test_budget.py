"""Token buckets: whatever is asked in whatever order, no more is granted than the limit allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.budget import Bucket, Claim, correct, refilled, standing, take

LIMITS = st.integers(1, 10_000)
WAITS = st.floats(0, 300)


@pytest.mark.parametrize(
    ("bucket", "now", "level"),
    [
        (None, 5.0, 60),  # never seen: full
        (Bucket(0, 0), 30.0, 30),
        (Bucket(0, 0), 600.0, 60),  # never more than the limit
        (Bucket(-60, 0), 30.0, -30),  # debt is paid off first
        (Bucket(20, 100), 50.0, 20),  # a clock that went back
    ],
)
def test_refill(bucket: Bucket | None, now: float, level: float) -> None:
    assert refilled(bucket, 60, now).level == pytest.approx(level)


def test_all_or_none() -> None:
    claims = [Claim("a", 10, 1), Claim("b", 10, 11)]
    after, granted = take([None, None], claims, 0.0)
    assert not granted and [b.level for b in after] == [10, 10]


@pytest.mark.parametrize(
    ("level", "cost", "granted", "remaining", "wait", "reset"),
    [(30, 1, True, 30, 0, 30), (0.5, 1, False, 0, 0.5, 59.5), (-30, 10, False, 0, 40, 90)],
)
def test_standing(level: float, cost: int, granted: bool, remaining: int, wait: float, reset: float) -> None:
    found = standing(level, Claim("a", 60, cost), granted=granted)
    assert (found.remaining, found.wait, found.reset) == (remaining, pytest.approx(wait), pytest.approx(reset))


@given(LIMITS, st.lists(st.tuples(WAITS, st.integers(0, 2_000)), max_size=60))
def test_no_more_than_the_limit_in_any_stretch(limit: int, asked: list[tuple[float, int]]) -> None:
    now, bucket = 0.0, None
    granted: list[tuple[float, int]] = []
    for wait, cost in asked:
        now += wait
        claim = Claim("k", limit, cost)
        [bucket], ok = take([bucket], [claim], now)
        assert ok or cost > bucket.level
        assert 0 <= bucket.level <= limit
        if ok:
            granted.append((now, cost))
        for index, (since, _) in enumerate(granted):
            spent = sum(c for _, c in granted[index:])
            assert spent <= limit + (now - since) * limit / 60 + 1e-6 * limit


@given(LIMITS, st.integers(1, 2_000), st.floats(-500, 500))
def test_after_the_wait_it_fits(limit: int, cost: int, level: float) -> None:
    claim = Claim("k", limit, min(cost, limit))
    bucket = Bucket(min(level, limit), 0.0)
    _, ok = take([bucket], [claim], 0.0)
    wait = standing(bucket.level, claim, granted=ok).wait
    assert take([bucket], [claim], wait + 1e-6)[1]


@given(LIMITS, st.integers(-5_000, 5_000), st.floats(-500, 500))
def test_a_correction_is_charged_in_full_and_never_overfills(limit: int, cost: int, level: float) -> None:
    bucket = Bucket(min(level, limit), 0.0)
    after = correct(bucket, Claim("k", limit, cost), 0.0)
    assert after.level == pytest.approx(min(limit, bucket.level - cost))
