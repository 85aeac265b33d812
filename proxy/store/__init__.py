"""What several workers and replicas must remember together."""

from proxy.store.base import Store, StoreUnavailable
from proxy.store.memory import MemoryStore

__all__ = ["MemoryStore", "Store", "StoreUnavailable"]
