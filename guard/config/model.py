"""guard.yaml as types, strict and frozen. A field's docstring is its entry in the reference and in the JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, SecretStr, model_validator

from guard.config.checks import Probe, Steer
from guard.config.limits import Limits
from guard.config.node import Name, Node
from guard.config.policy import Policy, Route, Tenant
from guard.config.sanitize import Sanitize
from guard.config.server import Audit, Log, Metrics, Server
from guard.config.store import Store
from guard.config.tracing import Tracing
from guard.config.upstreams import Embedded, OpenAI, Upstream, Vllm


@dataclass(frozen=True, slots=True)
class Source:
    """Where a config came from. Takes no part in comparison: two files that say the same are the same config.

    `lines` maps a key path to its line (from 1), `references` to the text with `${...}` that stood there.
    """

    path: str = field(default="built-in default", compare=False)
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict, compare=False)
    references: Mapping[tuple[str | int, ...], str] = field(default_factory=dict, compare=False)


def _default_upstreams() -> dict[str, Embedded | OpenAI | Vllm]:
    return {"local": Embedded(kind="embedded", served_name="tiny-chat", steering="bundled:tiny-chat")}


def _with_limits(tenant: Any, general: dict[str, Any]) -> Any:
    own = tenant.get("limits") if isinstance(tenant, dict) else None
    return {**tenant, "limits": {**general, **own}} if isinstance(own, dict) else tenant


class Config(Node):
    """The whole of guard.yaml. The file `{}` serves the bundled model with every check enforced."""

    server: Server = Field(default_factory=Server)
    """Where the proxy listens, and its limits."""
    upstreams: Annotated[dict[Name, Upstream], Field(min_length=1)] = Field(default_factory=_default_upstreams)
    """Models by name."""
    policies: Annotated[dict[Name, Policy], Field(min_length=1)] = Field(
        default_factory=lambda: {"default": Policy(sanitize=Sanitize(), probe=Probe(), steer=Steer())}
    )
    """Policies by name."""
    routes: Annotated[tuple[Route, ...], Field(strict=False, min_length=1)] = (Route(upstream="local"),)
    """Tried in order, the first match wins; a request that matches none gets 404 `model_not_found`."""
    tenants: Annotated[tuple[Tenant, ...], Field(strict=False)] = ()
    """Who may call. Empty: no API key is asked for."""
    limits: Limits = Field(default_factory=Limits)
    """How much each API key and tenant may use; without `tenants` all callers share it."""
    store: Store = Field(default_factory=Store)
    """What workers and replicas share."""
    surrogate_key: SecretStr = SecretStr("")
    """Key of the surrogates: the same on every replica, kept over restarts. Empty: random at start, with a warning."""
    old_surrogate_keys: Annotated[tuple[SecretStr, ...], Field(strict=False, max_length=4)] = ()
    """Earlier keys, newest first: nothing is hidden by them any more, but what they made of the values of a request is
    still restored in its answer."""
    audit: Audit = Field(default_factory=Audit)
    """The audit log."""
    metrics: Metrics = Field(default_factory=Metrics)
    """Prometheus metrics."""
    tracing: Tracing = Field(default_factory=Tracing)
    """OpenTelemetry spans."""
    log: Log = Field(default_factory=Log)
    """The operator's log."""

    @model_validator(mode="before")
    @classmethod
    def _complete_limits(cls, data: Any) -> Any:
        """Limits that a tenant does not name are the general ones."""
        general = data.get("limits") if isinstance(data, dict) else None
        if not isinstance(general, dict) or not isinstance(data.get("tenants"), list | tuple):
            return data
        return {**data, "tenants": [_with_limits(tenant, general) for tenant in data["tenants"]]}

    _source: Source = PrivateAttr(default_factory=Source)

    @property
    def source(self) -> Source:
        """Where this config came from."""
        return self._source

    def limits_of(self, tenant: str) -> Limits:
        """The limits of a tenant, by its name."""
        return next((t.limits for t in self.tenants if t.name == tenant and t.limits is not None), self.limits)

    def route(self, model: str, tenant: str, headers: Mapping[str, str]) -> Route | None:
        """The first route that fits; `headers` has lower-case names. None: answer 404."""
        return next((r for r in self.routes if r.match.fits(model, tenant, headers)), None)
