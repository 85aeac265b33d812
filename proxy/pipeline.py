"""One guarded request, from its parsed body to the client: chain, upstream, filter."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from guard.chain import Chain
from guard.check import Exchange, OutputFilter
from guard.errors import UpstreamError
from guard.metrics import Metrics
from guard.surface import Channel
from guard.verdict import Decision, Verdict
from guard.verdict_object import moderation_object
from proxy import headers
from proxy.assembly import Guarded
from proxy.conversations import Conversations
from proxy.errors import NO_RETRY, Problem, blocked, unavailable
from proxy.fallback import handed_over, refers
from proxy.paths import Route
from proxy.responder import Responder
from proxy.revising import revised
from proxy.streaming import Relay
from proxy.trace import Trace
from proxy.upstream.base import QUEUE_FULL, Call, Reply, Vetting
from proxy.upstream.counting import counted
from proxy.upstream.retrying import CIRCUIT_OPEN, may_go_elsewhere
from proxy.upstream.sse import encode
from proxy.wire import chat, completions, embeddings, responses
from proxy.wire.answer import Endpoint, Open
from proxy.wire.blocked import blocked_body, blocked_events, supports
from proxy.wire.request import WireRequest

ENDPOINTS: Mapping[Route, Endpoint] = {
    Route.CHAT: chat,
    Route.COMPLETIONS: completions,
    Route.EMBEDDINGS: embeddings,
    Route.RESPONSES: responses,
}

_EXPLAIN_BYTES = 6000
"""An explanation travels in a header; clients stop at 8 KB and more."""


@dataclass(slots=True)
class Pipeline:
    """Everything that is fixed once the route of one request is known."""

    guarded: Guarded
    route: Route
    trace: Trace
    responder: Responder
    metrics: Metrics
    client_headers: Mapping[bytes, bytes]
    explain: bool = False
    conversations: Conversations | None = None

    async def run(self, request: WireRequest) -> None:
        """Serve the request. Raises `RequestError`, `UpstreamError` while nothing has been sent."""
        trace = self.trace
        trace.stream = request.stream
        exchange = exchange_for(self.route, request, trace)
        strict = request.moderation is not None and request.moderation.input_mode == "block"
        chain = self.guarded.chain_for(self.route, strict=strict)
        if self.conversations is not None:
            await self.conversations.recall(request, exchange, self.guarded, chain)
        decision = await chain.inspect(exchange)
        if decision.route_local and decision.verdict is not Verdict.BLOCK and self.guarded.local is not None:
            self.guarded = self.guarded.local
            trace.upstream = self.guarded.upstream_name
            chain = self.guarded.chain_for(self.route, strict=strict)
            decision = await chain.inspect(exchange)
        trace.decision, trace.decided = decision, True
        verdicts = self._verdicts(request, decision)
        if decision.verdict is Verdict.BLOCK:
            await self._block(request, decision, verdicts)
            return
        request.commit()
        if self.explain:
            trace.explain = explanation(request)
        if self.guarded.model is not None:
            request.body["model"] = self.guarded.model
        if self.guarded.reports_usage and self.route in (Route.CHAT, Route.COMPLETIONS):
            request.ask_usage()

        def open_filter(channel: Channel) -> OutputFilter | None:
            return chain.output(exchange, channel)

        reply, decision = await self._reply(request, exchange, decision, strict=strict)
        if reply is None:
            trace.decision = decision
            await self._block(request, decision, self._verdicts(request, decision))
            return
        try:
            if reply.findings:
                decision = trace.decision = Decision((*decision.findings, *reply.findings))
                verdicts = self._verdicts(request, decision)
                if decision.verdict is Verdict.BLOCK:
                    await self._block(request, decision, verdicts)
                    return
            trace.upstream_id = next((v for k, v in reply.headers if k.lower() == headers.REQUEST_ID), None)
            if reply.events is None:
                try:
                    await self._whole(request, reply, open_filter, verdicts, exchange, chain)
                except UpstreamError as error:
                    reply.ended(error.reason)
                    raise
            else:
                stream = ENDPOINTS[self.route].stream_filter(open_filter, request, moderation=verdicts)
                trace.tally = stream.tally
                relay = Relay(
                    trace,
                    self.responder,
                    stream,
                    headers=lambda: self._headers(reply),
                    held=self.metrics.held,
                    hold=self.metrics.hold,
                    first_event=lambda seconds: self.metrics.upstream_chunk(self.guarded.upstream_name, seconds),
                    ended=reply.ended,
                )
                events = reply.events
                if self.conversations is not None:
                    events = self.conversations.noting(events, request, exchange, self.guarded, chain)
                await relay.run(events)
        finally:
            await reply.close()

    async def _reply(
        self, request: WireRequest, exchange: Exchange, decision: Decision, *, strict: bool
    ) -> tuple[Reply | None, Decision]:
        """The upstream's reply, or that of the first fallback that serves; with the decision that led to it.

        None where the checks at a fallback block. When nobody serves, the first upstream's failure is the answer.
        """
        first = self.guarded
        call = self._call(request, decision, strict=strict)
        reply, failure = await self._try(call)
        label = failure.reason if failure is not None else _status(reply)
        for spare in first.fallbacks if may_go_elsewhere(call, label) and not refers(request) else ():
            found = await handed_over(first, spare, exchange, decision, self.route, strict=strict)
            if found is None:
                continue
            self.guarded, self.trace.upstream = spare, spare.upstream_name
            if found.verdict is Verdict.BLOCK:
                return None, found
            request.body["model"] = spare.model or request.model
            second, error = await self._try(self._call(request, found, strict=strict))
            trouble = error.reason if error is not None else _status(second)
            if second is not None and not may_go_elsewhere(call, trouble):
                self.metrics.fallback(first.upstream_name, spare.upstream_name)
                self.trace.decision = found
                return second, found
            self.guarded, self.trace.upstream = first, first.upstream_name
        if failure is not None:
            raise failure
        return reply, decision

    async def _try(self, call: Call) -> tuple[Reply | None, UpstreamError | None]:
        try:
            return await self._send(call), None
        except UpstreamError as failure:
            return None, failure

    def _call(self, request: WireRequest, decision: Decision, *, strict: bool = False) -> Call:
        guarded, trace = self.guarded, self.trace
        return Call(
            endpoint=str(self.route),
            body=request.body,
            headers=headers.to_upstream(
                self.client_headers, request_id=trace.request_id, authorization=guarded.key_from_client
            ),
            stream=request.stream,
            strength=decision.strength,
            tenant=trace.tenant,
            request_id=trace.request_id,
            policy=guarded.strict_ladder if strict else guarded.ladder,
        )

    async def _send(self, call: Call) -> Reply:
        guarded, trace = self.guarded, self.trace
        trace.called, trace.call_seconds = guarded.upstream_name, 0.0
        if trace.spans is not None:
            call = trace.spans.sending(call, guarded, guarded.model or trace.model)
        began = time.perf_counter()
        try:
            reply = await counted(guarded.upstream, call, self.metrics, client_key=guarded.key_from_client)
        except UpstreamError as error:
            if error.reason == CIRCUIT_OPEN:
                trace.called = ""  # nor was it: no time of its
            if trace.spans is not None:
                trace.spans.answered(error.reason)
            raise
        finally:
            trace.waited(time.perf_counter() - began)
        if trace.spans is not None:
            trace.spans.answered(str(reply.status), streams=reply.events is not None)
        return reply

    async def _whole(
        self,
        request: WireRequest,
        reply: Reply,
        open_filter: Open,
        verdicts: Mapping[str, Any] | None,
        exchange: Exchange,
        chain: Chain,
    ) -> None:
        body = reply.body or b""
        if reply.status != 200:
            await self._pass_error(reply, body)
            return
        if request.stream:
            raise UpstreamError("the upstream answered a streaming request without a stream", reason="malformed")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise UpstreamError("the upstream's answer is not valid JSON", reason="malformed") from None
        if not isinstance(answer, dict):
            raise UpstreamError("the upstream's answer is not a JSON object", reason="malformed")
        if self.conversations is not None:
            await self.conversations.remember(answer, request, exchange, self.guarded, chain)
        endpoint = ENDPOINTS[self.route]
        if revisers := chain.revisers(exchange):
            open_filter = await revised(
                answer,
                endpoint,
                open_filter,
                request,
                exchange,
                revisers,
                lambda revision: self.metrics.revision(revision.result),
            )
        filtered = endpoint.filter_body(answer, open_filter, request, tally=self.trace.tally, moderation=verdicts)
        data = orjson.dumps(filtered)
        began = time.perf_counter()
        await self.responder.whole(200, self._headers(reply), data)
        self.trace.client_seconds += time.perf_counter() - began

    async def _pass_error(self, reply: Reply, body: bytes) -> None:
        """An upstream's own error, status and body unchanged when it is an error object (wire rule X10)."""
        self.trace.reason = f"upstream_{reply.status}"
        if 400 <= reply.status <= 599 and _is_error(body):
            await self.responder.whole(reply.status, self._headers(reply), body)
            return
        if reply.status < 400:
            reply.ended(str(reply.status))  # unasked for, so no failure before
        status = reply.status if 400 <= reply.status <= 599 else 502
        problem = Problem(
            status=status,
            message=f"The upstream answered with status {reply.status} and no usable error.",
            type="upstream_error",
            code="upstream_error",
        )
        await self.responder.problem(problem, self._headers(reply))

    async def _block(self, request: WireRequest, decision: Decision, verdicts: Mapping[str, Any] | None) -> None:
        """The policy's answer to a block, in its style; a check that could not run is always an error."""
        guarded, finding = self.guarded, decision.decisive
        assert finding is not None
        style, message = guarded.block_style, guarded.block_message
        if finding.error is not None:
            await self._vet(request, decision, finding.error)
            problem = unavailable(finding.check, finding.error)
        elif style == "error" or not supports(str(self.route)):
            problem = blocked(finding.check, message)
        else:
            said = [*self.trace.headers(), NO_RETRY]
            if request.stream:
                events = blocked_events(request, style, message, moderation=verdicts)
                await self.responder.stream(said)
                await self.responder.chunk(b"".join(map(encode, events)))
                await self.responder.end()
            else:
                answer = blocked_body(request, style, message, moderation=verdicts)
                await self.responder.whole(200, said, orjson.dumps(answer))
            return
        self.trace.reason = problem.reason
        await self.responder.problem(problem, self.trace.headers())

    async def _vet(self, request: WireRequest, decision: Decision, error: str) -> None:
        """Raise `RequestError` when a check did not run because of a request that the model could not take anyway."""
        if error != QUEUE_FULL and isinstance(self.guarded.upstream, Vetting):
            request.commit()
            await self.guarded.upstream.vet(self._call(request, decision))

    def _verdicts(self, request: WireRequest, decision: Decision) -> Mapping[str, Any] | None:
        if self.route is Route.EMBEDDINGS or not (self.guarded.moderation_always or request.moderation is not None):
            return None
        return moderation_object(decision, listed=self.route is not Route.RESPONSES)

    def _headers(self, reply: Reply) -> list[tuple[str, str]]:
        own = self.trace.headers()
        ours = {headers.REQUEST_ID, *(name for name, _ in own)}  # our own limits count here, not the provider's
        return [*(h for h in headers.to_client(reply.headers) if h[0] not in ours), *own]


