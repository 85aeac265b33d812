"""What Responses build on: `previous_response_id` names an exchange that the upstream remembers and we are not shown.

Of each answer the store keeps whose it was, under which policy, and what its checks need again: stand-ins and what they
stand for. That is personal data, so it lies there under a seal made from the surrogate key.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from guard.chain import Chain
from guard.check import Exchange
from guard.errors import RequestError
from proxy.assembly import Guarded
from proxy.errors import log
from proxy.seal import Seal
from proxy.store import Store, StoreUnavailable
from proxy.upstream.base import Event
from proxy.wire.request import WireRequest
from proxy.wire.telling import telling_token

_PREVIOUS = "previous_response_id"
_MOST_BYTES = 1 << 20


class Conversations:
    """Serves one assembly. `seconds`: how long an answer is remembered; 0: none is."""

    def __init__(self, store: Store, seal: Seal, *, seconds: float) -> None:
        self._store = store
        self._seal = seal
        self._seconds = seconds

    async def recall(self, request: WireRequest, exchange: Exchange, guarded: Guarded, chain: Chain) -> None:
        """Tell the checks what the answer that `request` builds on left behind.

        Raises `RequestError` 400 `previous_response_not_found` for an answer that is not known to this tenant under
        this policy at this upstream; with `allow_references` one that nobody knows is passed unseen. Raises
        `StoreUnavailable`.
        """
        previous = request.body.get(_PREVIOUS)
        if not isinstance(previous, str):
            return
        sealed = await self._store.get(_key(previous))
        if sealed is None:
            if guarded.options.allow_references and not telling_token(previous):
                return
            raise _not_found()
        memory = self._opened(exchange.tenant, sealed)
        if memory is None or [memory["policy"], memory["upstream"]] != [guarded.policy, guarded.upstream_name]:
            raise _not_found()
        chain.recall(exchange, memory["checks"])

    async def whose(self, identity: str, tenant: str) -> tuple[str, str] | None:
        """(policy, upstream) of an answer that is known to this tenant. Raises `StoreUnavailable`."""
        sealed = await self._store.get(_key(identity))
        memory = self._opened(tenant, sealed) if sealed is not None else None
        return (memory["policy"], memory["upstream"]) if memory is not None else None

    async def forget(self, identity: str) -> None:
        """No request builds on this answer any more. Raises `StoreUnavailable`."""
        await self._store.delete(_key(identity))

    def _opened(self, tenant: str, sealed: bytes) -> Any:
        data = self._seal.open(tenant, sealed)
        return orjson.loads(data) if data is not None else None

    async def remember(
        self, answer: object, request: WireRequest, exchange: Exchange, guarded: Guarded, chain: Chain
    ) -> None:
        """Keep what answers that build on this one need. Without it those are refused, so a store that is away only
        costs them."""
        identity = answer.get("id") if isinstance(answer, dict) else None
        if not self._seconds or not isinstance(identity, str) or request.body.get("store") is False:
            return
        memory = {
            "policy": guarded.policy,
            "upstream": guarded.upstream_name,
            "checks": chain.remembered(exchange),
        }
        sealed = self._seal.close(exchange.tenant, orjson.dumps(memory))
        if len(sealed) > _MOST_BYTES:
            log.warning("an answer hides too much to be remembered; requests that build on it are refused")
            return
        try:
            await self._store.put(_key(identity), sealed, self._seconds)
        except StoreUnavailable as error:
            log.warning("an answer was not remembered (%s); requests that build on it are refused", error.reason)

    async def noting(
        self,
        events: AsyncIterator[Event],
        request: WireRequest,
        exchange: Exchange,
        guarded: Guarded,
        chain: Chain,
    ) -> AsyncIterator[Event]:
        """The events; the answer is remembered before the client learns its id."""
        known = False
        async for event in events:
            if not known and event.data and (answer := _response(event.data)) is not None:
                known = True
                await self.remember(answer, request, exchange, guarded, chain)
            yield event


def _response(data: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    response = found.get("response") if isinstance(found, dict) else None
    return response if isinstance(response, dict) else None


def _key(identity: str) -> str:
    return f"response:{hashlib.sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _not_found() -> RequestError:
    return RequestError(
        "The previous response is not known here, or not to you: it has expired, was not stored, or belongs to another "
        "policy. Send the conversation instead.",
        param=_PREVIOUS,
        code="previous_response_not_found",
    )
