"""Headers in both directions: what reaches the upstream, what returns to the client, what we say about ourselves.

Both directions are allow lists (wire rules H1 to H5): a header that is not named here is dropped, so neither
hop-by-hop headers nor a client's attempt to speak to the upstream behind the guard's back gets through.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

RawHeaders = Iterable[tuple[bytes, bytes]]

_TO_UPSTREAM = frozenset(
    (
        b"openai-organization",
        b"openai-project",
        b"idempotency-key",
        b"x-client-request-id",
        b"traceparent",
        b"tracestate",
    )
)
_TO_CLIENT = frozenset(
    ("openai-processing-ms", "openai-version", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry")
)
_TO_CLIENT_PREFIX = "x-ratelimit-"

_VISIBLE = re.compile(r"[\x21-\x7e]{1,256}\Z")
_SAFE = re.compile(r"[\x20-\x7e\t]*\Z")
_VALUE = re.compile(r"\A[\x20-\x7e\t]{0,1024}\Z")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?\Z")

DECISION = "x-guardchain-decision"
POLICY = "x-guardchain-policy"
OVERHEAD = "x-guardchain-overhead-ms"
SCORE = "x-guardchain-score"
EXPLAIN = "x-guardchain-explain"
REQUEST_ID = "x-request-id"
OWN_REQUEST_ID = "x-guardchain-request-id"


def index(raw: RawHeaders) -> dict[bytes, bytes]:
    """Lower-cased name to value; of a repeated header the first counts, as with most servers behind us."""
    found: dict[bytes, bytes] = {}
    for name, value in raw:
        found.setdefault(name.lower(), value)
    return found


def new_request_id() -> str:
    return f"req_{secrets.token_hex(16)}"


def to_upstream(headers: Mapping[bytes, bytes], *, request_id: str, authorization: bool) -> dict[str, str]:
    """The client's headers that travel on. `authorization` passes the client's own key (policy `key_from: client`)."""
    out: dict[str, str] = {"x-request-id": request_id}
    for name, value in headers.items():
        if name in _TO_UPSTREAM or name.startswith(b"x-stainless-") or (authorization and name == b"authorization"):
            text = value.decode("latin-1")
            if not _VALUE.match(text) or (name == b"traceparent" and not _TRACEPARENT.match(text)):
                continue
            if "@" in text and name not in (b"tracestate", b"authorization"):
                continue  # no id has one, but an e-mail address put there would pass every check
            out[name.decode("latin-1")] = text
    if "traceparent" not in out:
        out.pop("tracestate", None)
    return out


def trace_context(headers: Mapping[bytes, bytes]) -> dict[str, str]:
    """The caller's place in a trace (W3C), as far as it is well-formed."""
    found = {
        name: text
        for name in ("traceparent", "tracestate")
        if (value := headers.get(name.encode())) is not None and _VALUE.match(text := value.decode("latin-1"))
    }
    return found if _TRACEPARENT.match(found.get("traceparent", "")) else {}


def to_client(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The upstream's headers that a client may see: ids, timing, rate limits and retry advice."""
    kept = []
    for name, value in headers:
        lower = name.lower()
        if (lower in _TO_CLIENT or lower.startswith(_TO_CLIENT_PREFIX)) and _VALUE.match(value):
            kept.append((lower, value))
    return kept


def encode(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """ASGI form. A value with anything but printable ASCII could corrupt the response, so it is dropped."""
    out = []
    for name, value in headers:
        if _SAFE.match(value):
            out.append((name.lower().encode("ascii"), value.encode("ascii")))
    return out


def is_visible_ascii(value: str) -> bool:
    """Whether a caller's identifier may be taken over: 1 to 256 visible ASCII characters."""
    return _VISIBLE.match(value) is not None
