"""`POST /v1/moderations`: the check-only API. Runs a route's checks on given text and generates nothing.

The 13 categories of OpenAI's schema are always there, and false: no bundled check tells hate from self-harm. What
counts is `flagged`, and the categories named after the checks; `guardchain` holds verdict and raw scores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from guard.check import Exchange
from guard.errors import CheckUnavailable, RequestError
from guard.surface import Surface
from guard.verdict import Decision, Finding, Verdict
from guard.verdict_object import MODEL, result_body, summary
from proxy.assembly import Assembly, Guarded
from proxy.paths import Route
from proxy.responder import Responder
from proxy.trace import Trace
from proxy.wire import moderations as wire

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)

MAX_INPUTS = 128
_AT_ONCE = 4
"""Inputs of one request that are checked side by side."""


async def serve(
    assembly: Assembly,
    body: dict[str, Any],
    trace: Trace,
    responder: Responder,
    text_headers: Mapping[str, str],
) -> None:
    """Check each input by itself. Raises `RequestError`; `CheckUnavailable` when a check gave no verdict."""
    model = body.get("model")
    # Clients name a moderation model here, which no upstream serves: any route that fits will do.
    guarded = assembly.find(model if isinstance(model, str) else "", trace.tenant, text_headers)
    if guarded is None:
        raise RequestError("No such moderation model.", status=404, code="model_not_found", param="model")
    trace.policy, trace.upstream = guarded.policy, guarded.upstream_name
    request = wire.parse(body, guarded.options)
    trace.model = assembly.known_model(request.model)
    if len(request.groups) > MAX_INPUTS:
        raise RequestError(f"At most {MAX_INPUTS} inputs at once.", param="input", code="too_many_inputs")
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(surfaces: Sequence[Surface]) -> Decision:
        async with gate:
            return await _check(guarded, surfaces, trace)

    decisions = await asyncio.gather(*(one(group) for group in request.groups))
    trace.decision, trace.decided = _fold(decisions), True
    failed = next((f for f in trace.decision.findings if f.error is not None), None)
    if failed is not None:
        raise CheckUnavailable(failed.check, failed.error or "error")
    answer = {
        "id": trace.request_id.replace("req_", "modr-"),
        "model": MODEL,
        "results": [_result(d) for d in decisions],
    }
    await responder.whole(200, trace.headers(), orjson.dumps(answer))


async def _check(guarded: Guarded, surfaces: Sequence[Surface], trace: Trace) -> Decision:
    if not surfaces:  # an empty input, or an image alone: nothing to judge
        return Decision()

    def messages() -> list[dict[str, Any]]:
        return [{"role": "user", "content": "\n".join(s.text for s in surfaces)}]

    exchange = Exchange(
        endpoint=str(Route.MODERATIONS),
        model=trace.model,
        tenant=trace.tenant,
        request_id=trace.request_id,
        surfaces=surfaces,
        messages=messages,
        tools=lambda: None,
    )
    decision = await guarded.check.inspect(exchange)
    if decision.route_local and decision.verdict is not Verdict.BLOCK and guarded.local is not None:
        return await guarded.local.check.inspect(exchange)
    return decision


def _result(decision: Decision) -> dict[str, Any]:
    result = result_body(decision.findings)
    return {
        "flagged": result["flagged"],
        "categories": {**dict.fromkeys(CATEGORIES, False), **result["categories"]},
        "category_scores": {**dict.fromkeys(CATEGORIES, 0.0), **result["category_scores"]},
        "category_applied_input_types": {
            **{name: [] for name in CATEGORIES},
            **result["category_applied_input_types"],
        },
        "guardchain": summary(decision.findings),
    }


def _fold(decisions: Sequence[Decision]) -> Decision:
    """One decision for the record: per check the strictest finding, entities added up."""
    strictest: dict[str, Finding] = {}
    for decision in decisions:
        for finding in decision.findings:
            known = strictest.get(finding.check)
            if known is None or _rank(finding) > _rank(known):
                strictest[finding.check] = finding
    return Decision(tuple(strictest.values()))


def _rank(finding: Finding) -> tuple[bool, Verdict, float]:
    return (finding.error is not None, finding.verdict, finding.score if finding.score is not None else float("-inf"))
