"""Readiness: whether this process can serve, and what of the config it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from guard.audit import AuditRecord
from guard.config import Policy, Route
from guard.verdict import Mode, OnError
from proxy import headers
from proxy.assembly import Assembly
from proxy.upstream.base import Upstream

_SECONDS = 2.0


async def readiness(assembly: Assembly) -> tuple[bool, dict[str, Any]]:
    """Whether some route can be served and, where it must be, recorded, and which upstreams answer; `unserved` names
    the routes that cannot be served.

    One dead upstream of several must not take away those that work: its own requests get an error that says so.
    """
    names = list(assembly.upstreams)
    states = await asyncio.gather(*(_is_ready(assembly.upstreams[name]) for name in names))
    up = dict(zip(names, states, strict=True))
    config = assembly.config
    unserved = [
        f"routes[{index}] (model {route.match.model})"
        for index, route in enumerate(config.routes)
        if not _served(route, config.policies[route.policy], up)
    ]
    body: dict[str, Any] = {"upstreams": up}
    if unserved:
        body["unserved"] = unserved
    recording = _records(assembly)
    if not recording:
        body["audit"] = False
    return recording and len(unserved) < len(config.routes), body


def _records(assembly: Assembly) -> bool:
    """False while the audit log takes no lines and nobody is served without. A line of the probe's own is the next
    attempt, since whoever is not ready gets no requests whose lines could be it."""
    audit = assembly.audit
    if audit.failing and assembly.config.audit.on_error is OnError.BLOCK:
        audit.write(AuditRecord(headers.new_request_id(), "/readyz", status=503, error="audit_unavailable"))
        return not audit.failing
    return True


def _served(route: Route, policy: Policy, up: Mapping[str, bool]) -> bool:
    where = (route.upstream, *(fallback.upstream for fallback in route.fallback))
    return any(up[name] for name in where) and all(up[name] for name in _needed(policy))


def _needed(policy: Policy) -> Iterator[str]:
    """The upstreams of checks without which the policy lets nothing pass."""
    for spec in (policy.sanitize, policy.probe, policy.external):
        if spec is None or spec.mode is not Mode.ENFORCE or spec.on_error is not OnError.BLOCK:
            continue
        if spec is policy.probe:
            yield policy.probe.scorer
        elif spec is policy.external:
            yield policy.external.upstream
        elif policy.sanitize.local_model is not None:
            yield policy.sanitize.local_model.upstream


async def _is_ready(upstream: Upstream) -> bool:
    try:
        async with asyncio.timeout(_SECONDS):
            return await upstream.ready()
    except Exception:
        return False
