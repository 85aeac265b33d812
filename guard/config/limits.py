"""How much callers may use."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from guard.config.node import Node, Seconds

Count = Annotated[int, Field(ge=1, le=10**9)]


class Limits(Node):
    """What one API key may use; 429 beyond it. Under a tenant, keys left out are as in the general `limits`."""

    requests_per_minute: Count | None = None
    """Requests of one API key; as many may come at once after a quiet minute. null: no limit."""
    tokens_per_minute: Count | None = None
    """Tokens of one API key, in and out: estimated before a request, corrected by what its answer reports."""
    checks_per_minute: Count | None = 600
    """Texts one API key may have judged by `/v1/moderations`: whoever may ask without end can learn to get past."""
    concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Requests of one tenant under way at once, in each worker process; null: no limit."""
    queue: Annotated[int, Field(ge=0, le=100_000)] = 100
    """Requests of one tenant that wait for their turn once `concurrency` is reached."""
    queue_seconds: Seconds = 10.0
    """Longest wait in that queue, in seconds."""
    max_messages: Count = 4096
    """Most messages, input items, prompts or texts in one request; more of them get 400."""
