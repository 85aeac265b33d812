"""Models, by the way they are reached."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from guard.config.node import Node, Seconds


class Embedded(Node):
    """A `transformers` causal language model inside this process."""

    kind: Literal["embedded"]
    """The model runs in the proxy's own process."""
    model: str = "bundled:tiny-chat"
    """`bundled:<name>`, a local directory, or a hub id such as `Qwen/Qwen3-0.6B`."""
    served_name: str | None = None
    """Name that `/v1/models` lists; null: the last part of `model`."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Number format of weights and cache. On CPU float32 is usually the fastest."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads for the tensor library."""
    max_queue: Annotated[int, Field(ge=1, le=100_000)] = 32
    """Requests that may wait; one more gets 429 with `Retry-After`."""
    max_tokens: Annotated[int, Field(ge=1)] = 512
    """Most tokens one answer may have, and the default where a request names no limit."""
    cache_tokens: Annotated[int, Field(ge=0)] = 65536
    """Size of the prompt cache in tokens; 0 turns it off."""
    steering: str | None = None
    """Safety subspace for this model: `bundled:<name>` or a `.safetensors` file; null: this upstream cannot steer."""


class StockVllm(Node):
    """A vLLM server without the guard's plugin that lends itself as a scorer, by its public API alone."""

    model: str
    """The served model's files, for tokenizer, template and identity: `bundled:<name>`, a directory, or a hub id."""
    served_name: str
    """The model's name at the server."""
    runner: Literal["auto", "v2"] = "auto"
    """Model runner V1 cannot score without harm to other requests and is refused: `auto` finds out by two short
    requests, `v2` states that the server runs V2."""
    max_logprobs: Annotated[int, Field(ge=1, le=128)] = 20
    """The server's `--max-logprobs`: the more, the fewer calls a score takes."""


class Breaker(Node):
    """Leaves an upstream alone that fails again and again; requests then fail at once, or go to a fallback."""

    failures: Annotated[int, Field(ge=1, le=10_000)] | None = 5
    """Failures in a row after which it opens: no connection, no answer in time, one that breaks off, 502, 503, 504.
    null: never."""
    seconds: Seconds = 10.0
    """How long it stays open, in seconds; then one request is let through to see whether it may close."""


class Remote(Node):
    """What upstreams over HTTP have in common."""

    connect_seconds: Seconds = 5.0
    """Longest time to connect, in seconds."""
    first_byte_seconds: Seconds = 120.0
    """Longest wait for the first byte of an answer, in seconds; what a server scores before it answers counts."""
    idle_seconds: Seconds = 120.0
    """Longest silence inside an answer, in seconds."""
    total_seconds: Seconds = 3600.0
    """Longest time for a whole answer, streams and retries included, in seconds."""
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a request is repeated that was not served: no connection, 429, 502, 503; never once an answer began."""
    retry_wait_seconds: Seconds = 5.0
    """Longest pause before a retry, in seconds; where `retry-after` asks for more, the client is told instead."""
    breaker: Breaker = Field(default_factory=Breaker)
    """When to stop asking it."""


class OpenAI(Remote):
    """Any OpenAI-compatible HTTP API. Text is hidden before it leaves and restored on the way back; no steering."""

    kind: Literal["openai"]
    """Any OpenAI-compatible HTTP API."""
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")]
    """Where its paths start, for example `https://api.openai.com/v1`."""
    api_key: SecretStr | None = None
    """Key sent upstream when `key_from` is `config`; null sends none."""
    key_from: Literal["config", "client"] = "config"
    """`config` sends `api_key`; `client` passes on the `Authorization` header of the request."""
    local: bool = False
    """It runs under your own roof and may see text as it is: `sanitize.local_model` and `sanitize.recover` ask only
    such an upstream, or one of another kind."""
    scoring: StockVllm | None = None
    """This API is a vLLM server without the guard's plugin, and may be a probe's `scorer`."""


class Vllm(Remote):
    """A vLLM server started by `guard vllm serve`: it scores, steers and generates in one call."""

    kind: Literal["vllm"]
    """A vLLM server with the guard's plugin."""
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+(/v1)?/?$")]
    """Where it listens, for example `http://127.0.0.1:8000`."""
    secret: Annotated[SecretStr, Field(min_length=16)]
    """Shared with the server (its GUARDCHAIN_VLLM_SECRET): `guard vllm secret` makes one."""
    cache_salt: Literal["none", "tenant"] = "none"
    """`tenant`: tenants share no cached prompts, so that none can tell by the time what another has asked."""


Upstream = Annotated[Embedded | OpenAI | Vllm, Field(discriminator="kind")]
