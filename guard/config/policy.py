"""Which checks run on a request, and which requests those are."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from guard.config.checks import External, Plugin, Probe, Steer
from guard.config.limits import Limits
from guard.config.node import Name, Node, Sha256
from guard.config.sanitize import Destination, Sanitize
from guard.verdict import Mode


class Block(Node):
    """How a refusal by policy looks on the wire."""

    style: Literal["error", "refusal", "content_filter"] = "error"
    """`error`: 400 with `content_policy_violation`; `refusal`: 200 with a refusal message; `content_filter`: 200 with
    no text and that finish reason."""
    message: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = (
        "This request was blocked by the operator's content policy."
    )
    """What the user reads."""


class Policy(Node):
    """Which checks run, in which mode.

    A check that is not listed is off; a check that is listed enforces unless it says otherwise.
    """

    sanitize: Sanitize = Field(default_factory=lambda: Sanitize(mode=Mode.OFF))
    """Hide and restore sensitive text."""
    probe: Probe = Field(default_factory=lambda: Probe(mode=Mode.OFF))
    """Score harmfulness; blocks from `block_at` on."""
    steer: Steer = Field(default_factory=lambda: Steer(mode=Mode.OFF))
    """Steer between `steer_at` and `block_at`; needs `probe`."""
    external: External | None = None
    """Ask another guard over HTTP, after `probe`."""
    block: Block = Field(default_factory=Block)
    """How a block looks on the wire."""
    plugins: dict[Name, Plugin] = Field(default_factory=dict)
    """Other people's checks by entry-point name; they run after the built-in ones, in this order."""
    unknown_paths: Literal["deny", "pass"] = "deny"
    """`/v1/*` paths the proxy does not understand: `deny` them, or `pass` them unguarded."""
    opaque_fields: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Body fields the proxy does not know that pass unread, by name or dotted path; others are refused with a 400."""
    allow_references: bool = False
    """Let Responses requests name text the proxy does not see (`conversation`, `prompt`, and a `previous_response_id`
    that the store does not know)."""
    moderation_object: Literal["on_request", "always"] = "on_request"
    """When answers carry OpenAI's `moderation` object with the verdicts."""


class Match(Node):
    """All conditions must hold. Patterns know `*`, `?` and `[abc]`, and tell upper case from lower."""

    model: str = "*"
    """Pattern for the `model` of the request."""
    tenant: str = "*"
    """Pattern for the name of the tenant whose key was presented; without `tenants` that name is empty."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Header name (any case) to a pattern for its value; a header that is missing does not match."""

    def fits(self, model: str, tenant: str, headers: Mapping[str, str]) -> bool:
        """Whether a request fits; `headers` has lower-case names."""
        return (
            (self.model == "*" or fnmatch.fnmatchcase(model, self.model))
            and (self.tenant == "*" or fnmatch.fnmatchcase(tenant, self.tenant))
            and all(
                (value := headers.get(name.lower())) is not None and fnmatch.fnmatchcase(value, pattern)
                for name, pattern in self.headers.items()
            )
        )


class Route(Node):
    """Where a request goes, and under which policy."""

    match: Match = Field(default_factory=Match)
    """Which requests; empty: all."""
    upstream: str
    """Name of an upstream."""
    policy: str = "default"
    """Name of a policy."""
    model: str | None = None
    """Name sent upstream in place of the one in the request; null keeps it."""
    fallback: Annotated[tuple[Destination, ...], Field(strict=False)] = ()
    """Upstreams asked instead, in this order, where that one cannot serve. A request of policy `route_local` that only
    the local upstream may see has none."""


class Tenant(Node):
    """One party with keys of its own."""

    name: Name
    """Goes into the audit log and keys the surrogates."""
    key_sha256: Annotated[tuple[Sha256, ...], Field(strict=False, min_length=1)]
    """SHA-256 of each of its API keys, from `guard keys new`; two entries let a key be rotated without a gap."""
    limits: Limits | None = None
    """Limits of its own, in place of the general ones."""
