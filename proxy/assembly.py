"""What a config becomes: upstreams, and for each route a policy bound to its upstream. Immutable; a reload swaps it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal

from guard.audit import Audit
from guard.chain import Chain
from guard.config import Config
from guard.errors import RequestError
from guard.label import OTHER
from proxy.auth import Authenticator
from proxy.paths import Route
from proxy.seal import Seal
from proxy.upstream.base import Upstream
from proxy.wire.request import DEFAULTS, Options


@dataclass(frozen=True, slots=True)
class Guarded:
    """A policy bound to an upstream: everything a request needs once its route is known.

    `chain` serves endpoints that generate, `embed` those that only read text (no probing, no steering), `check` the
    check-only endpoint (no steering). `strict` is `chain` with a monitoring probe made to enforce, for requests that
    ask for `moderation: {policy: {input: {mode: block}}}`. `local` is where requests go that only the policy's local
    upstream may see: the same policy less its `sanitize`; None without one. `fallbacks`: the same policy at the
    upstreams that are asked instead where this one cannot serve.
    `model` replaces the name the client used; `serves` is the only name answered to, None: any; `key_from_client`
    lets the client's own key travel on; `reports_usage`: a stream can be asked for its usage without a risk;
    `provider`: what traces call whoever is behind the upstream.
    `ladder`: what an upstream with a guard of its own is told; then `chain` leaves probing and steering to it.
    `strict_ladder` is to it what `strict` is to `chain`.
    """

    policy: str
    upstream_name: str
    upstream: Upstream
    chain: Chain
    embed: Chain
    check: Chain
    strict: Chain
    block_style: Literal["error", "refusal", "content_filter"] = "error"
    block_message: str = ""
    moderation_always: bool = False
    passes_unknown: bool = False
    model: str | None = None
    serves: str | None = None
    key_from_client: bool = False
    reports_usage: bool = False
    provider: str = ""
    options: Options = DEFAULTS
    ladder: object | None = None
    strict_ladder: object | None = None
    local: Guarded | None = None
    fallbacks: tuple[Guarded, ...] = ()

    def chain_for(self, route: Route, *, strict: bool = False) -> Chain:
        if route is Route.EMBEDDINGS:
            return self.embed
        if route is Route.MODERATIONS:
            return self.check
        return self.strict if strict else self.chain


@dataclass(slots=True)
class Assembly:
    """One config at work. `guards` is parallel to `config.routes`."""

    config: Config
    upstreams: Mapping[str, Upstream]
    guards: Sequence[Guarded]
    auth: Authenticator
    audit: Audit
    seal: Seal = field(default_factory=lambda: Seal([secrets.token_bytes(32)]))
    explain: bool = False
    models: AbstractSet[str] = frozenset()
    """Model names that stand in the config. With those the upstreams list they may appear in the audit log."""
    _leases: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    def guard_for(self, model: str, tenant: str, headers: Mapping[str, str]) -> Guarded:
        """The first route that fits. Raises `RequestError` 404 `model_not_found`."""
        found = self.find(model, tenant, headers)
        if found is None or (found.serves is not None and model != found.serves):
            raise RequestError(
                "The model does not exist or you do not have access to it.",
                status=404,
                code="model_not_found",
                param="model",
            )
        return found

    def find(self, model: str, tenant: str, headers: Mapping[str, str]) -> Guarded | None:
        for route, guarded in zip(self.config.routes, self.guards, strict=True):
            if route.match.fits(model, tenant, headers):
                return guarded
        return None

    @property
    def reads_headers(self) -> bool:
        """Whether any route looks at headers; most do not, and then nobody decodes them."""
        return any(route.match.headers for route in self.config.routes)

    def known_model(self, model: str) -> str:
        """`model` where config or an upstream vouches for it, else `other`: what a client wrote there is text."""
        vouched = model in self.models or any(model in upstream.listed for upstream in self.upstreams.values())
        return model if vouched else OTHER

    @contextlib.contextmanager
    def lease(self) -> Iterator[None]:
        """Held by each request, so that what a reload drops is closed only when nobody uses it any more."""
        self._leases += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._leases -= 1
            if not self._leases:
                self._idle.set()

    @property
    def leased(self) -> int:
        return self._leases

    async def drained(self) -> None:
        """Wait until no request holds a lease."""
        if self._leases:
            await self._idle.wait()
