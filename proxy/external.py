"""External guards by way of an upstream: one JSON object there, one back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from detectors.external import NAME, parsed
from guard.errors import CheckUnavailable, UpstreamError
from proxy.paths import Route
from proxy.upstream.base import Call, Upstream


def posting(upstream: Upstream, kind: str) -> Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]:
    """A `detectors.external.Post` by way of `upstream`, with its pool, key and timeouts. Nothing of the client's
    request travels along but what the body holds. The post raises `CheckUnavailable` with the upstream's reason."""
    endpoint = str(Route.MODERATIONS if kind == "moderations" else Route.CHAT)

    async def post(body: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            reply = await upstream.send(Call(endpoint=endpoint, body=body))
            try:
                if reply.status != 200 or reply.body is None:
                    raise CheckUnavailable(NAME, f"status_{reply.status}")
                return parsed(reply.body)
            finally:
                await reply.close()
        except UpstreamError as error:
            raise CheckUnavailable(NAME, error.reason) from None

    return post
