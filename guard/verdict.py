"""Verdicts and findings: what a check decided and why, never the text it decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Verdict(IntEnum):
    """Ordered by strictness; folding takes the maximum."""

    ALLOW = 0
    MASK = 1
    STEER = 2
    BLOCK = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Mode(StrEnum):
    OFF = "off"
    MONITOR = "monitor"  # decide, record `would_*`, change nothing
    ENFORCE = "enforce"


class OnError(StrEnum):
    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. Safe to log as it stands: names, counts and numbers only.

    `score` is the check's own scale (for the probe: log-odds-like, higher is more harmful).
    `strength` in [0, 1] is set with `Verdict.STEER`.
    `route_local` says that the request may only be seen by the policy's local upstream, and goes there as it is.
    `error` is a short label when the check could not run and `on_error` decided instead.
    `upstream` is the one that the check asks, where it asks any.
    """

    check: str
    verdict: Verdict = Verdict.ALLOW
    mode: Mode = Mode.ENFORCE
    score: float | None = None
    strength: float | None = None
    route_local: bool = False
    entities: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    upstream: str = ""
    seconds: float = 0.0
    detail: Mapping[str, float | int | str] = field(default_factory=dict)
    started: float = field(default=0.0, compare=False)
    """`time.perf_counter()` when the check began; 0 where it ran elsewhere."""

    @property
    def result(self) -> str:
        """The metric label: allow, mask, route_local, steer, block, bypass (failed open), error (failed closed), and
        in mode monitor `would_` with it, since nobody was refused and nothing went unguarded that is guarded."""
        if self.error is not None:
            label = "error" if self.verdict is Verdict.BLOCK else "bypass"
        else:
            label = "route_local" if self.route_local else self.verdict.label
        if self.mode is Mode.MONITOR and label != Verdict.ALLOW.label:
            return f"would_{label}"
        return label


@dataclass(frozen=True, slots=True)
class Decision:
    """The folded verdict of a chain run: what is done, and what would have been done with every check enforcing.

    A monitored check that could not run has no say in either: that it failed is no verdict on the request.
    """

    findings: Sequence[Finding] = ()

    @property
    def verdict(self) -> Verdict:
        if not self.findings:  # asked several times a request, and without checks there is nothing to fold
            return Verdict.ALLOW
        return max((f.verdict for f in self.findings if f.mode is Mode.ENFORCE), default=Verdict.ALLOW)

    @property
    def would(self) -> Verdict:
        if not self.findings:
            return Verdict.ALLOW
        return max(
            (f.verdict for f in self.findings if f.mode is Mode.ENFORCE or f.error is None), default=Verdict.ALLOW
        )

    @property
    def decisive(self) -> Finding | None:
        """The first finding that led to the verdict; None when everything was allowed."""
        if self.verdict is Verdict.ALLOW:
            return None
        return next(f for f in self.findings if f.mode is Mode.ENFORCE and f.verdict is self.verdict)

    @property
    def strength(self) -> float:
        """Steering strength in [0, 1]; 0 unless an enforcing check asked for it."""
        if not self.findings:
            return 0.0
        return max(
            (f.strength or 0.0 for f in self.findings if f.mode is Mode.ENFORCE and f.verdict is Verdict.STEER),
            default=0.0,
        )

    @property
    def route_local(self) -> bool:
        """Whether an enforcing check sends the request to the policy's local upstream."""
        return bool(self.findings) and any(f.route_local for f in self.findings if f.mode is Mode.ENFORCE)

    def finding(self, check: str) -> Finding | None:
        return next((f for f in self.findings if f.check == check), None)
