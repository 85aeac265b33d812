"""vLLM's model classes with a rotation of the true residual stream in their own compiled forward.

A decoder layer of vLLM returns `(hidden_states, residual)`; the residual stream is their sum. The rotation is added
to `hidden_states` as a difference, in float32, and only where a token's strength is above 0: other rows stay bit for
bit what they were. Strengths are read from a buffer at a fixed address, so that a captured graph sees new ones.
A `forward` of our own gives compiled graphs a name that no stock model has. Without our part in the config these
classes are the stock ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from vllm.compilation.decorators import support_torch_compile
from vllm.model_executor.models import llama, mistral, qwen2, qwen3
from vllm.sequence import IntermediateTensors

from steering.artifact import Rotation
from steering.vllm_plugin import runner_v1
from steering.vllm_plugin.admission import check_config

_SLACK = 512
"""Rows beyond the largest batch: graphs are captured at padded sizes."""

_BUFFERS = ("basis", "fixed", "aside", "safe", "opposite")

_DYNAMIC = {"input_ids": 0, "positions": -1, "intermediate_tensors": 0, "inputs_embeds": 0}


class Turn(nn.Module):
    """One layer's rotation, its tensors as buffers so that graphs take them as inputs."""

    basis: Tensor
    fixed: Tensor
    aside: Tensor
    safe: Tensor
    opposite: Tensor

    def __init__(self, rotation: Rotation) -> None:
        super().__init__()
        self.target, self.scale, self.gate = rotation.target, rotation.scale, rotation.gate
        for name in _BUFFERS:
            self.register_buffer(name, getattr(rotation, name), persistent=False)

    def forward(self, hidden: Tensor, residual: Tensor, strength: Tensor) -> Tensor:
        """hidden, residual [tokens, d], strength [tokens] float32 -> hidden' [tokens, d] in hidden's dtype."""
        rotation = Rotation(
            self.target, self.scale, self.gate, self.basis, self.fixed, self.aside, self.safe, self.opposite
        )
        stream = hidden.float() + residual.float()
        moved = (hidden.float() + (rotation(stream, strength) - stream)).to(hidden.dtype)
        return torch.where(strength.unsqueeze(-1) > 0, moved, hidden)


class Steered(nn.Module):
    """Mixin in front of one of vLLM's decoders: the layers' own code, and a turn after those of the subspace."""

    strengths: Tensor
    layers: nn.ModuleList
    start_layer: int
    end_layer: int
    embed_input_ids: Any
    norm: Any

    def __init__(self, *, vllm_config: Any, prefix: str = "", **options: Any) -> None:
        super().__init__(vllm_config=vllm_config, prefix=prefix, **options)
        subspace = check_config(vllm_config)
        assert subspace is not None
        scheduler, compilation = vllm_config.scheduler_config, vllm_config.compilation_config
        rows = max(scheduler.max_num_batched_tokens, compilation.max_cudagraph_capture_size or 0) + _SLACK
        # Models are built under the target device as torch's default, and moved nowhere afterwards.
        rotations = subspace.rotations(torch.get_default_device())
        self.turns = nn.ModuleDict({str(i): Turn(rotation) for i, rotation in rotations.items()})
        self.register_buffer("strengths", torch.zeros(rows, dtype=torch.float32), persistent=False)
        runner_v1.install()

    def forward(
        self,
        input_ids: Tensor | None,
        positions: Tensor,
        intermediate_tensors: IntermediateTensors | None = None,
        inputs_embeds: Tensor | None = None,
    ) -> Tensor:
        hidden = inputs_embeds if inputs_embeds is not None else self.embed_input_ids(input_ids)
        residual = None
        strengths = self.strengths[: hidden.shape[0]]
        for i, layer in enumerate(islice(self.layers, self.start_layer, self.end_layer), start=self.start_layer):
            hidden, residual = layer(positions, hidden, residual)
            if str(i) in self.turns:
                hidden = self.turns[str(i)](hidden, residual, strengths)
        normed: Tensor = self.norm(hidden, residual)[0]
        return normed


@support_torch_compile(dynamic_arg_dims=_DYNAMIC)
class SteeredLlamaModel(Steered, llama.LlamaModel):
    pass


@support_torch_compile(dynamic_arg_dims=_DYNAMIC)
class SteeredMistralModel(Steered, mistral.MistralModel):
    pass


@support_torch_compile(dynamic_arg_dims=_DYNAMIC)
class SteeredQwen2Model(Steered, qwen2.Qwen2Model):
    pass


@support_torch_compile(dynamic_arg_dims=_DYNAMIC)
class SteeredQwen3Model(Steered, qwen3.Qwen3Model):
    pass


class SteeredForCausalLM(nn.Module):
    """Mixin in front of one of vLLM's causal models: builds it around a steered decoder."""

    decoder_module: ModuleType
    decoder_name: str
    decoder: type[nn.Module]

    def __init__(self, *, vllm_config: Any, prefix: str = "", **options: Any) -> None:
        if check_config(vllm_config) is None:
            super().__init__(vllm_config=vllm_config, prefix=prefix, **options)
            return
        # The parent builds its decoder by a name in its module.
        with _replaced(self.decoder_module, self.decoder_name, self.decoder):
            super().__init__(vllm_config=vllm_config, prefix=prefix, **options)
        self.get_model_state_cls = (
            _state_class  # asked by the V2 runner; on the instance, so that stock models have none
        )


class SteeredLlamaForCausalLM(SteeredForCausalLM, llama.LlamaForCausalLM):
    decoder_module, decoder_name, decoder = llama, "LlamaModel", SteeredLlamaModel


class SteeredMistralForCausalLM(SteeredForCausalLM, mistral.MistralForCausalLM):
    decoder_module, decoder_name, decoder = mistral, "MistralModel", SteeredMistralModel


class SteeredQwen2ForCausalLM(SteeredForCausalLM, qwen2.Qwen2ForCausalLM):
    decoder_module, decoder_name, decoder = qwen2, "Qwen2Model", SteeredQwen2Model


class SteeredQwen3ForCausalLM(SteeredForCausalLM, qwen3.Qwen3ForCausalLM):
    decoder_module, decoder_name, decoder = qwen3, "Qwen3Model", SteeredQwen3Model


def _state_class() -> type:
    from steering.vllm_plugin.runner_v2 import SteeredModelState

    return SteeredModelState


@contextmanager
def _replaced(module: ModuleType, name: str, value: Any) -> Iterator[None]:
    original = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, original)
