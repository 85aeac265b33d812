"""Budgets a minute, as token buckets: sans-I/O, so that every store counts in the same way.

A bucket holds at most its limit and refills at limit / 60 a second. A claim is granted when the bucket holds what it
costs; a correction afterwards may leave less than nothing, which later claims then wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """`cost` out of the bucket named `key`, which holds `limit` a minute."""

    key: str
    limit: int
    cost: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """`level` at time `at`, in seconds of whatever clock the store has."""

    level: float
    at: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What a bucket came to. `wait`: seconds until the claim fits, 0 for one that was granted; `reset`: until full."""

    remaining: int
    wait: float
    reset: float


def refilled(bucket: Bucket | None, limit: int, now: float) -> Bucket:
    """The bucket as it is now; None: one never seen, which is full. A clock that went back refills nothing."""
    if bucket is None:
        return Bucket(float(limit), now)
    gained = max(0.0, now - bucket.at) * limit / MINUTE
    return Bucket(min(float(limit), bucket.level + gained), max(now, bucket.at))


def take(buckets: Sequence[Bucket | None], claims: Sequence[Claim], now: float) -> tuple[list[Bucket], bool]:
    """All claims or none: the buckets afterwards, and whether they were granted."""
    full = [refilled(bucket, claim.limit, now) for bucket, claim in zip(buckets, claims, strict=True)]
    granted = all(bucket.level >= claim.cost for bucket, claim in zip(full, claims, strict=True))
    if not granted:
        return full, False
    return [Bucket(b.level - c.cost, b.at) for b, c in zip(full, claims, strict=True)], True


def correct(bucket: Bucket | None, claim: Claim, now: float) -> Bucket:
    """Charge `claim.cost` more (less, where it is negative), granted or not."""
    now_full = refilled(bucket, claim.limit, now)
    return Bucket(min(float(claim.limit), now_full.level - claim.cost), now_full.at)


def standing(level: float, claim: Claim, *, granted: bool) -> Standing:
    """What to tell a caller about a bucket at `level`."""
    rate = claim.limit / MINUTE
    return Standing(
        remaining=max(0, int(level)),
        wait=0.0 if granted else max(0.0, claim.cost - level) / rate,
        reset=max(0.0, claim.limit - level) / rate,
    )
