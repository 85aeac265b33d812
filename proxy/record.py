"""The books: what each finished request, however it ended, leaves in metrics and audit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from guard.audit import Audit, AuditRecord
from guard.metrics import Metrics, outcome
from proxy.paths import Route
from proxy.responder import Responder
from proxy.trace import Trace

_ANSWERING = frozenset((Route.CHAT, Route.COMPLETIONS, Route.RESPONSES))


def write(trace: Trace, responder: Responder, metrics: Metrics, audit: Audit) -> None:
    """Count and log one request. Called exactly once, on every path; never raises, never awaits."""
    verdict, mode = outcome(trace.decision)
    metrics.request(trace.endpoint, verdict, mode, trace.status)
    metrics.decision(trace.decision)
    metrics.overhead(trace.endpoint, trace.overhead)
    if trace.called:
        metrics.upstream(trace.called, trace.call_seconds, endpoint=trace.endpoint)
    if (
        trace.status == 200
        and trace.endpoint in _ANSWERING
        and any(f.result == "mask" for f in trace.decision.findings)
    ):
        metrics.restore(trace.tally.restored > 0)
    if responder.first_chunk is not None:
        metrics.first_chunk(trace.endpoint, responder.first_chunk - trace.started)
    audit.write(
        AuditRecord(
            request_id=trace.request_id,
            endpoint=trace.endpoint,
            decision=trace.decision,
            tenant=trace.tenant,
            model=trace.model,
            upstream=trace.upstream,
            policy=trace.policy,
            status=trace.status,
            stream=trace.stream,
            restored=trace.tally.restored,
            usage=_counts(trace.tally.usage),
            error=trace.reason or None,
            seconds=time.perf_counter() - trace.started,
        )
    )


def _counts(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """The flat token counts of a usage object."""
    return {k: v for k, v in (usage or {}).items() if isinstance(v, int) and not isinstance(v, bool)}
