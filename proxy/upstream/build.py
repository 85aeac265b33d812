"""An upstream from its section of the config."""

from __future__ import annotations

from typing import Any

from guard import config as schema
from guard.metrics import Metrics
from proxy.upstream.base import Upstream


def build_upstream(name: str, spec: schema.Upstream, metrics: Metrics) -> Upstream:
    """An upstream of the kind the config names; not started yet."""
    if isinstance(spec, schema.Embedded):
        from proxy.upstream.embedded.options import EmbeddedOptions
        from proxy.upstream.embedded.upstream import EmbeddedUpstream

        return EmbeddedUpstream(
            EmbeddedOptions(
                name=name,
                model=spec.model,
                served_name=spec.served_name,
                dtype=spec.dtype,
                threads=spec.threads,
                max_queue=spec.max_queue,
                max_tokens=spec.max_tokens,
                cache_tokens=spec.cache_tokens,
                steering=spec.steering,
            )
        )
    if isinstance(spec, schema.Vllm):
        from proxy.upstream.vllm import VllmUpstream

        return VllmUpstream(
            name,
            base_url=spec.base_url,
            secret=spec.secret.get_secret_value(),
            salt_by_tenant=spec.cache_salt == "tenant",
            **_remote(name, spec, metrics),
        )
    from proxy.upstream.http import HttpUpstream

    key = spec.api_key.get_secret_value() if spec.api_key is not None and spec.key_from == "config" else None
    options: dict[str, Any] = {
        "base_url": spec.base_url,
        "api_key": key,
        **_remote(name, spec, metrics),
    }
    if spec.scoring is not None:
        from proxy.upstream.vllm_stock import StockVllmUpstream, stock_scorer

        return StockVllmUpstream(name, stock_scorer(spec.base_url, spec.scoring, key), **options)
    return HttpUpstream(name, **options)


def _remote(name: str, spec: schema.Remote, metrics: Metrics) -> dict[str, Any]:
    """What all upstreams over HTTP are given."""
    from proxy.upstream.resilience import Resilience

    return {
        "connect_seconds": spec.connect_seconds,
        "first_byte_seconds": spec.first_byte_seconds,
        "idle_seconds": spec.idle_seconds,
        "total_seconds": spec.total_seconds,
        "resilience": Resilience(
            name,
            metrics,
            retries=spec.retries,
            wait=spec.retry_wait_seconds,
            failures=spec.breaker.failures,
            seconds=spec.breaker.seconds,
        ),
    }


def served_name(spec: schema.Embedded) -> str:
    """The name an embedded upstream lists its model under."""
    return spec.served_name or spec.model.rstrip("/").rpartition("/")[2].rpartition(":")[2]
