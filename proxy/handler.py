"""The gateway: a raw ASGI application for everything under `/v1`. Authenticates, parses, routes, keeps the books."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import Mapping

import orjson
from starlette.types import Receive, Scope, Send

from guard.errors import RequestError
from guard.metrics import Metrics
from guard.verdict import OnError
from proxy import deleting, headers, models, moderations, passing
from proxy.assembly import Assembly
from proxy.client import Client, ClientGone, parse_json
from proxy.conversations import Conversations
from proxy.drain import Drain
from proxy.errors import Stopping, log, problem_of
from proxy.limits import Demand, Limiter, check_messages, demand
from proxy.live import Live
from proxy.paths import Route, Target, may_pass, refuse_unknown, resolve
from proxy.pipeline import ENDPOINTS, Pipeline
from proxy.record import write
from proxy.responder import ClientStalled, Responder
from proxy.spans import Tracer
from proxy.store import MemoryStore, Store
from proxy.trace import CLIENT_GONE, Trace
from proxy.wire.request import Options


class Gateway:
    """Serves one request per call, under the assembly that is in force when it arrives."""

    def __init__(
        self,
        live: Live,
        metrics: Metrics,
        limiter: Limiter,
        *,
        store: Store | None = None,
        drain: Drain | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._live = live
        self._metrics = metrics
        self._limiter = limiter
        self._store = store or MemoryStore()
        self._drain = drain or Drain()
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assembly = self._live.current
        trace = Trace(headers.new_request_id())
        responder = Responder(send)
        if self._tracer is not None:
            trace.spans = self._tracer.begin(scope["method"], headers.index(scope["headers"]))
        with assembly.lease(), self._metrics.inflight():
            try:
                await self._serve(assembly, scope, receive, responder, trace)
                trace.status = trace.status or responder.status
            except (ClientGone, ClientStalled) as gone:
                trace.status, trace.reason = CLIENT_GONE, type(gone).__name__
            except asyncio.CancelledError:
                trace.status, trace.reason = CLIENT_GONE, "shutdown"
                raise
            except Exception as error:
                await self._fail(error, responder, trace)
            finally:
                write(trace, responder, self._metrics, assembly.audit)
                if trace.spans is not None:
                    trace.spans.end(trace)

    async def _serve(
        self, assembly: Assembly, scope: Scope, receive: Receive, responder: Responder, trace: Trace
    ) -> None:
        found = headers.index(scope["headers"])
        target = resolve(scope)
        trace.endpoint = str(target.route)
        if self._drain.refuses:
            # A client that is still sending its body when we close would see a reset in place of the answer.
            await _read(Client(receive, found), assembly, trace)
            raise Stopping
        caller = assembly.auth.caller(found)
        trace.tenant = caller.tenant
        if assembly.audit.failing and assembly.config.audit.on_error is OnError.BLOCK:
            # Its own line is the next attempt to write one.
            raise RequestError("Requests cannot be recorded at the moment.", status=503, code="audit_unavailable")
        limits = assembly.config.limits_of(caller.tenant)
        text_headers = _text(found) if assembly.reads_headers else {}
        client = Client(receive, found)
        if target.route is Route.MODELS:
            async with client.watched(responder), self._limiter.admitted(limits, caller, Demand(), trace):
                await models.serve(assembly, target, trace, responder, found, text_headers, self._metrics)
            return
        if target.route is Route.OTHER:
            guarded = assembly.find("", trace.tenant, text_headers)
            if guarded is None or not guarded.passes_unknown or not may_pass(target):
                raise refuse_unknown(scope["method"], target)
            raw = await _read(client, assembly, trace)
            asked = demand(target.route, raw)
            async with client.watched(responder), self._limiter.admitted(limits, caller, asked, trace):
                await passing.serve(assembly, guarded, target, scope, raw, trace, responder, found, self._metrics)
            return
        if target.response is not None:
            kept = self._conversations(assembly)
            async with client.watched(responder), self._limiter.admitted(limits, caller, Demand(), trace):
                await deleting.serve(assembly, kept, target.response, trace, responder, found, self._metrics)
            return
        raw = await _read(client, assembly, trace)
        body = parse_json(raw, max_depth=assembly.config.server.max_json_depth)
        check_messages(body, limits)
        asked = demand(target.route, raw, body)
        async with client.watched(responder), self._limiter.admitted(limits, caller, asked, trace):
            if target.route is Route.MODERATIONS:
                await moderations.serve(assembly, body, trace, responder, text_headers)
                return
            await self._generate(assembly, target, body, scope, responder, trace, found, text_headers)

    async def _generate(
        self,
        assembly: Assembly,
        target: Target,
        body: dict[str, object],
        scope: Scope,
        responder: Responder,
        trace: Trace,
        found: Mapping[bytes, bytes],
        text_headers: Mapping[str, str],
    ) -> None:
        endpoint = ENDPOINTS[target.route]
        model = body.get("model")
        if not isinstance(model, str):
            endpoint.parse(body, Options())  # says what is wrong with it
            raise RequestError("'model' must be a string.", param="model")
        trace.model = assembly.known_model(model)
        guarded = assembly.guard_for(model, trace.tenant, text_headers)
        trace.policy, trace.upstream = guarded.policy, guarded.upstream_name
        explain = assembly.explain and headers.EXPLAIN.encode() in found and _is_loopback(scope)
        pipeline = Pipeline(
            guarded=guarded,
            route=target.route,
            trace=trace,
            responder=responder,
            metrics=self._metrics,
            client_headers=found,
            explain=explain,
            conversations=self._conversations(assembly) if target.route is Route.RESPONSES else None,
        )
        await pipeline.run(endpoint.parse(body, guarded.options))

    def _conversations(self, assembly: Assembly) -> Conversations:
        return Conversations(self._store, assembly.seal, seconds=assembly.config.store.responses_seconds)

    async def _fail(self, error: Exception, responder: Responder, trace: Trace) -> None:
        """Tell the client, if it can still be told."""
        problem = problem_of(error)
        trace.reason = problem.reason
        if isinstance(error, RequestError):
            self._metrics.rejection(problem.reason)
        try:
            if not responder.started:
                await responder.problem(problem, trace.headers())
            elif not responder.ended:
                # A stream is under way and its filter is not to be trusted any more: end it without its help.
                await responder.chunk(b"data: " + orjson.dumps({"error": problem.error()}) + b"\n\ndata: [DONE]\n\n")
                await responder.end()
        except Exception as second:
            log.warning("an error could not be delivered: %s", type(second).__name__)
        trace.status = trace.status or problem.status


async def _read(client: Client, assembly: Assembly, trace: Trace) -> bytes:
    """The body; a slow sender is not our overhead."""
    began = time.perf_counter()
    try:
        return await client.body(assembly.config.server.max_body_bytes)
    finally:
        trace.client_seconds += time.perf_counter() - began


def _text(found: Mapping[bytes, bytes]) -> dict[str, str]:
    return {k.decode("latin-1"): v.decode("latin-1") for k, v in found.items()}


def _is_loopback(scope: Scope) -> bool:
    peer = scope.get("client")
    try:
        return peer is not None and ipaddress.ip_address(peer[0]).is_loopback
    except ValueError:
        return False
