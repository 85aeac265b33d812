"""The store that a config asks for."""

from __future__ import annotations

import os

from guard import config as schema
from guard.metrics import Metrics
from proxy.store.base import Store
from proxy.store.file import FileStore
from proxy.store.guarded import GuardedStore
from proxy.store.memory import MOST_BYTES, MemoryStore

VARIABLE = "GUARDCHAIN_RUNTIME_STORE"
"""Set by `guard serve` for its workers: a temporary file that they share where the config names no store."""


def build_store(spec: schema.Store, metrics: Metrics) -> Store:
    """Not started yet. Raises `ConfigError`."""
    shared = os.environ.get(VARIABLE)
    if spec.url is not None:
        from proxy.store.redis import RedisStore

        inner: Store = RedisStore(
            spec.url.get_secret_value(),
            password=spec.password.get_secret_value() if spec.password is not None else None,
            prefix=spec.prefix,
            seconds=spec.deadline_seconds,
        )
    elif spec.path:
        inner = FileStore(spec.path, wait=spec.deadline_seconds)
    elif shared:
        inner = FileStore(shared, wait=spec.deadline_seconds, most_bytes=MOST_BYTES)
    else:
        return MemoryStore()  # cannot be away
    return GuardedStore(inner, metrics, on_error=spec.on_error, seconds=spec.deadline_seconds)
