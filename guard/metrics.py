"""Prometheus metrics: one object with a verb for everything the proxy has to tell.

Names are API and asserted in tests. Labels are bounded: no model names, tenants or ids. With several workers the
values live in `PROMETHEUS_MULTIPROC_DIR` (see `guard.multiprocess`) and any worker can render all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from guard import multiprocess
from guard.label import Bounded
from guard.verdict import Decision, Finding, Mode, Verdict

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Phase = Literal["input", "output"]

# OpenTelemetry's GenAI conventions: .01 s doubling to 81.92 s, and bounds of their own for the first token.
_CALL = tuple(0.01 * 2**k for k in range(14))
_FIRST = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
# Checks and our own overhead live between a tenth of a millisecond and some seconds.
_CHECK = tuple(0.0001 * 2**k for k in range(17))
_SCORE = (
    -30.0,
    -20.0,
    -15.0,
    -10.0,
    -7.5,
    -5.0,
    -3.0,
    -2.0,
    -1.0,
    0.0,
    1.0,
    2.0,
    3.0,
    5.0,
    7.5,
    10.0,
    15.0,
    20.0,
    30.0,
)
_MOST_VALUES = 100
_OPEN = 2  # of a breaker
_PARTS = ("turn", "window", "prompt", "tool_result", "unwrapped")
_REASONS = (
    "connect",
    "connect_timeout",
    "tls",
    "first_byte_timeout",
    "idle_timeout",
    "total_timeout",
    "reset",
    "early_close",
    "malformed",
    "circuit_open",
    "deadline",
    "status_timeout",
    "client_gone",
    "queue_full",
    "429",
    "500",
    "502",
    "503",
    "504",
)
"""What upstreams fail by as a rule."""

_M = TypeVar("_M", bound=Counter | Gauge | Histogram)


@dataclass(frozen=True, slots=True)
class Description:
    """One family, for the metrics reference."""

    name: str
    type: str
    labels: Sequence[str]
    text: str


class _Family(Generic[_M]):
    """A metric family whose labels are bounded and whose children are looked up in one dictionary access."""

    def __init__(self, metric: _M, labels: int) -> None:
        self._metric = metric
        self._bounds = [Bounded(_MOST_VALUES) for _ in range(labels)]
        self._children: dict[tuple[str, ...], _M] = {}

    def __call__(self, *labels: str) -> _M:
        child = self._children.get(labels)
        if child is None:
            bounded = tuple(bound(text) for bound, text in zip(self._bounds, labels, strict=True))
            child = cast(_M, self._metric.labels(*bounded))
            if bounded == labels:  # else the cache itself would grow with every unknown value
                self._children[labels] = child
        return child


class Metrics:
    """All metrics of one process. Several may live side by side (tests); a server has one."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._registry.register(_HitRatio(self._collect))
        self._own = CollectorRegistry()
        self.descriptions: list[Description] = []

        self._requests = self._counter(
            "requests",
            "Requests by what was decided; mode monitor: only recorded.",
            "endpoint",
            "verdict",
            "mode",
            "status",
        )
        self._guard = self._histogram(
            "guard_duration_seconds",
            "Time of a check. One that failed open is bypass, one that failed closed is error; in mode monitor would_…",
            _CHECK,
            "check",
            "phase",
            "result",
        )
        self._score = self._histogram("guard_score", "Scores, for choosing thresholds.", _SCORE, "check")
        self._entities = self._counter(
            "entities",
            "Sensitive values found, by entity type; mode monitor: left as they were.",
            "check",
            "entity",
            "mode",
        )
        self._upstream = self._histogram(
            "upstream_duration_seconds", "Time of an upstream's whole answer.", _CALL, "upstream", "endpoint"
        )
        self._upstream_requests = self._counter(
            "upstream_requests",
            "Calls meant for an upstream, for clients and for checks; with its retries a call counts once.",
            "upstream",
        )
        self._upstream_errors = self._counter(
            "upstream_errors",
            "Calls an upstream refused, broke off or did not get, by why.",
            "upstream",
            "reason",
        )
        self._retries = self._counter("upstream_retries", "Calls repeated, by why.", "upstream", "reason")
        self._fallbacks = self._counter(
            "upstream_fallbacks",
            "Requests that another upstream served, by which and in whose place.",
            "upstream",
            "served_by",
        )
        self._breaker = self._gauge(
            "upstream_breaker_state",
            "0: calls pass; 1: one call is let through to see; 2: none is. The worst of all workers.",
            "livemax",
            "upstream",
        )
        self._breaker_opened = self._counter("upstream_breaker_opened", "Times a breaker opened.", "upstream")
        self._overhead = self._histogram(
            "overhead_seconds", "Time of a request that was not spent waiting for the upstream.", _CHECK, "endpoint"
        )
        self._first_chunk = self._histogram(
            "time_to_first_delivered_chunk_seconds",
            "Until a client had the first text of a stream.",
            _FIRST,
            "endpoint",
        )
        self._upstream_chunk = self._histogram(
            "upstream_chunk_seconds",
            "Until the upstream had sent the first text of a stream; the difference to the delivered one is hold-back.",
            _FIRST,
            "upstream",
        )
        self._rejections = self._counter("rejections", "Requests refused before any check ran.", "reason")
        self._probes = self._counter("probe_requests", "Prompts scored.", "check")
        self._probe_tokens = self._counter(
            "probe_tokens", "Prompt and probe tokens of scored prompts: computed, or found in the cache.", "source"
        )
        self._probe_stages = self._counter(
            "probe_prompts", "Prompts scored, by how far it had to go: the first answer token, or all probes.", "stage"
        )
        self._probe_parts = self._counter(
            "probe_decided",
            "Scored requests, by result and by which part scored worst: turn, window, prompt, tool_result, unwrapped.",
            "part",
            "result",
        )
        self._revisions = self._counter(
            "revisions", "Restored answers that a local model looked at, by what became of its corrections.", "result"
        )
        self._restores = self._counter(
            "restores",
            "Answers to requests in which something was hidden: restored, or none where no stand-in came back.",
            "result",
        )
        for result in ("restored", "none"):  # both from the start: an alert compares them
            self._restores(result)
        self._score_quarters = self._counter(
            "score_quarters",
            "Scores by the quarter (q1 to q4) of the calibration's harmless scores they would lie in: "
            "as many in each while traffic is like the calibration's.",
            "check",
            "quarter",
        )
        self._hold = self._histogram(
            "stream_hold_seconds", "How long text of a stream was held back before the next was released.", _CALL
        )
        self._held = self._gauge("stream_held_bytes", "Text of streams taken in and not yet released.", "livesum")
        self._inflight = self._gauge("inflight", "Requests being served.", "livesum")
        self._store = self._histogram("store_duration_seconds", "Time of the store's answers.", _CHECK, "operation")
        self._store_errors = self._counter(
            "store_errors", "Questions the store did not answer, by what came of it: block or allow.",
            "operation", "reason", "result",
        )  # fmt: skip
        self._queued = self._gauge("queued", "Requests waiting because their tenant has many under way.", "livesum")
        self._queue_wait = self._histogram(
            "queue_wait_seconds", "Time a request waited for its tenant's turn, where concurrency is limited.", _CHECK
        )
        # The minimum: a worker that did not take a new config keeps it down.
        self._generation = self._gauge("config_generation", "How many configs were taken over, from 1.", "livemin")
        self._reload_failures = self._counter("config_reload_failures", "New configs that were refused.")
        self._spans_lost = self._counter("spans_lost", "Spans that a collector did not take.")
        self._audit_failures = self._counter("audit_failures", "Audit lines that could not be written.")
        self._describe("probe_prefix_cache_hit_ratio", "gauge", (), _HitRatio.text)
        self._generation().set(1)

    def expect(
        self, checks: Iterable[tuple[str, Mode]], upstreams: Iterable[str], quartered: Iterable[str] = ()
    ) -> None:
        """These serve from now on: what alerts look for is there, at 0. A series that begins with its first failure
        shows `rate()` none. `quartered` are the checks known to be `guard.check.Quartered`."""
        for check, mode in checks:
            for result in ("bypass", "error"):
                self._guard(check, "input", f"would_{result}" if mode is Mode.MONITOR else result)
        for upstream in upstreams:
            self._upstream_requests(upstream)
            self._breaker(upstream)
            self._breaker_opened(upstream)
            for reason in _REASONS:
                self._upstream_errors(upstream, reason)
        for check in quartered:
            self._quarters(check)

    def request(self, endpoint: str, verdict: Verdict, mode: Mode, status: int) -> None:
        """A request was answered with HTTP `status`; `outcome` gives verdict and mode of a decision."""
        self._requests(endpoint, verdict.label, mode.value, str(status)).inc()

    def finding(self, finding: Finding, phase: Phase = "input") -> None:
        """A check ran: its time by result, its score, what it found, what it cost, how its upstream did."""
        self._guard(finding.check, phase, finding.result).observe(finding.seconds)
        if finding.upstream:
            self.upstream_request(finding.upstream)
            if finding.error is not None:
                self.upstream_error(finding.upstream, finding.error)
        if finding.score is not None:
            self._score(finding.check).observe(finding.score)
        if (quarter := finding.detail.get("quarter")) in (1, 2, 3, 4):
            self._quarters(finding.check)  # a server's calibration is not known before it scores
            self._score_quarters(finding.check, f"q{quarter}").inc()
        for entity, count in finding.entities.items():
            self._entities(finding.check, entity, finding.mode.value).inc(count)
        computed, cached = finding.detail.get("tokens_computed"), finding.detail.get("cached_tokens")
        if isinstance(computed, int) and isinstance(cached, int) and min(computed, cached) >= 0:
            self._probes(finding.check).inc()
            self._probe_tokens("computed").inc(computed)
            self._probe_tokens("cached").inc(cached)
        scored, full = finding.detail.get("prompts"), finding.detail.get("full")
        if isinstance(scored, int) and isinstance(full, int) and 0 <= full <= scored:
            self._probe_stages("full").inc(full)
            self._probe_stages("first_token").inc(scored - full)
        if (part := finding.detail.get("part")) in _PARTS:
            self._probe_parts(str(part), finding.result).inc()

    def _quarters(self, check: str) -> None:
        """All four are there: drift out of one that never had a score must show as well."""
        for quarter in ("q1", "q2", "q3", "q4"):
            self._score_quarters(check, quarter)

    def decision(self, decision: Decision, phase: Phase = "input") -> None:
        """`finding` for all findings of a decision."""
        for finding in decision.findings:
            self.finding(finding, phase)

    def upstream(self, name: str, seconds: float, *, endpoint: str) -> None:
        """An upstream answered, whole or to the end of its stream, in `seconds`."""
        self._upstream(name, endpoint).observe(seconds)

    def upstream_request(self, name: str) -> None:
        """An upstream is to be asked."""
        self._upstream_requests(name).inc()

    def upstream_error(self, name: str, reason: str) -> None:
        """An upstream did not answer, or not to the end; `reason` as in `UpstreamError`, or a status."""
        self._upstream_errors(name, reason).inc()

    def retry(self, name: str, reason: str) -> None:
        """A call is made again; `reason` as in `UpstreamError`, or a status."""
        self._retries(name, reason).inc()

    def fallback(self, name: str, served_by: str) -> None:
        """Another upstream served a request in this one's place."""
        self._fallbacks(name, served_by).inc()

    def breaker(self, name: str, state: int) -> None:
        """An upstream's breaker is closed (0), half open (1) or open (2) now."""
        self._breaker(name).set(state)
        if state == _OPEN:
            self._breaker_opened(name).inc()

    def rejection(self, reason: str) -> None:
        """A request was refused before any check ran (bad JSON, no key, too large, unknown model, ...)."""
        self._rejections(reason).inc()

    def revision(self, result: str) -> None:
        """A whole answer was looked at once more; `result` as in `guard.check.Revision`."""
        self._revisions(result).inc()

    @contextmanager
    def inflight(self) -> Iterator[None]:
        """Counts a request as being served."""
        gauge = self._inflight()
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    def store(self, operation: str, seconds: float) -> None:
        """The store answered."""
        self._store(operation).observe(seconds)

    def store_error(self, operation: str, reason: str, result: str) -> None:
        """The store did not answer; `result`: `block`, or `allow` where the process went on by itself."""
        self._store_errors(operation, reason, result).inc()

    @contextmanager
    def queued(self) -> Iterator[None]:
        """Counts a request as waiting for its turn."""
        gauge = self._queued()
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()

    def waited(self, seconds: float) -> None:
        """A request waited so long for its turn, whether or not it came."""
        self._queue_wait().observe(seconds)

    def held(self, delta_bytes: int) -> None:
        """Text held back in streams grew, or with a negative number shrank."""
        if delta_bytes:
            self._held().inc(delta_bytes)

    def hold(self, seconds: float) -> None:
        """A stream held text back for `seconds`."""
        self._hold().observe(seconds)

    def restore(self, restored: bool) -> None:
        """The answer to a request in which something was hidden is through: something was `restored`, or nothing."""
        self._restores("restored" if restored else "none").inc()

    def first_chunk(self, endpoint: str, seconds: float) -> None:
        """The first text of a stream reached the client `seconds` after the request came in."""
        self._first_chunk(endpoint).observe(seconds)

    def upstream_chunk(self, name: str, seconds: float) -> None:
        """The first text of a stream came from the upstream, `seconds` after the request came in."""
        self._upstream_chunk(name).observe(seconds)

    def overhead(self, endpoint: str, seconds: float) -> None:
        """A request spent `seconds` with us rather than with the upstream."""
        self._overhead(endpoint).observe(seconds)

    def reload(self, ok: bool) -> None:
        """A new config was taken over, or refused."""
        if ok:
            self._generation().inc()
        else:
            self._reload_failures().inc()

    def generation(self, number: int) -> None:
        """This worker serves by the config of that number."""
        self._generation().set(number)

    def spans_lost(self, count: int) -> None:
        """So many spans could not be exported."""
        self._spans_lost().inc(count)

    def audit_failure(self) -> None:
        """An audit line could not be written."""
        self._audit_failures().inc()

    def table(self) -> str:
        """The metrics reference as a Markdown table."""
        lines = ["| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
        for d in self.descriptions:
            labels = ", ".join(f"`{name}`" for name in d.labels)
            lines.append(f"| `{d.name}` | {d.type} | {labels} | {d.text} |")
        return "\n".join(lines) + "\n"

    def render(self) -> bytes:
        """The text exposition format (`CONTENT_TYPE`), of all workers together."""
        directory = multiprocess.directory()
        with multiprocess.reading(directory) if directory is not None else nullcontext():
            return generate_latest(self._registry)

    def _collect(self) -> Iterable[Metric]:
        directory = multiprocess.directory()
        if directory is None:
            return self._own.collect()
        return MultiProcessCollector(None, str(directory)).collect()  # type: ignore[no-untyped-call, no-any-return]

    def _counter(self, name: str, text: str, *labels: str) -> _Family[Counter]:
        self._describe(f"{name}_total", "counter", labels, text)
        return self._family(Counter(f"guardchain_{name}", text, labels, registry=self._own), labels)

    def _gauge(
        self, name: str, text: str, mode: Literal["livesum", "livemin", "livemax"], *labels: str
    ) -> _Family[Gauge]:
        self._describe(name, "gauge", labels, text)
        gauge = Gauge(f"guardchain_{name}", text, labels, registry=self._own, multiprocess_mode=mode)
        return self._family(gauge, labels)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> _Family[Histogram]:
        self._describe(name, "histogram", labels, text)
        return self._family(Histogram(f"guardchain_{name}", text, labels, registry=self._own, buckets=buckets), labels)

    def _family(self, metric: _M, labels: Sequence[str]) -> _Family[_M]:
        family: _Family[_M] = _Family(metric, len(labels))
        if not labels:
            family._children[()] = metric
        return family

    def _describe(self, name: str, kind: str, labels: Sequence[str], text: str) -> None:
        self.descriptions.append(Description(f"guardchain_{name}", kind, labels, text))


def outcome(decision: Decision) -> tuple[Verdict, Mode]:
    """Verdict and mode under which a request is counted: in monitor mode what would have been done."""
    if decision.would > decision.verdict:
        return decision.would, Mode.MONITOR
    return decision.verdict, Mode.ENFORCE


class _HitRatio(Collector):
    """All families, and a ratio computed from the merged counters: a gauge of each worker could not be merged."""

    text = "Share of the tokens of scored prompts that came from the cache."

    def __init__(self, families: Any) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        tokens: dict[str, float] = {}
        for family in self._families():
            if family.name == "guardchain_probe_tokens":
                tokens = {s.labels["source"]: s.value for s in family.samples if s.name.endswith("_total")}
            yield family
        total = sum(tokens.values())
        ratio = tokens.get("cached", 0.0) / total if total else 0.0
        yield GaugeMetricFamily("guardchain_probe_prefix_cache_hit_ratio", self.text, value=ratio)
