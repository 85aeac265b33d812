"""What workers and replicas remember together."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from guard.config.node import Node, OnErrorField, Seconds
from guard.verdict import OnError


class Store(Node):
    """Budgets, and what Responses build on. Without `url` it is this machine's own: memory, or with several workers a
    temporary file. Replicas that share limits need a `url`."""

    url: SecretStr | None = None
    """Redis or Valkey, such as `redis://:password@host:6379/0` or `rediss://…`; needs the extra `redis`."""
    path: str | None = None
    """A file that outlives restarts, for one machine without Redis."""
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = "guardchain"
    """What the names of keys in Redis begin with."""
    deadline_seconds: Seconds = 0.5
    """Longest wait for the store, in seconds."""
    responses_seconds: Annotated[int, Field(ge=0, le=31_536_000)] = 2_592_000
    """How long is kept what requests with `previous_response_id` need (stand-ins and what they stand for, encrypted),
    in seconds: OpenAI's 30 days. 0: nothing is kept, and such requests are refused."""
    on_error: OnErrorField = OnError.BLOCK
    """While the store is away: `block` what is limited (503), or `allow` it: each process then counts by itself."""
