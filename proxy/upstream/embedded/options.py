"""What can be set about an embedded model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddedOptions:
    """How to load and serve one `transformers` causal LM in this process.

    `model` is `bundled:<name>`, a local directory or a hub id; `dtype` a torch dtype name; `threads` the
    intra-op threads of the engine. `max_queue` bounds the requests that wait (four times as many prompts may wait
    for their score), `max_active` the sequences (choices) that generate at once, `max_tokens` the length of any
    answer, `cache_tokens` the prompt tokens whose KV is kept (0: none). `steering` names a subspace
    (`bundled:<name>` or a file); None: the model cannot steer. `served_name` None is the last part of `model`.
    """

    model: str = "bundled:tiny-chat"
    served_name: str | None = None
    name: str = "local"
    dtype: str = "float32"
    threads: int = 1
    max_queue: int = 32
    max_active: int = 16
    max_tokens: int = 512
    cache_tokens: int = 65536
    steering: str | None = None

    @property
    def public_name(self) -> str:
        """The name clients see."""
        return self.served_name or self.model.rstrip("/").rpartition("/")[2].rpartition(":")[2]
