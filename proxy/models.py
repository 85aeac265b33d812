"""`GET /v1/models`: the models a caller can use through us, asked of the upstreams and filtered by the routes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from guard.errors import RequestError, UpstreamError
from guard.metrics import Metrics
from proxy import headers
from proxy.assembly import Assembly, Guarded
from proxy.paths import Target
from proxy.responder import Responder
from proxy.trace import Trace
from proxy.upstream.base import Call
from proxy.upstream.counting import counted

_SECONDS = 10.0
_WILD = frozenset("*?[")


async def serve(
    assembly: Assembly,
    target: Target,
    trace: Trace,
    responder: Responder,
    client_headers: Mapping[bytes, bytes],
    text_headers: Mapping[str, str],
    metrics: Metrics,
) -> None:
    """Answer the list, or one of it. Raises `RequestError` 404 for a model that no route leads to."""
    found = await _listed(assembly, trace, client_headers, text_headers, metrics)
    if target.model is None:
        await responder.whole(200, trace.headers(), orjson.dumps({"object": "list", "data": list(found.values())}))
        return
    model = found.get(target.model)
    if model is None:
        raise RequestError(
            "The model does not exist or you do not have access to it.",
            status=404,
            code="model_not_found",
            param="model",
        )
    await responder.whole(200, trace.headers(), orjson.dumps(model))


async def _listed(
    assembly: Assembly,
    trace: Trace,
    client_headers: Mapping[bytes, bytes],
    text_headers: Mapping[str, str],
    metrics: Metrics,
) -> dict[str, dict[str, Any]]:
    """Model id to model object. An upstream that does not answer is left out, unless none answers."""
    by_upstream: dict[str, Guarded] = {}
    aliases: dict[str, Guarded] = {}
    for route, guarded in zip(assembly.config.routes, assembly.guards, strict=True):
        if not route.match.fits(route.match.model, trace.tenant, text_headers):
            continue  # a route for somebody else
        by_upstream.setdefault(guarded.upstream_name, guarded)
        if not _WILD & set(route.match.model):
            aliases.setdefault(route.match.model, guarded)
    answers = await asyncio.gather(
        *(_ask(g, trace, client_headers, metrics) for g in by_upstream.values()), return_exceptions=True
    )
    found: dict[str, dict[str, Any]] = {}
    failed: BaseException | None = None
    for guarded, answer in zip(by_upstream.values(), answers, strict=True):
        if isinstance(answer, BaseException):
            failed = answer
            continue
        guarded.upstream.listed.add(model["id"] for model in answer)
        for model in answer:
            routed = assembly.find(model["id"], trace.tenant, text_headers)
            if routed is not None and routed.upstream is guarded.upstream:
                found.setdefault(model["id"], model)
    if failed is not None and not found:
        raise failed
    for alias, guarded in aliases.items():
        found.setdefault(alias, {"id": alias, "object": "model", "created": 0, "owned_by": guarded.upstream_name})
    return found


async def _ask(
    guarded: Guarded, trace: Trace, client_headers: Mapping[bytes, bytes], metrics: Metrics
) -> list[dict[str, Any]]:
    call = Call(
        endpoint="/v1/models",
        method="GET",
        headers=headers.to_upstream(client_headers, request_id=trace.request_id, authorization=guarded.key_from_client),
        tenant=trace.tenant,
        request_id=trace.request_id,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            reply = await counted(guarded.upstream, call, metrics, client_key=guarded.key_from_client)
    except TimeoutError:
        metrics.upstream_error(guarded.upstream_name, "deadline")
        raise UpstreamError("the upstream did not list its models in time", reason="timeout", status=504) from None
    try:
        if reply.status != 200 or reply.body is None:
            raise UpstreamError("the upstream did not list its models", reason=str(reply.status))
        data = orjson.loads(reply.body)
        return [m for m in data["data"] if isinstance(m, dict) and isinstance(m.get("id"), str)]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        reply.ended("malformed")
        raise UpstreamError("the upstream's list of models is malformed", reason="malformed") from None
    finally:
        await reply.close()
