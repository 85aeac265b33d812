"""Tiny random models of the cache and attention kinds that transformers has, in fp32."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

_HYBRID = {"layer_types": ["linear_attention", "full_attention"]}
_DELTA = {
    **_HYBRID,
    "linear_num_value_heads": 4,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "head_dim": 16,
}
_MAMBA2 = {"mamba_n_heads": 8, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_chunk_size": 8}
_EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
_LOCAL = {"layer_types": ["sliding_attention", "full_attention"], "sliding_window": 24, "head_dim": 16}

# How a model's probes run: as one tree, as rows that are a batch, as rows that step.
TREE: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"head_dim": 16},
    "gpt_neox": {},
    "phi": {},
    "gpt2": {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 1024},
    "opt": {"word_embed_proj_dim": 64},
    "stablelm": {},
}
ROWS: dict[str, dict[str, Any]] = {
    "mistral": {"sliding_window": 24},
    "gemma3_text": _LOCAL,
    "gpt_oss": {**_LOCAL, **_EXPERTS},
    "llama4_text": {"attention_chunk_size": 24, "head_dim": 16, "intermediate_size_mlp": 32, **_EXPERTS},
    "gpt_neo": {"num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]], "window_size": 24},
    "falcon": {"alibi": True, "new_decoder_architecture": False},
    "bloom": {"n_layer": 2, "n_head": 4},
    "mpt": {"d_model": 64, "n_layers": 2, "n_heads": 4},
}
STEPS: dict[str, dict[str, Any]] = {
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "qwen3_next": {"initializer_range": 0.2, **_DELTA, **_EXPERTS, "shared_expert_intermediate_size": 32},
    "qwen3_5_text": _DELTA,
    "olmo_hybrid": _HYBRID,
    "mamba": {"state_size": 8, "time_step_rank": 4},
    "mamba2": {"num_heads": 8, "head_dim": 16, "state_size": 8, "n_groups": 2, "chunk_size": 8},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 8, "mamba_dt_rank": 4, **_EXPERTS},
    "granitemoehybrid": {**_MAMBA2, "layer_types": ["mamba", "attention"], "shared_intermediate_size": 32},
}
# Those that transformers itself computes otherwise from a cache than without one, or whose cache holds what cannot be
# copied: a state kept in the model (RecurrentGemma, RWKV), the keys of a sparse attention's index, attention that
# looks ahead.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "bamba": ({**_MAMBA2, "attn_layer_indices": [1]}, "other numbers"),
    "recurrent_gemma": (
        {"block_types": ["recurrent", "attention"], "attention_window_size": 24, "lru_width": 64},
        "other numbers",
    ),
    "rwkv": ({"attention_hidden_size": 64}, "takes no cache"),
    "minimax": ({"layer_types": ["linear_attention", "full_attention"], **_EXPERTS}, "fails"),
    "deepseek_v4": ({**_EXPERTS}, "HCACache"),
    "bert": ({}, "other numbers"),
}
PLANS = {**TREE, **ROWS, **STEPS, **{name: plan for name, (plan, _) in REFUSED.items()}}


@cache
def family(name: str) -> Any:
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        name,
        **{
            "vocab_size": 420,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 1024,
            "pad_token_id": 0,
            "eos_token_id": 2,
            "bos_token_id": None,
            "initializer_range": 0.3,
            **PLANS[name],
        },
    )
    return AutoModelForCausalLM.from_config(config).eval().float()