def exchange_for(route: Route, request: WireRequest, trace: Trace) -> Exchange:
    """The request as the checks see it; text renders lazily, after the checks before have rewritten it."""
    chatting = route in (Route.CHAT, Route.RESPONSES)
    return Exchange(
        endpoint=str(route),
        model=request.model,
        tenant=trace.tenant,
        request_id=trace.request_id,
        surfaces=request.surfaces,
        stream=request.stream,
        messages=(lambda: request.messages() or []) if chatting else None,
        tools=request.tools if chatting else None,
        prompts=(lambda: request.prompts() or []) if route is Route.COMPLETIONS else None,
    )


def explanation(request: WireRequest) -> str:
    """What leaves for the model: base64 of `[[path, text], ...]`, cut to what fits into a header."""
    shown: list[list[str]] = []
    size = 0
    for surface in request.surfaces:
        size += len(surface.path) + len(surface.text.encode()) + 8
        if size > _EXPLAIN_BYTES:
            shown.append(["", "… cut"])
            break
        shown.append([surface.path, surface.text])
    return base64.urlsafe_b64encode(orjson.dumps(shown)).decode("ascii")


def _status(reply: Reply | None) -> str:
    return "" if reply is None else str(reply.status)


def _is_error(body: bytes) -> bool:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(data, dict) and bool(data.get("error"))
