"""Models and subspaces for vLLM: the bundled model, small random ones of the other architectures, their references."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from guard.assets import resolve
from guard.model_identity import ModelIdentity
from steering.artifact import Gate, Layer, Subspace, Target
from steering.hooks import Steerer
from steering.subspace import safe_basis

BUNDLED = Path(resolve("bundled:tiny-chat", "model"))
_CONFIG = json.loads((BUNDLED / "config.json").read_text())
WIDTH, LAYERS, VOCABULARY = _CONFIG["hidden_size"], 4, _CONFIG["vocab_size"]

RANDOM = {
    "llama": (LlamaConfig, LlamaForCausalLM),
    "mistral": (MistralConfig, MistralForCausalLM),
    "qwen3": (Qwen3Config, Qwen3ForCausalLM),
}


def random_model(architecture: str, path: Path) -> Path:
    """A model directory: random weights, the bundled model's tokenizer."""
    config_of, model_of = RANDOM[architecture]
    torch.manual_seed(0)
    config = config_of(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=384,
        num_hidden_layers=LAYERS,
        num_attention_heads=8,
        num_key_value_heads=4,
        head_dim=32,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
        initializer_range=0.1,
        tie_word_embeddings=False,
        **({"sliding_window": None} if architecture == "mistral" else {}),
    )
    model_of(config).to(torch.float32).save_pretrained(path)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(BUNDLED / name, path / name)
    return path


def subspace(
    model: Path,
    path: Path,
    *,
    layers: Sequence[int] = (1, 2, 3),
    target: Target = Target.PROJECTION,
    gate: Gate | None = None,
    width: int = WIDTH,
    seed: int = 0,
) -> Path:
    """A random subspace for `model`, written to `path`: strong enough to move every log-probability."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for i in layers:
        rows = torch.randn(12, width, generator=generator) + torch.randn(width, generator=generator)
        centroid = rows.mean(0).contiguous()
        made[i] = Layer(safe_basis(rows, 4), centroid, centroid.clone(), -centroid)
    Subspace(identity=ModelIdentity.of(model), layers=made, target=target, gate=gate).save(path)
    return path


class Reference:
    """What plain transformers computes in float32, with the same rotation by hooks."""

    def __init__(self, model: Path, subspace_file: Path | None) -> None:
        self._model = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
        self._steerer = Steerer(self._model, Subspace.load(subspace_file)).install() if subspace_file else None

    def logprobs(
        self, tokens: Sequence[int], strength: float = 0.0, start: int = 0, window: int | None = None
    ) -> torch.Tensor:
        """[len(tokens), vocabulary]: row i predicts token i + 1."""
        ids = torch.tensor([list(tokens)])
        with torch.no_grad():
            if self._steerer is None or strength == 0:
                logits = self._model(ids).logits
            elif window is None:
                with self._steerer.strengths(torch.tensor([strength]), start):
                    logits = self._model(ids).logits
            else:
                logits = self._windowed(ids, strength, start, window)
        return logits[0].log_softmax(-1)

    def _windowed(self, ids: torch.Tensor, strength: float, start: int, window: int) -> torch.Tensor:
        """In three pieces over one KV cache: before, inside and behind the window."""
        assert self._steerer is not None
        cache, parts = None, []
        for begin, end, value in ((0, start, 0.0), (start, start + window, strength), (start + window, None, 0.0)):
            piece = ids[:, begin:end]
            if not piece.shape[1]:
                continue
            with self._steerer.strengths(torch.tensor([value]), 0):
                out = self._model(piece, past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            parts.append(out.logits)
        return torch.cat(parts, dim=1)
