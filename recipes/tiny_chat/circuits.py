"""Start values that already copy and summarise: previous-token, matching and averaging heads in the first two layers.

A small model needs long training before it finds that an answer can repeat a string of the prompt ("induction").  The start
values below hold that circuit: heads of layer 0 attend one and two tokens back (through the query and key
biases and the rotary embedding) and write those tokens' projections into reserved dimensions; heads of layer 1 look for the place
whose last two tokens equal the current ones, and copy the token found there; two more heads of layer 0
average the leading principal components of all tokens so far, which tell the topic.  Training is free to change all of it.
Idea: in-context copying heads (Olsson et al. 2022, "In-context Learning and Induction Heads") and structured start
values (Trockman and Kolter 2023, "Mimetic Initialization of Self-Attention Layers").
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

PLAIN = 128  # dimensions of the token embedding that carry the token; the rest is reserved for the previous tokens
PART = 32
UNIQUE = 0.5  # a token's own random part, in units of SCALE
SCALE = 0.5  # standard deviation of the token embeddings: large, so that training adds to their meaning slowly


def _rows(count: int, width: int, generator: torch.Generator) -> Tensor:
    """Orthonormal rows."""
    basis: Tensor = torch.linalg.qr(torch.randn(width, count, generator=generator))[0]
    return basis.T.contiguous()


def spell(rows: Tensor, tokens: list[str], seed: int = 1) -> Tensor:
    """Token start values that also tell spelling apart.

    ``rows`` (tokens x dimensions) come from an uncased sentence encoder, for which " Ada", "ada" and "ADA" are one; an
    exact copy needs to know them apart.  The last eight plain dimensions become marks of leading space and case,
    and every token gets a random part of its own.
    """
    generator = torch.Generator().manual_seed(seed + 1)
    own = torch.randn(len(tokens), PLAIN, generator=generator)
    out = rows.clone()
    for i, token in enumerate(tokens):
        text = token.strip()
        marks = (token[:1] == " ", text[:1].isupper(), len(text) > 1 and text.isupper(), text.isalpha())
        out[i, :PLAIN] += UNIQUE * SCALE * own[i]
        out[i, PLAIN - 8 : PLAIN] = torch.tensor([1.5 if m else -1.5 for m in marks for _ in range(2)]) * SCALE
    return out


def plant(model: Any, seed: int = 1) -> None:
    """Write the start values into a Qwen2 model with hidden size 256, heads of size 32 and 4 key-value heads."""
    generator = torch.Generator().manual_seed(seed)
    config, body = model.config, model.model
    size = config.hidden_size // config.num_attention_heads
    group = config.num_attention_heads // config.num_key_value_heads
    half = size // 2
    theta = 10000.0 ** (-torch.arange(half) / half)
    project = _rows(PART, PLAIN, generator)
    whole = _rows(PLAIN, PLAIN, generator)  # the four copying heads carry a quarter of a token each
    with torch.no_grad():
        body.embed_tokens.weight[:, PLAIN:] = 0
        body.norm.weight.fill_(0.04 / SCALE)
        for layer in body.layers:
            layer.self_attn.o_proj.weight *= 0.15
            layer.mlp.down_proj.weight *= 0.15
        first, second = body.layers[0].self_attn, body.layers[1].self_attn
        for back in (1, 2):
            kv, head = back - 1, (back - 1) * group
            keys, queries = slice(kv * size, (kv + 1) * size), slice(head * size, (head + 1) * size)
            strength = 6.5
            first.k_proj.weight[keys] = 0
            first.q_proj.weight[queries] = 0
            first.k_proj.bias[keys] = torch.cat([torch.full((half,), strength), torch.zeros(half)])
            first.q_proj.bias[queries] = strength * torch.cat([torch.cos(back * theta), -torch.sin(back * theta)])
            first.v_proj.weight[keys] = 0
            first.v_proj.weight[keys, :PLAIN] = project
            first.v_proj.bias[keys] = 0
            start = PLAIN + PART * (back - 1)
            first.o_proj.weight[:, queries] = 0
            first.o_proj.weight[start : start + PART, queries] = SCALE * torch.eye(PART)
        slow = torch.cat([torch.arange(half // 2, half), torch.arange(half + half // 2, size)])
        for kv in range(config.num_key_value_heads):
            head = kv * group
            keys, queries = slice(kv * size, (kv + 1) * size), slice(head * size, (head + 1) * size)
            second.k_proj.weight[keys] = 0
            second.q_proj.weight[queries] = 0
            for place, dim in enumerate(slow.tolist()):
                depth = 0 if place < 8 else 1
                part = (kv * 8 + place) % PART
                second.k_proj.weight[kv * size + dim, PLAIN + PART * depth + part] = 3.0
                if depth == 0:
                    second.q_proj.weight[head * size + dim, :PLAIN] = 3.0 * project[part]
                else:
                    second.q_proj.weight[head * size + dim, PLAIN + PART * (depth - 1) + part] = 3.0
            copy = whole[kv * size : (kv + 1) * size]
            second.v_proj.weight[keys] = 0
            second.v_proj.weight[keys, :PLAIN] = copy
            second.o_proj.weight[:, queries] = 0
            second.o_proj.weight[:PLAIN, queries] = 3 * SCALE * copy.T
        for kv in (2, 3):
            keys, queries = slice(kv * size, (kv + 1) * size), slice(kv * group * size, (kv * group + 1) * size)
            first.k_proj.weight[keys] = 0
            first.v_proj.weight[keys] = 0
            first.v_proj.weight[keys, (kv - 2) * PART : (kv - 1) * PART] = torch.eye(PART)
            first.o_proj.weight[:, queries] = 0
            start = PLAIN + PART * kv
            first.o_proj.weight[start : start + PART, queries] = 2 * SCALE * torch.eye(PART)
