"""A `transformers` causal LM as an upstream, in this process."""

from proxy.upstream.embedded.options import EmbeddedOptions
from proxy.upstream.embedded.upstream import EmbeddedUpstream

__all__ = ["EmbeddedOptions", "EmbeddedUpstream"]
