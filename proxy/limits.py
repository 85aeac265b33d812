"""Limits at the door: budgets of each API key, and how many requests of a tenant are under way at once."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from guard.budget import Claim, Standing, standing
from guard.config import Limits
from guard.errors import RequestError
from guard.metrics import Metrics
from proxy.auth import Caller
from proxy.errors import RateLimited, log
from proxy.gate import Gate, QueueFull
from proxy.paths import Route
from proxy.store import Store, StoreUnavailable
from proxy.trace import Trace

_BYTES_A_TOKEN = 4
"""Of JSON in UTF-8, the usual rule of thumb for English; Chinese comes out near one token a character."""

_COUNTED = ("messages", "input", "prompt")
_OUTPUT = ("max_completion_tokens", "max_tokens", "max_output_tokens")


@dataclass(frozen=True, slots=True)
class Demand:
    """What a request asks for: `tokens` in (estimated), `reserved` for its answer, `checks`: texts to judge."""

    tokens: int = 0
    reserved: int = 0
    checks: int = 0


def demand(route: Route, raw: bytes, body: Mapping[str, Any] | None = None) -> Demand:
    """The demand of a request that has been read, before anything of it has been understood."""
    tokens = -(-len(raw) // _BYTES_A_TOKEN)
    if body is None:
        return Demand(tokens)
    if route is Route.MODERATIONS:
        texts = body.get("input")
        return Demand(tokens, checks=max(1, len(texts)) if isinstance(texts, list) else 1)
    wished = max((v for name in _OUTPUT if _is_count(v := body.get(name))), default=0)
    count = n if _is_count(n := body.get("n")) else 1
    return Demand(tokens, reserved=wished * count)


def check_messages(body: Mapping[str, Any], limits: Limits) -> None:
    """Raises `RequestError` 400 for more messages, items, prompts or texts than are allowed."""
    for name in _COUNTED:
        entries = body.get(name)
        # A list of numbers is one text in tokens.
        if isinstance(entries, list) and len(entries) > limits.max_messages and not _is_count(entries[0]):
            raise RequestError(
                f"At most {limits.max_messages} entries of '{name}' are accepted.", param=name, code="too_many_messages"
            )


class Limiter:
    """Serves one process. Outlives reloads: what is spent and under way stays so."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics
        self._gates: dict[str, Gate] = {}
        self._settling: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def admitted(self, limits: Limits, caller: Caller, asked: Demand, trace: Trace) -> AsyncIterator[None]:
        """The block runs within the limits. Raises `RateLimited`; `StoreUnavailable` where the store says so.

        Afterwards the key's tokens are put right by what the answer reported.
        """
        claims = _claims(limits, caller, asked)
        if claims:
            await self._spend(claims, trace)
        gate, begun = None, False
        try:
            if limits.concurrency is not None:
                gate = await self._enter(limits, caller.tenant, trace)
            begun = True
            yield
        finally:
            if gate is not None:
                gate.leave()
            if limits.tokens_per_minute is not None:
                # Whoever never got a turn has used nothing.
                self._settle(claims[-1], _used(asked, trace) if begun else 0)

    async def close(self) -> None:
        """Wait for the last corrections."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=1.0)

    async def _spend(self, claims: Sequence[Claim], trace: Trace) -> None:
        levels, granted = await self._store.take(claims)
        found = [standing(level, c, granted=granted) for level, c in zip(levels, claims, strict=True)]
        kinds = [_kind(claim) for claim in claims]
        trace.limits = [h for kind, c, s in zip(kinds, claims, found, strict=True) for h in _headers(kind, c, s)]
        if granted:
            return
        worst = max(range(len(claims)), key=lambda i: (claims[i].cost > claims[i].limit, found[i].wait))
        raise _exceeded(kinds[worst], claims[worst], found[worst])

    async def _enter(self, limits: Limits, tenant: str, trace: Trace) -> Gate:
        gate = self._gates.setdefault(tenant, Gate())
        began = time.perf_counter()
        assert limits.concurrency is not None
        try:
            with self._metrics.queued():
                await gate.enter(limits.concurrency, limits.queue, limits.queue_seconds)
        except (QueueFull, TimeoutError) as error:
            late = isinstance(error, TimeoutError)
            raise RateLimited(
                f"You have {limits.concurrency} requests under way, and "
                + ("none of them ended in time." if late else "more waiting than are taken. Try again in a moment."),
                kind="requests",
                code="concurrency_exceeded",
                reason="limit_queue_seconds" if late else "limit_concurrency",
                wait=1.0,
            ) from None
        finally:
            waited = time.perf_counter() - began
            trace.client_seconds += waited  # the caller's own requests were in the way
            self._metrics.waited(waited)
        return gate

    def _settle(self, claim: Claim, used: int) -> None:
        if more := used - claim.cost:
            task = asyncio.ensure_future(self._correct(Claim(claim.key, claim.limit, more)))
            self._settling.add(task)
            task.add_done_callback(self._settling.discard)

    async def _correct(self, claim: Claim) -> None:
        try:
            await self._store.correct([claim])
        except StoreUnavailable as error:
            log.warning("a token budget was not put right: %s", error.reason)


def _claims(limits: Limits, caller: Caller, asked: Demand) -> list[Claim]:
    """Requests, checks, and last tokens, as far as they are limited."""
    claims = []
    if limits.requests_per_minute is not None:
        claims.append(Claim(f"requests:{caller}", limits.requests_per_minute, 1))
    if limits.checks_per_minute is not None and asked.checks:
        claims.append(Claim(f"checks:{caller}", limits.checks_per_minute, asked.checks))
    if (most := limits.tokens_per_minute) is not None:
        # A generous max_tokens alone must not make a request impossible.
        cost = max(asked.tokens, min(asked.tokens + asked.reserved, most))
        claims.append(Claim(f"tokens:{caller}", most, cost))
    return claims


def _used(asked: Demand, trace: Trace) -> int:
    """Tokens a request came to: as reported, else the estimate and a token for every event of its stream."""
    total = (trace.tally.usage or {}).get("total_tokens")
    return total if _is_count(total) else asked.tokens + trace.events


def _exceeded(kind: str, claim: Claim, found: Standing) -> RateLimited:
    limit = f"{kind} per minute: Limit {claim.limit}, Remaining {found.remaining}, Requested {claim.cost}."
    if claim.cost > claim.limit:
        return RateLimited(
            f"Request too large for {limit} It has to be made smaller.",
            kind=kind, code="rate_limit_exceeded", reason=f"limit_{kind}", wait=None,
        )  # fmt: skip
    return RateLimited(
        f"Rate limit reached for {limit} Please try again in {duration(found.wait)}.",
        kind=kind, code="rate_limit_exceeded", reason=f"limit_{kind}", wait=found.wait,
    )  # fmt: skip


def _headers(kind: str, claim: Claim, found: Standing) -> list[tuple[str, str]]:
    return [
        (f"x-ratelimit-limit-{kind}", str(claim.limit)),
        (f"x-ratelimit-remaining-{kind}", str(found.remaining)),
        (f"x-ratelimit-reset-{kind}", duration(found.reset)),
    ]


def duration(seconds: float) -> str:
    """As OpenAI writes it: `17ms`, `8.64s`, `6m0s`; rounded up, so that a wait of that length is enough."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    seconds = math.ceil(seconds * 100) / 100
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}m{rest:.2f}".rstrip("0").rstrip(".") + "s" if minutes else f"{rest:g}s"


def _kind(claim: Claim) -> str:
    return claim.key.partition(":")[0]


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
