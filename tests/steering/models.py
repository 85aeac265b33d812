"""Small random models of every supported architecture, and subspaces for them."""

from __future__ import annotations

import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GemmaConfig,
    GemmaForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from guard.model_identity import ModelIdentity
from steering.artifact import Gate, Layer, Subspace, Target

torch.set_num_threads(1)

ARCHITECTURES = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen2": (Qwen2Config, Qwen2ForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
    "gemma": (GemmaConfig, GemmaForCausalLM),
    "gemma2": (Gemma2Config, Gemma2ForCausalLM),
}
IDENTITY = ModelIdentity(name="small", weights="aa", tokenizer="bb", template="cc")
WIDTH, LAYERS, VOCABULARY = 32, 4, 96


def small_model(architecture: str = "qwen2", seed: int = 0) -> torch.nn.Module:
    config_of, model_of = ARCHITECTURES[architecture]
    torch.manual_seed(seed)
    config = config_of(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=48,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=256,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        initializer_range=0.2,
    )
    model = model_of(config).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def small_subspace(
    layers: tuple[int, ...] = (1, 2),
    *,
    rank: int = 3,
    width: int = WIDTH,
    target: Target = Target.CENTROID,
    gate: Gate | None = None,
    window: int | None = None,
    seed: int = 1,
    identity: ModelIdentity = IDENTITY,
) -> Subspace:
    """A subspace of random directions: enough to test mechanics, not effects."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for i in layers:
        basis = torch.linalg.qr(torch.randn(width, rank, generator=generator)).Q.T.contiguous()
        centroid = basis.T @ (torch.rand(rank, generator=generator) + 0.1)
        opposite = torch.randn(width, generator=generator)
        made[i] = Layer(basis=basis, centroid=centroid, safe=centroid.clone(), opposite=opposite)
    return Subspace(identity=identity, layers=made, target=target, gate=gate, window=window)
