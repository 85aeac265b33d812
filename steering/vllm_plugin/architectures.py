"""Which of vLLM's model classes we replace. Names only: read by processes that must not import torch models."""

from __future__ import annotations

_MODELS = "steering.vllm_plugin.models"

CLASSES = {
    "LlamaForCausalLM": f"{_MODELS}:SteeredLlamaForCausalLM",
    "MistralForCausalLM": f"{_MODELS}:SteeredMistralForCausalLM",
    "Qwen2ForCausalLM": f"{_MODELS}:SteeredQwen2ForCausalLM",
    "Qwen3ForCausalLM": f"{_MODELS}:SteeredQwen3ForCausalLM",
}
"""Architecture (config.json) to the class that serves it."""
