"""`DELETE /v1/responses/{id}`: an answer is forgotten, by the upstream that keeps it and by our store."""

from __future__ import annotations

import time
from collections.abc import Mapping

from guard.errors import RequestError
from guard.metrics import Metrics
from proxy import headers
from proxy.assembly import Assembly, Guarded
from proxy.conversations import Conversations
from proxy.responder import Responder
from proxy.trace import Trace
from proxy.upstream.base import Call
from proxy.upstream.counting import counted

_GONE = (404, 405, 501)  # the upstream has no such answer, or keeps none at all


async def serve(
    assembly: Assembly,
    conversations: Conversations,
    identity: str,
    trace: Trace,
    responder: Responder,
    client_headers: Mapping[bytes, bytes],
    metrics: Metrics,
) -> None:
    """Relay the deletion to the upstream the answer came from, then forget what belongs to it, so that no worker and no
    replica builds on it any more.

    Raises `RequestError` 404 for an answer that is not known to this tenant, and `StoreUnavailable`.
    """
    kept = await conversations.whose(identity, trace.tenant)
    guarded = None if kept is None else _found(assembly, *kept)
    if guarded is None:
        raise RequestError("The response is not known here, or not to you.", status=404, code="response_not_found")
    trace.policy, trace.upstream = guarded.policy, guarded.upstream_name
    call = Call(
        endpoint=f"/v1/responses/{identity}",
        headers=headers.to_upstream(client_headers, request_id=trace.request_id, authorization=guarded.key_from_client),
        method="DELETE",
        tenant=trace.tenant,
        request_id=trace.request_id,
    )
    trace.called = guarded.upstream_name
    if trace.spans is not None:
        call = trace.spans.sending(call, guarded, "")
    began = time.perf_counter()
    try:
        reply = await counted(guarded.upstream, call, metrics, client_key=guarded.key_from_client)
    except RequestError as error:
        if error.status in _GONE:
            await conversations.forget(identity)
        raise
    try:
        trace.waited(time.perf_counter() - began)
        if trace.spans is not None:
            trace.spans.answered(str(reply.status), streams=False)
        if reply.status < 300 or reply.status in _GONE:
            await conversations.forget(identity)
        said = [*(h for h in headers.to_client(reply.headers) if h[0] != headers.REQUEST_ID), *trace.headers()]
        await responder.whole(reply.status, said, reply.body or b"")
    finally:
        await reply.close()


def _found(assembly: Assembly, policy: str, upstream: str) -> Guarded | None:
    bound = (one for guarded in assembly.guards for one in (guarded, *guarded.fallbacks))
    return next((g for g in bound if (g.policy, g.upstream_name) == (policy, upstream)), None)
