"""A `transformers` causal LM as an upstream, in this process.

One engine thread owns the model (`engine`). Prompts are computed in chunks and their KV is kept by token prefix
(`prefix_cache`), so that probes and generation share it; all running choices of all requests advance together, one
token a step (`kv.BatchState`). Steered prompts are recomputed from their last token on a private copy that is never
kept. The API modules turn OpenAI JSON into plans and pieces of text into answers.

Where it stops: answers are plain text (tool calls are not parsed, schemas not enforced); scores of different
requests are computed one after the other; the prompt cache is shared by all tenants; models with a recurrent state
are refused; a step that fails ends every stream that took part in it.
"""

from proxy.upstream.embedded.options import EmbeddedOptions
from proxy.upstream.embedded.upstream import EmbeddedUpstream

__all__ = ["EmbeddedOptions", "EmbeddedUpstream"]
