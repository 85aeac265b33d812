"""Calls to upstreams, counted where they are made: once each, and once more where they fail."""

from __future__ import annotations

import asyncio

from guard.errors import UpstreamError
from guard.metrics import Metrics
from proxy.upstream.base import Call, Reply, Upstream

CLIENT_KEY = "client_key"
"""Reason of a 401 or 403 to a key that is the client's own: not the upstream's fault, nor ours."""

CLIENT_GONE = "client_gone"
"""Reason of a call whose client hung up before there was an answer; its task is cancelled with this word."""


async def counted(upstream: Upstream, call: Call, metrics: Metrics, *, client_key: bool = False) -> Reply:
    """What `upstream.send` gives or raises. A reply that breaks later is counted by its `ended`.

    `client_key`: the key that travels is the client's.
    """
    name = upstream.name
    metrics.upstream_request(name)
    try:
        reply = await upstream.send(call)
    except UpstreamError as error:
        metrics.upstream_error(name, error.reason)
        raise
    except asyncio.CancelledError as left:
        if CLIENT_GONE in left.args:  # else a deadline or a shutdown, which tell of themselves
            metrics.upstream_error(name, CLIENT_GONE)
        raise
    if reply.status >= 400:
        metrics.upstream_error(name, CLIENT_KEY if client_key and reply.status in (401, 403) else str(reply.status))
    told = reply.ended

    def ended(reason: str) -> None:
        told(reason)
        if reason:
            metrics.upstream_error(name, reason)

    reply.ended = ended
    return reply
