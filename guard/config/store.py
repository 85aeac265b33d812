"""What workers and replicas remember together."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, StringConstraints

from guard.config.node import Node, OnErrorField, Seconds
from guard.verdict import OnError


class Store(Node):
    """Budgets, and what Responses build on. Without `url` it is this machine's own: memory, or with several workers a
    temporary file. Replicas that share limits need a `url`."""

    url: SecretStr | None = None
    """Redis or Valkey, such as `redis://host:6379/0` or `rediss://…`; needs the extra `redis`."""
    password: SecretStr | None = None
    """Its password, such as `${REDIS_PASSWORD}`, as it is: in `url` it would have to be percent-encoded."""
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

    def check_address(self) -> None:
        """Raises `ValueError`, whose text says what is wrong with `url` and `password` and repeats neither."""
        if self.url is None:
            if self.password is not None:
                raise ValueError("a password without a 'url' to send it to")
            return
        url = self.url.get_secret_value()
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018  raises where there is no number
        except ValueError:
            raise ValueError(_EXPECTED) from None
        # A password with "/", "?" or "#" in it ends the host early; a "%" that encodes nothing was not encoded itself.
        whole = re.fullmatch(r"/?[0-9]*", parts.path) if parts.scheme in ("redis", "rediss") else parts.path.strip("/")
        host = parts.hostname if parts.scheme in ("redis", "rediss") else parts.scheme == "unix" and not parts.netloc
        if not (host and whole) or "#" in url or re.search(r"%(?![0-9A-Fa-f]{2})", url):
            raise ValueError(_EXPECTED)
        if self.password is not None and (parts.password is not None or "password" in parse_qs(parts.query)):
            raise ValueError("a password is in 'url' and in 'password': leave it out of the URL")


_EXPECTED = (
    "must be redis://host:6379/0, rediss://… or unix:///path. A password in it would have to be percent-encoded "
    "(/ as %2F, @ as %40): leave it out and write store.password"
)
