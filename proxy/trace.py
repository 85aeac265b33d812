"""What is known of one request while it is served, and its one line in metrics and audit at the end of every path."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from guard.verdict import Decision
from proxy import headers
from proxy.paths import Route
from proxy.spans import Spans
from proxy.wire.answer import Tally

CLIENT_GONE = 499
"""Status in metrics and audit for a client that hung up first; never sent."""


@dataclass(slots=True)
class Trace:
    """Times are `time.perf_counter()` values or seconds. Holds names and numbers, never text of users."""

    request_id: str
    started: float = field(default_factory=time.perf_counter)
    endpoint: str = Route.OTHER
    tenant: str = ""
    model: str = ""
    upstream: str = ""
    policy: str = ""
    stream: bool = False
    decision: Decision = field(default_factory=Decision)
    decided: bool = False
    tally: Tally = field(default_factory=Tally)
    status: int = 0
    reason: str = ""
    called: str = ""
    """The upstream that was asked last, unless its breaker was open."""
    call_seconds: float = 0.0
    """How long that one took, all in all."""
    upstream_seconds: float = 0.0
    """How long all that were asked took."""
    client_seconds: float = 0.0
    upstream_id: str | None = None
    explain: str | None = None
    events: int = 0
    """Events with data that came from the upstream."""
    first_event: float | None = None
    """When the upstream's first event with data came."""
    spans: Spans | None = None
    """Where tracing is on."""
    limits: list[tuple[str, str]] = field(default_factory=list)
    """Headers that say what is left of the caller's budgets."""

    def waited(self, seconds: float) -> None:
        """The upstream that was `called` kept us waiting."""
        self.call_seconds += seconds
        self.upstream_seconds += seconds

    @property
    def overhead(self) -> float:
        """Seconds that neither the upstream nor a slow client is to blame for, so far."""
        return max(0.0, time.perf_counter() - self.started - self.upstream_seconds - self.client_seconds)

    def headers(self) -> list[tuple[str, str]]:
        """What every response says about itself: ids, and once decided the decision, in names and numbers."""
        out = [(headers.REQUEST_ID, self.upstream_id or self.request_id)]
        if self.upstream_id is not None:
            out.append((headers.OWN_REQUEST_ID, self.request_id))
        if self.policy:
            out.append((headers.POLICY, self.policy))
        if self.decided:
            out.append((headers.DECISION, self.label()))
            score = next((f.score for f in self.decision.findings if f.score is not None), None)
            if score is not None:
                out.append((headers.SCORE, f"{score:.4f}"))
        out += self.limits
        out.append((headers.OVERHEAD, f"{self.overhead * 1000:.2f}"))
        if self.explain is not None:
            out.append((headers.EXPLAIN, self.explain))
        return out

    def label(self) -> str:
        """`allow`, `mask`, `steer` or `block`; with `, route-local` when only the local upstream saw the request, with
        `, would-…` when a monitoring check would have gone further."""
        done, would = self.decision.verdict, self.decision.would
        label = done.label
        if self.decision.route_local:
            label += ", route-local"
        if would > done:
            label += f", would-{would.label}"
        if self.tally.logprobs_stripped:
            label += ", logprobs-stripped"
        return label
