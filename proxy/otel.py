"""OpenTelemetry: the spans of a request, checks and upstream calls, over OTLP. Needs the extra `otel`.

Spans hold names, numbers and times: no text of users, no text of exceptions, no model name that only a client wrote.
Names follow the GenAI semantic conventions; those for guardrails are a proposal (semantic-conventions-genai #427).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

import guard
from guard.config import Tracing
from guard.label import label
from guard.metrics import Metrics
from guard.verdict import Finding, Mode, Verdict
from proxy import headers as names
from proxy.assembly import Guarded
from proxy.errors import log
from proxy.paths import Route
from proxy.trace import CLIENT_GONE, Trace
from proxy.upstream.base import Call

_OPERATIONS: Mapping[str, str] = {
    Route.CHAT: "chat",
    Route.RESPONSES: "chat",
    Route.COMPLETIONS: "text_completion",
    Route.EMBEDDINGS: "embeddings",
}
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
_ASKED = {
    "gen_ai.request.max_tokens": ("max_completion_tokens", "max_tokens", "max_output_tokens"),
    "gen_ai.request.temperature": ("temperature",),
    "gen_ai.request.top_p": ("top_p",),
    "gen_ai.request.choice.count": ("n",),
}
_USAGE = {
    "gen_ai.usage.input_tokens": ("prompt_tokens", "input_tokens"),
    "gen_ai.usage.output_tokens": ("completion_tokens", "output_tokens"),
}
_USAGE_DETAILS = {
    "gen_ai.usage.reasoning.output_tokens": ("completion_tokens_details", "output_tokens_details", "reasoning_tokens"),
    "gen_ai.usage.cache_read.input_tokens": ("prompt_tokens_details", "input_tokens_details", "cached_tokens"),
}
_VERDICTS = {Verdict.ALLOW: "allow", Verdict.MASK: "modify", Verdict.STEER: "modify", Verdict.BLOCK: "deny"}

_EXPORT_SECONDS = 5.0
_CLOSE_SECONDS = 5.0
_QUEUE = 8192
_BATCH = 512
_EVERY_MILLISECONDS = 1000.0

_Attributes = dict[str, AttributeValue]


class OtelTracer:
    """Implements `proxy.spans.Tracer` for one process."""

    def __init__(self, spec: Tracing, metrics: Metrics) -> None:
        # Its messages may quote hosts and answers; what matters of them is said and counted below.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        resource = Resource.create(
            {
                "service.name": spec.service_name,
                "service.version": guard.__version__,
                "service.instance.id": str(uuid.uuid4()),
            }
        )
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(spec.sample)), resource=resource, shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _Watched(_exporter(spec), metrics),
                max_queue_size=_QUEUE,
                max_export_batch_size=_BATCH,
                schedule_delay_millis=_EVERY_MILLISECONDS,
            )
        )
        self._tracer = self._provider.get_tracer("guardchain", guard.__version__)
        self._guardrails = spec.guardrail_attributes

    def begin(self, method: str, headers: Mapping[bytes, bytes]) -> OtelSpans:
        return OtelSpans(self, method, _PROPAGATOR.extract(names.trace_context(headers), context=Context()))

    def start(self, name: str, kind: SpanKind, parent: Context, began: int | None = None) -> Span:
        """A span under way; `began` in nanoseconds since 1970."""
        # False twice: an exception's text may quote what it choked on.
        return self._tracer.start_span(
            name, parent, kind, start_time=began, record_exception=False, set_status_on_exception=False
        )

    @property
    def guardrails(self) -> bool:
        """Whether checks are described by the proposal for guardrails as well."""
        return self._guardrails

    async def close(self) -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def shut() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):  # too late: the loop is closed
                loop.call_soon_threadsafe(done.set)

        # Not in the loop's executor, which is waited for without end: the collector may be deaf.
        threading.Thread(target=shut, daemon=True, name="spans").start()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await done.wait()
        except TimeoutError:
            log.warning("spans were left when the process ended")


class OtelSpans:
    """Implements `proxy.spans.Spans`."""

    def __init__(self, tracer: OtelTracer, method: str, caller: Context) -> None:
        self._tracer = tracer
        self._method = method if method in _METHODS else "_OTHER"
        # Times are noted by a clock that has no date.
        self._epoch = time.time_ns() - time.perf_counter_ns()
        self._request = tracer.start(self._method, SpanKind.SERVER, caller)
        self._context = set_span_in_context(self._request, Context())
        self._call: Span | None = None
        self._called = 0.0
        self._call_ended: int | None = None

    def sending(self, call: Call, guarded: Guarded, model: str) -> Call:
        try:
            return self._sending(call, guarded, model)
        except Exception as error:
            _give_up(error)
            return call

    def answered(self, outcome: str, *, streams: bool = False) -> None:
        try:
            self._answered(outcome, streams=streams)
        except Exception as error:
            _give_up(error)

    def end(self, trace: Trace) -> None:
        try:
            self._end(trace)
        except Exception as error:
            _give_up(error)

    def _sending(self, call: Call, guarded: Guarded, model: str) -> Call:
        self._end_call()
        operation = _OPERATIONS.get(call.endpoint, "")
        name = f"{operation} {model}".strip() or "call"
        self._called = time.perf_counter()
        self._call = span = self._tracer.start(name, SpanKind.CLIENT, self._context)
        if span.is_recording():
            span.set_attributes(_of_call(call, guarded, operation, model))
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier, set_span_in_context(span, Context()))
        kept = {k: v for k, v in call.headers.items() if k not in ("traceparent", "tracestate")}
        return replace(call, headers={**kept, **carrier})

    def _answered(self, outcome: str, *, streams: bool) -> None:
        span = self._call
        if span is None:
            return
        if outcome.isdigit():
            span.set_attribute("http.response.status_code", int(outcome))
        if not (outcome.isdigit() and int(outcome) < 400):
            _failed(span, outcome)
        if not streams:
            self._call_ended = time.time_ns()

    def _end(self, trace: Trace) -> None:
        request, called = self._request, set_span_in_context(self._call, Context()) if self._call else self._context
        if request.is_recording():
            for finding in trace.decision.findings:
                self._check(finding, trace, called)
            if self._call is not None:
                self._call.set_attributes(_of_answer(trace, self._called))
            request.update_name(f"{self._method} {trace.endpoint}" if trace.endpoint != Route.OTHER else self._method)
            request.set_attributes(_of_request(trace, self._method))
            # A reason beside 200 is a stream that broke after it began.
            if trace.status >= 500 or trace.status == CLIENT_GONE or (trace.status == 200 and trace.reason):
                _failed(request, trace.reason or str(trace.status))
        self._end_call(trace.reason if trace.reason.startswith("upstream_") else "")
        request.end()

    def _end_call(self, failure: str = "") -> None:
        if self._call is not None:
            if failure:
                _failed(self._call, failure.removeprefix("upstream_"))
            self._call.end(self._call_ended)
        self._call, self._call_ended = None, None

    def _check(self, finding: Finding, trace: Trace, called: Context) -> None:
        """One that ran at the upstream lies in that call, at its beginning."""
        here = finding.started > 0
        began = self._epoch + int((finding.started if here else self._called) * 1e9)
        check = label(finding.check)
        span = self._tracer.start(f"check {check}", SpanKind.INTERNAL, self._context if here else called, began)
        found: _Attributes = {
            "guardchain.check.name": check,
            "guardchain.check.mode": finding.mode.value,
            "guardchain.check.result": finding.result,
        }
        if finding.score is not None:
            found["guardchain.check.score"] = finding.score
        if finding.strength is not None:
            found["guardchain.check.strength"] = finding.strength
        if finding.entities:
            found["guardchain.check.entities"] = sum(finding.entities.values())
            found["guardchain.check.entity_types"] = sorted(label(name) for name in finding.entities)
        if self._tracer.guardrails:
            found |= _as_guardrail(finding, check, trace.policy)
        span.set_attributes(found)
        if finding.error is not None:
            _failed(span, finding.error)
        span.end(began + int(finding.seconds * 1e9))


class _Watched(SpanExporter):
    """Counts what was lost, and says so once until it works again."""

    def __init__(self, exporter: SpanExporter, metrics: Metrics) -> None:
        self._exporter = exporter
        self._metrics = metrics
        self._lost = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception:
            result = SpanExportResult.FAILURE
        lost = result is not SpanExportResult.SUCCESS
        if lost:
            self._metrics.spans_lost(len(spans))
        if lost != self._lost:
            self._lost = lost
            log.warning("the collector does not take spans" if lost else "the collector takes spans again")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _exporter(spec: Tracing) -> SpanExporter:
    """Speaks to the configured host alone: no proxy, endpoint or header is taken from the environment."""
    assert spec.endpoint is not None
    sent = {name.lower(): value.get_secret_value() for name, value in spec.headers.items()}
    if spec.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

        return OverGrpc(
            spec.endpoint,
            insecure=spec.endpoint.startswith("http:"),
            headers=tuple(sent.items()),
            timeout=_EXPORT_SECONDS,
            channel_options=(("grpc.enable_http_proxy", 0),),  # type: ignore[arg-type]  # gRPC takes numbers too
        )
    import requests
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

    session = requests.Session()
    session.trust_env = False
    _, _, path = spec.endpoint.partition("://")[2].partition("/")
    endpoint = spec.endpoint if path else spec.endpoint.rstrip("/") + "/v1/traces"
    return OverHttp(endpoint, headers=sent, timeout=_EXPORT_SECONDS, compression=Compression.Gzip, session=session)


def _of_request(trace: Trace, method: str) -> _Attributes:
    found: _Attributes = {
        "http.request.method": method,
        "guardchain.request_id": trace.request_id,
        "guardchain.verdict": trace.decision.verdict.label,
        "guardchain.overhead_seconds": trace.overhead,
        "guardchain.restored": trace.tally.restored,
    }
    if trace.endpoint != Route.OTHER:
        found["http.route"] = trace.endpoint
    if trace.status != CLIENT_GONE:
        found["http.response.status_code"] = trace.status
    for name, value in (("tenant", trace.tenant), ("policy", trace.policy), ("upstream", trace.upstream)):
        if value:
            found[f"guardchain.{name}"] = value
    if trace.reason:
        found["guardchain.reason"] = label(trace.reason)
    if operation := _OPERATIONS.get(trace.endpoint):
        found["gen_ai.operation.name"] = operation
        found["gen_ai.request.stream"] = trace.stream
        if trace.model:
            found["gen_ai.request.model"] = trace.model
    return found


def _of_call(call: Call, guarded: Guarded, operation: str, model: str) -> _Attributes:
    found: _Attributes = {
        "gen_ai.provider.name": guarded.provider or "openai",
        "gen_ai.request.stream": call.stream,
        "guardchain.upstream": guarded.upstream_name,
    }
    if operation:
        found["gen_ai.operation.name"] = operation
    if model:
        found["gen_ai.request.model"] = model
    if call.strength:
        found["guardchain.strength"] = call.strength
    body = call.body or {}
    for name, keys in _ASKED.items():
        value = next((body[key] for key in keys if _is_number(body.get(key))), None)
        if value is not None:
            found[name] = value
    return found


def _of_answer(trace: Trace, called: float) -> _Attributes:
    found: _Attributes = {}
    usage = trace.tally.usage or {}
    for name, keys in _USAGE.items():
        value = next((usage[key] for key in keys if _is_number(usage.get(key))), None)
        if value is not None:
            found[name] = int(value)
    for name, (*holders, key) in _USAGE_DETAILS.items():
        for holder in holders:
            details = usage.get(holder)
            if isinstance(details, dict) and _is_number(details.get(key)):
                found[name] = int(details[key])
    if reasons := trace.tally.finish_reasons:
        found["gen_ai.response.finish_reasons"] = [label(str(reasons[i])) for i in sorted(reasons)]
    if trace.first_event is not None:
        found["gen_ai.response.time_to_first_chunk"] = max(0.0, trace.first_event - called)
    return found


def _as_guardrail(finding: Finding, check: str, policy: str) -> _Attributes:
    found: _Attributes = {
        "gen_ai.operation.name": "run_guardrail",
        "gen_ai.security.guardrail.name": check,
        "gen_ai.security.target.type": "llm_input",
        "gen_ai.security.verdict.type": _VERDICTS[finding.verdict],
        "gen_ai.security.action.type": _VERDICTS[finding.verdict if finding.mode is Mode.ENFORCE else Verdict.ALLOW],
        "gen_ai.security.policy.name": policy,
    }
    if finding.score is not None:
        found["gen_ai.security.risk.score"] = finding.score
    return found


def _failed(span: Span, reason: str) -> None:
    """A label, never the text of an exception."""
    span.set_attribute("error.type", label(reason))
    span.set_status(StatusCode.ERROR)


def _give_up(error: Exception) -> None:
    log.error("a span was lost: %s", type(error).__name__)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_PROPAGATOR = TraceContextTextMapPropagator()
