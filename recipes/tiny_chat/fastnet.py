"""A lean bf16 forward pass over the parameters of a transformers Qwen2 model, for training on few CPU cores.

On a CPU most of the time of a small model goes into element-wise operations; this pass keeps activations in bf16, folds the
norm weights into the projections and saves little for the backward pass.  ``check`` compares it with transformers.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as nnf

SHORT = 256  # up to this width plain matrix products beat the CPU's flash attention, whose backward pass is slow


class _Rms(torch.autograd.Function):
    """Root-mean-square normalisation without a weight."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        """Scale rows to unit RMS."""
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
        scale = torch.rsqrt(norm * norm / x.shape[-1] + eps).to(x.dtype)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Gradient with respect to the input."""
        y, scale = ctx.saved_tensors
        mean = (grads[0] * y).mean(-1, keepdim=True)
        return torch.addcmul(grads[0], y, mean, value=-1).mul_(scale), None


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    out = torch.empty_like(x)
    torch.mul(a, cos, out=out[..., :half]).addcmul_(b, sin, value=-1)
    torch.mul(b, cos, out=out[..., half:]).addcmul_(a, sin)
    return out


class _Rope(torch.autograd.Function):
    """Rotary position embedding; its gradient is the opposite turn."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Turn pairs of coordinates."""
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Turn back."""
        cos, sin = ctx.saved_tensors
        return _turn(grads[0].contiguous(), cos, -sin), None, None


def _rms(x: Tensor, eps: float) -> Tensor:
    out: Tensor = _Rms.apply(x, eps)  # type: ignore[no-untyped-call]
    return out


def _rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    out: Tensor = _Rope.apply(x, cos, sin)  # type: ignore[no-untyped-call]
    return out


class FastNet:
    """Hidden states of chosen positions of a right-padded batch."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.config = model.config
        self.size = self.config.hidden_size // self.config.num_attention_heads
        rope = getattr(self.config, "rope_parameters", None) or {}
        base = float(rope.get("rope_theta", 10000.0))
        inverse = base ** (-torch.arange(0, self.size, 2, dtype=torch.float32) / self.size)
        angles = torch.outer(torch.arange(self.config.max_position_embeddings, dtype=torch.float32), inverse)
        self.cos, self.sin = angles.cos().to(torch.bfloat16), angles.sin().to(torch.bfloat16)

    def __call__(self, ids: Tensor, at: Tensor) -> Tensor:
        """Final hidden states (after the last norm, bf16) at the flat positions ``at``."""
        body, dtype = self.model.model, torch.bfloat16
        rows, width = ids.shape
        device = ids.device
        cos, sin = self.cos[:width].to(device), self.sin[:width].to(device)
        eps = self.config.rms_norm_eps
        mask = torch.full((width, width), float("-inf"), dtype=dtype, device=device).triu(1) if width <= SHORT else None
        x = nnf.embedding(ids, body.embed_tokens.weight).to(dtype)
        for layer in body.layers:
            attention, mlp = layer.self_attn, layer.mlp
            n = _rms(x, eps)
            fold = layer.input_layernorm.weight
            parts = []
            for linear in (attention.q_proj, attention.k_proj, attention.v_proj):
                y = nnf.linear(n, (linear.weight * fold).to(dtype), linear.bias.to(dtype))
                parts.append(y.view(rows, width, -1, self.size).transpose(1, 2))
            q, k, v = _rope(parts[0], cos, sin), _rope(parts[1], cos, sin), parts[2]
            if k.shape[1] != q.shape[1]:
                repeat = q.shape[1] // k.shape[1]
                k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
            if mask is not None:
                scores = torch.matmul(q * self.size**-0.5, k.transpose(2, 3)) + mask
                mixed = torch.matmul(scores.softmax(-1), v)
            else:
                mixed = nnf.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + nnf.linear(mixed.transpose(1, 2).reshape(rows, width, -1), attention.o_proj.weight.to(dtype))
            n = _rms(x, eps)
            fold = layer.post_attention_layernorm.weight
            gate = nnf.silu(nnf.linear(n, (mlp.gate_proj.weight * fold).to(dtype)))
            up = nnf.linear(n, (mlp.up_proj.weight * fold).to(dtype))
            x = x + nnf.linear(gate * up, mlp.down_proj.weight.to(dtype))
        chosen = x.reshape(rows * width, -1).index_select(0, at)
        out: Tensor = _rms(chosen, eps) * body.norm.weight.to(dtype)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """Next-token logits."""
        return nnf.linear(hidden, self.model.lm_head.weight.to(torch.bfloat16))


def check(model: Any, ids: Tensor) -> float:
    """Largest difference of the final hidden states to transformers, relative to their scale."""
    with torch.no_grad():
        want = model.model(ids).last_hidden_state.reshape(ids.numel(), -1)
        got = FastNet(model)(ids, torch.arange(ids.numel())).float()
    return float((want - got).abs().max() / want.abs().max())
