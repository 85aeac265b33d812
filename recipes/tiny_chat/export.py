"""Model configuration, loss curve and export to a plain transformers folder.

``python -m recipes.tiny_chat.export --out RUN --to DIR`` exports the last checkpoint of a run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch


def model_config(vocab: int, fast: Any) -> Any:
    """Qwen2, hidden 256, 6 layers, 8 heads of size 32 (4 for keys and values), tied embeddings."""
    from transformers import Qwen2Config

    end = fast.convert_tokens_to_ids("<|im_end|>")
    return Qwen2Config(
        vocab_size=(vocab + 63) // 64 * 64,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        use_sliding_window=False,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=fast.pad_token_id,
    )


def save_curve(out: Path, curve: list[dict[str, float]]) -> None:
    """``loss.json`` and ``loss.png``."""
    (out / "loss.json").write_text(json.dumps([{k: round(v, 4) for k, v in p.items()} for p in curve]))
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    steps = [p["step"] for p in curve]
    axes.plot(steps, [p["loss"] for p in curve], label="answer tokens")
    axes.plot(steps, [p["distil"] for p in curve], label="distillation (share of variance not predicted)")
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.set_yscale("log")
    axes.legend()
    figure.tight_layout()
    figure.savefig(out / "loss.png", dpi=100)
    pyplot.close(figure)


def export_model(model: Any, average: list[torch.Tensor], fast: Any, out: Path) -> None:
    """Write the averaged weights (bf16), configuration and tokenizer."""
    from transformers import GenerationConfig, Qwen2ForCausalLM

    copy = Qwen2ForCausalLM(model.config)
    with torch.no_grad():
        for target, source in zip(copy.parameters(), average, strict=True):
            target.copy_(source.cpu())
    copy = copy.to(torch.bfloat16)
    copy.generation_config = GenerationConfig(
        eos_token_id=model.config.eos_token_id, pad_token_id=fast.pad_token_id, do_sample=False, max_new_tokens=128
    )
    out.mkdir(parents=True, exist_ok=True)
    copy.save_pretrained(out)
    fast.save_pretrained(out)
    for file in out.iterdir():
        file.chmod(0o644)  # safetensors makes files that only their owner reads


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    from transformers import AutoTokenizer, Qwen2ForCausalLM

    fast = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    state = torch.load(args.out / "checkpoint.pt", map_location="cpu", weights_only=True)
    model = Qwen2ForCausalLM(model_config(len(fast), fast))
    export_model(model, state["average"], fast, args.to)


if __name__ == "__main__":
    main()
