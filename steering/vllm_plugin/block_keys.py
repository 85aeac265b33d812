"""Prefix-cache keys: KV that was rotated, and KV of probes, never serves another request.

vLLM hashes blocks in a chain, so one keyed block separates all blocks behind it; blocks before the first rotated
token keep the plain key and are shared with everybody. The function wrapped here is the one that vLLM's own
callers look up by name at call time (unlike its caller, which other modules have imported).
"""

from __future__ import annotations

from typing import Any

from steering.vllm_plugin.orders import Orders

_MARK = "_guardchain_installed"


def extra_keys(orders: Orders, end: int) -> list[tuple[str, str]]:
    """Keys of the block that ends before position `end`, as (tag, value) pairs."""
    keys = []
    if orders.strength > 0 and end > orders.start:
        window = "" if orders.window is None else f"+{orders.window}"
        keys.append(("guardchain", f"{orders.strength!r}@{orders.start}{window}#{orders.artifact}"))
    if orders.probe_from is not None and end >= orders.probe_from:
        # The row that predicts the first probe token is P - 1: were its block found in the cache, it would be lost.
        keys.append(("guardchain_probe", orders.nonce))
    return keys


def install() -> None:
    """Idempotent. Raises `RuntimeError` when this vLLM has no such function: then nothing may be steered."""
    from vllm.v1.core import kv_cache_utils

    if getattr(kv_cache_utils, _MARK, False):
        return
    original = getattr(kv_cache_utils, "_gen_prompt_embeds_extra_hash_keys", None)
    if original is None:
        raise RuntimeError("this version of vLLM computes prefix-cache keys in another way; see docs/vllm.md")

    def keyed(request: Any, start_token_idx: int, end_token_idx: int) -> list[Any]:
        keys = list(original(request, start_token_idx, end_token_idx))
        params = request.sampling_params
        if params is not None and params.extra_args:
            keys += extra_keys(Orders.trusted(params.extra_args), end_token_idx)
        return keys

    kv_cache_utils._gen_prompt_embeds_extra_hash_keys = keyed
    setattr(kv_cache_utils, _MARK, True)
