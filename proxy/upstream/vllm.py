"""A vLLM server with the guard's plugin in it: one HTTP call scores, decides, steers and generates.

The proxy sends the policy's numbers and the shared secret; the server answers with its findings. vLLM starts
unguarded when it cannot load the plugin, so nothing is sent to a server that has not said rightly what it is, and
an answer without findings is not passed on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from guard.errors import UpstreamError
from guard.verdict import Finding
from proxy.upstream.base import Call, Reply
from proxy.upstream.http import HttpUpstream
from steering.vllm_plugin import wire
from steering.vllm_plugin.inspection import refused, wrong

log = logging.getLogger("proxy")

_GENERATING = ("/v1/chat/completions", "/v1/completions")
_FRESH_SECONDS = 10.0
_STATUS_SECONDS = 5.0


class VllmUpstream(HttpUpstream):
    """Implements `proxy.upstream.base.Upstream`; `send` raises also with reason `unguarded`."""

    def __init__(self, name: str, *, base_url: str, secret: str, salt_by_tenant: bool = False, **options: Any) -> None:
        """`options`: further arguments of `HttpUpstream`."""
        super().__init__(name, base_url=base_url.rstrip("/").removesuffix("/v1"), **options)
        self._secret = secret
        self._salting = salt_by_tenant
        self._status: Mapping[str, Any] = {}
        self._asked = -_FRESH_SECONDS
        self._asking: asyncio.Task[None] | None = None

    @property
    def can_steer(self) -> bool:  # type: ignore[override]
        """By the server's last word; before the first one it is assumed, and found out with the first request."""
        return not self._status or self._status.get("subspace") is not None

    async def ready(self) -> bool:
        """Whether the server says that it is guarded, by a plugin and artefacts that fit this release."""
        try:
            await self._verify(fresh=True)
        except UpstreamError:
            return False
        if not self.listed:  # they do not change while the server runs
            await self._list()
        return True

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
        await super().close()

    async def send(self, call: Call) -> Reply:
        """See `HttpUpstream.send`. Headers and body of the call cannot speak to the plugin: its own are set last."""
        await self._verify()
        generating = call.endpoint in _GENERATING
        reply = await super().send(self._addressed(call) if generating else call)
        if not generating:
            return reply
        if reply.status == 401:
            self._status = {}
            await reply.close()
            raise _unguarded(refused(401))
        found = next((v for k, v in reply.headers if k.lower() == wire.FINDINGS), None)
        try:
            if found is not None:
                reply.findings = tuple(wire.findings_of(found))
            elif reply.status == 200:
                raise ValueError
        except ValueError:
            self._status = {}
            await reply.close()
            raise _unguarded("the server's answer does not say what its guard found") from None
        return reply

    async def score(self, body: Mapping[str, Any], policy: wire.Policy, tenant: str) -> Sequence[Finding]:
        """What the server's guard finds in `{"messages": …}` or `{"prompts": […]}`, without a generation."""
        await self._verify()
        reply = await super().send(self._addressed(Call(wire.SCORE_PATH, body, policy=policy, tenant=tenant)))
        try:
            if reply.status != 200 or reply.body is None:
                raise UpstreamError("the server did not score", reason=f"score_{reply.status}")
            return wire.findings_of(reply.body.decode())
        except ValueError:
            raise _unguarded("the server's findings are malformed") from None
        finally:
            await reply.close()

    def _addressed(self, call: Call) -> Call:
        """With the policy, the secret and nothing of a client's that looks like them."""
        policy = call.policy if isinstance(call.policy, wire.Policy) else wire.Policy(strength=call.strength)
        if self._salting:
            policy = replace(policy, salt=self._salt(call.tenant))
        ours = {wire.SECRET: self._secret, wire.POLICY: policy.to_header()}
        theirs = {k: v for k, v in call.headers.items() if not k.lower().startswith("x-guardchain")}
        body = None if call.body is None else {k: v for k, v in call.body.items() if k not in _PRIVATE}
        return replace(call, headers={**theirs, **ours}, body=body)

    def _salt(self, tenant: str) -> str:
        return hmac.new(self._secret.encode(), tenant.encode(), hashlib.sha256).hexdigest()[:32]

    async def _verify(self, *, fresh: bool = False) -> None:
        """Ask the server what it is, at most every few seconds. Raises `UpstreamError` when it must not be used."""
        if self._status and time.monotonic() - self._asked < (0.5 if fresh else _FRESH_SECONDS):
            return
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
            self._asking.add_done_callback(self._heard)
        # All who come meanwhile wait for the same answer, good or bad; whoever leaves takes it from nobody.
        asking = self._asking
        try:
            await asyncio.shield(asking)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not asking.cancelled() or (task is not None and task.cancelling()):
                raise
            raise UpstreamError("the upstream is closed", reason="not_started", status=503) from None

    def _heard(self, asking: asyncio.Task[None]) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # nobody may be left to be told

    async def _ask(self) -> None:
        try:
            self._status = await self._told()
        except UpstreamError:
            self._status = {}
            raise
        self._asked = time.monotonic()

    async def _told(self) -> Mapping[str, Any]:
        call = Call(wire.STATUS, method="GET", headers={wire.SECRET: self._secret})
        # Not through the engine: a server that hangs there still says what it is.
        reply = await self._send(call, min(self._total, _STATUS_SECONDS), proves=False)
        if reply.status != 200 or reply.body is None:
            raise _unguarded(refused(reply.status))
        try:
            status = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            status = None
        problems = wrong(status)
        if problems:
            raise _unguarded(problems[0])
        found: Mapping[str, Any] = status
        return found

    async def _attempt(self, call: Call, deadline: float) -> Reply:
        try:
            return await super()._attempt(call, deadline)
        except UpstreamError as error:
            if call.endpoint != wire.STATUS or error.reason != "total_timeout":
                raise
            raise UpstreamError("the server did not say what it is in time", reason="status_timeout") from None


_PRIVATE = ("vllm_xargs", "cache_salt", "kv_transfer_params")


def _unguarded(message: str) -> UpstreamError:
    log.error("vLLM is not used: %s", message)
    return UpstreamError(message, reason="unguarded", status=503)
