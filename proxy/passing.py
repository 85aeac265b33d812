"""Unknown paths under `unknown_paths: pass`: handed on unread, because a policy says so."""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.types import Scope

from guard.errors import RequestError, UpstreamError
from guard.metrics import Metrics
from proxy import headers
from proxy.assembly import Assembly, Guarded
from proxy.client import parse_json
from proxy.paths import Target
from proxy.responder import Responder
from proxy.trace import Trace
from proxy.upstream.base import Call
from proxy.upstream.counting import counted
from proxy.upstream.sse import encode

_METHODS = frozenset(("GET", "POST", "DELETE"))


async def serve(
    assembly: Assembly,
    guarded: Guarded,
    target: Target,
    scope: Scope,
    raw: bytes,
    trace: Trace,
    responder: Responder,
    client_headers: Mapping[bytes, bytes],
    metrics: Metrics,
) -> None:
    """Relay one request as it is. Bodies must be JSON: a form upload is refused (415), not guessed at."""
    if scope["method"] not in _METHODS:
        raise RequestError("This method is not passed on.", status=405, code="method_not_supported")
    if raw and not client_headers.get(b"content-type", b"application/json").startswith(b"application/json"):
        raise RequestError("Only JSON bodies are passed on.", status=415, code="unsupported_media_type")
    trace.policy, trace.upstream = guarded.policy, guarded.upstream_name
    body = parse_json(raw, max_depth=assembly.config.server.max_json_depth) if raw else None
    query = scope.get("query_string", b"").decode("latin-1")
    call = Call(
        endpoint=f"{target.path}?{query}" if query else target.path,
        body=body,
        headers=headers.to_upstream(client_headers, request_id=trace.request_id, authorization=guarded.key_from_client),
        method=scope["method"],
        stream=bool(body and body.get("stream") is True),
        tenant=trace.tenant,
        request_id=trace.request_id,
    )
    trace.called = guarded.upstream_name
    if trace.spans is not None:
        call = trace.spans.sending(call, guarded, "")
    began = time.perf_counter()
    reply = await counted(guarded.upstream, call, metrics, client_key=guarded.key_from_client)
    if trace.spans is not None:
        trace.spans.answered(str(reply.status), streams=reply.events is not None)
    try:
        trace.waited(time.perf_counter() - began)
        said = [*(h for h in headers.to_client(reply.headers) if h[0] != headers.REQUEST_ID), *trace.headers()]
        if reply.events is None:
            kind = next((v for k, v in reply.headers if k.lower() == "content-type"), "application/json")
            await responder.whole(reply.status, said, reply.body or b"", content_type=kind)
            return
        await responder.stream(said)
        try:
            async for event in reply.events:
                await responder.chunk(encode(event))
        except UpstreamError as error:
            reply.ended(error.reason)
            raise
        reply.ended("")
        await responder.end()
    finally:
        await reply.close()
