"""Train the tiny chat model.

``python -m recipes.tiny_chat.train --data DIR --out DIR [--rows N] [--epochs N] [--threads 2] [--device cpu]``

Deterministic for a seed on one machine; interrupted runs continue from the last checkpoint of ``--out``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "0")  # idle threads must not spin on shared cores

import numpy as np
import torch
from torch.nn import functional as nnf

from . import circuits, corpus, teacher
from .batches import Encoded, collate, encode, plan
from .export import export_model, model_config, save_curve
from .fastnet import FastNet
from .tokenizer import save_fast, train_tokenizer

FALL = 0.4  # share of the steps over which the learning rate falls


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with prompts/ (and pii/) as README.md describes"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=120_000, help="generated dialogues")
    parser.add_argument("--bare", type=int, default=15_000, help="unlabelled texts for the distillation head")
    parser.add_argument("--embeds", type=int, default=40_000, help="most texts that the teacher embeds")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument(
        "--steps", type=int, default=0, help="stop (and let the learning rate fall) after this many steps"
    )
    parser.add_argument("--vocab", type=int, default=10_240)
    parser.add_argument("--batch-tokens", type=int, default=3072)
    parser.add_argument("--longest", type=int, default=700)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--drop", type=float, default=0.06, help="share of prompt tokens blanked")
    parser.add_argument("--first", type=float, default=4.0, help="weight of the first answer token")
    parser.add_argument(
        "--calm", type=float, default=3.0, help="its weight again for harmless requests, while the learning rate falls"
    )
    parser.add_argument("--distil", type=float, default=10.0, help="weight of the distillation loss")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--save-every", type=int, default=250)
    return parser.parse_args(argv)


def prepare(args: argparse.Namespace) -> tuple[list[Encoded], Any, teacher.Array, teacher.Array | None]:
    """Corpus, tokenizer, teacher embeddings and token start values; kept in ``--out`` and reused."""
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    store = out / "prepared.npz"
    if not (out / "corpus.jsonl").exists() or not store.exists():
        _prepare(args, store)
    from transformers import AutoTokenizer

    fast = AutoTokenizer.from_pretrained(out / "tokenizer")
    examples = corpus.load(out / "corpus.jsonl")
    arrays = np.load(store)
    start = arrays["start"] if arrays["start"].size else None
    return encode(examples, fast, args.longest), fast, arrays["vectors"], start


def _prepare(args: argparse.Namespace, store: Path) -> None:
    builder = corpus.Builder(args.data, args.seed)
    examples = builder.build(args.rows, args.bare)
    encoder = teacher.load_teacher()
    if encoder is not None:
        print("labelling the unlabelled openings", flush=True)
        known = [e for e in examples if e.lang == "en" and e.kind in ("harm", "hard", "easy") and e.embed][:6000]
        base = teacher.embed(encoder, [e.query for e in known])
        chance = teacher.label(
            base, np.array([e.kind == "harm" for e in known]), teacher.embed(encoder, builder.unlabelled)
        )
        sure = [(t, p > 0.5) for t, p in zip(builder.unlabelled, chance, strict=True) if p > 0.85 or p < 0.12]
        print(
            f"{len(sure)} of {len(builder.unlabelled)} openings labelled, {sum(h for _, h in sure)} harmful", flush=True
        )
        examples += [builder.pseudo(t, bool(h)) for t, h in sure for _ in range(2)]
    texts = [t for e in examples for _, t in e.turns] + [e.answer or "" for e in examples]
    spare = random.Random(args.seed)
    print("tokenizer", flush=True)
    tokenizer = train_tokenizer(
        spare.sample(texts, min(len(texts), 120_000)) + corpus.bare_texts(builder.root, builder.filler), args.vocab
    )
    fast = save_fast(tokenizer, args.out / "tokenizer")
    if encoder is None:
        print("no sentence encoder found: training without distillation", flush=True)
        vectors, start = np.zeros((1, teacher.DIM), np.float32), np.zeros((0, 0), np.float32)
        for e in examples:
            e.embed = False
    else:
        unique: dict[str, int] = {}
        for e in examples:
            if e.embed and (e.query in unique or len(unique) < args.embeds):
                unique.setdefault(e.query, len(unique))
            else:
                e.embed = False
        print(f"embedding {len(unique)} texts", flush=True)
        table = teacher.embed(encoder, list(unique))
        vectors = table[[unique[e.query] for e in examples if e.embed]]
        tokens = [fast.decode([i]) for i in range(len(fast))]
        start = teacher.token_start(encoder, tokens, 256, 0.04)
    corpus.save(args.out / "corpus.jsonl", examples)
    np.savez(store, vectors=vectors.astype(np.float32), start=start)


def learning_rate(step: int, total: int, peak: float) -> float:
    """Warm-up, then constant, then a linear fall over the last ``FALL`` of the steps."""
    warm = min(200, max(1, total // 20))
    return peak * min(1.0, (step + 1) / warm, max(0.02, (total - step) / (FALL * total)))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the recipe."""
    args = arguments(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    began = time.time()
    data, fast, vectors, start = prepare(args)
    centred = vectors - vectors.mean(0)
    table = torch.from_numpy(centred / max(float(centred.std()), 1e-6)).to(args.device)
    from transformers import Qwen2ForCausalLM

    model = Qwen2ForCausalLM(model_config(len(fast), fast)).to(args.device)
    with torch.no_grad():
        weight = model.model.embed_tokens.weight.normal_(0, circuits.SCALE)
        if start is not None:
            named = torch.from_numpy(start)
            mask = named.abs().sum(1) > 0
            named = named * (circuits.SCALE / named[mask][:, : circuits.PLAIN].std())
            weight[: len(named)][mask] = named[mask].to(args.device)
        words = [fast.decode([i]) for i in range(len(fast))]
        weight[: len(words)] = circuits.spell(weight[: len(words)].cpu(), words, args.seed).to(args.device)
    circuits.plant(model, args.seed)
    net = FastNet(model)
    head = torch.nn.Linear(256, teacher.DIM).to(args.device)
    embedding = [model.model.embed_tokens.weight]
    matrices = [p for n, p in model.named_parameters() if p.ndim > 1 and "embed" not in n]
    vectors_ = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [
            {"params": embedding, "weight_decay": 0.0, "scale": 0.5},
            {"params": matrices, "weight_decay": 0.1, "scale": 1.0},
            {"params": vectors_, "weight_decay": 0.0, "scale": 1.0},
            {"params": list(head.parameters()), "weight_decay": 0.0, "scale": 0.3},
        ],
        lr=args.lr,
        betas=(0.9, 0.98),
        fused=True,
    )
    average = [p.detach().clone() for p in model.parameters()]
    plans = [plan(data, args.batch_tokens, args.seed * 1000 + epoch) for epoch in range(args.epochs)]
    batches = [b for p in plans for b in p]
    total, step, spent = min(len(batches), args.steps or len(batches)), 0, 0.0
    curve: list[dict[str, float]] = []
    saved = args.out / "checkpoint.pt"
    if saved.exists():
        state = torch.load(saved, map_location=args.device, weights_only=True)
        model.load_state_dict(state["model"])
        head.load_state_dict(state["head"])
        optimizer.load_state_dict(state["optimizer"])
        average, step, curve, spent = state["average"], state["step"], state["curve"], state["spent"]
    count = sum(p.numel() for p in model.parameters())
    print(
        f"{count / 1e6:.2f} M parameters, {len(data)} rows, {sum(len(d.ids) for d in data) / 1e6:.2f} M tokens, {total} steps, from step {step}; "
        f"prepared in {time.time() - began:.0f} s",
        flush=True,
    )
    began, seen, first_step = time.time(), 0, step
    sums = [0.0] * 4
    model.train()
    while step < total:
        rng = random.Random(args.seed * 7919 + step)
        calm = args.calm if total - step < FALL * total else 1.0
        batch = collate(data, batches[step], fast.pad_token_id, args.first, calm, args.drop, rng)
        hidden = net(batch.ids.to(args.device), torch.cat([batch.at, batch.last]).to(args.device))
        logits = net.logits(hidden[: len(batch.at)])
        guess = head(hidden[len(batch.at) :].float() * (circuits.SCALE / 0.04)) if len(batch.last) else None
        weight = batch.weight.to(args.device)
        each = nnf.cross_entropy(logits.float(), batch.target.to(args.device), reduction="none")
        loss = (each * weight).sum() / weight.sum().clamp(min=1.0)
        far = torch.zeros((), device=args.device)
        if guess is not None:
            far = nnf.mse_loss(guess, table[batch.row.to(args.device)])
        share = 0.0 if guess is None else len(batch.last) / len(batches[step])
        (loss + args.distil * share * far).backward()
        torch.nn.utils.clip_grad_norm_([*model.parameters(), *head.parameters()], 1.0)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, total, args.lr) * group["scale"]
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(0.997, step / (step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(average, [p.detach() for p in model.parameters()], 1 - decay)
        step += 1
        seen += batch.tokens
        sums = [sums[0] + loss.item(), sums[1] + far.item(), sums[2] + 1, sums[3] + (guess is not None)]
        if step % 25 == 0 or step == total:
            rate = seen / (time.time() - began)
            point = {
                "step": step,
                "loss": sums[0] / sums[2],
                "distil": sums[1] / max(1, sums[3]),
                "seconds": spent + time.time() - began,
            }
            curve.append(point)
            sums = [0.0] * 4
            left = (time.time() - began) / (step - first_step) * (total - step)
            print(
                f"step {step}/{total} ({100 * step // total} %) loss {point['loss']:.3f} distil {point['distil']:.3f} {rate:.0f} tok/s, "
                f"about {left / 60:.0f} min left",
                flush=True,
            )
        if step % args.save_every == 0 or step == total:
            state = {
                "model": model.state_dict(),
                "head": head.state_dict(),
                "optimizer": optimizer.state_dict(),
                "average": average,
                "step": step,
                "curve": curve,
                "spent": spent + time.time() - began,
            }
            torch.save(state, saved.with_suffix(".tmp"))
            saved.with_suffix(".tmp").replace(saved)
            save_curve(args.out, curve)
    if math.isfinite(curve[-1]["loss"]):
        export_model(model, average, fast, args.out / "model")
        (args.out / "run.json").write_text(
            json.dumps(
                {k: str(v) if isinstance(v, Path) else v for k, v in vars(args).items() if k not in ("data", "out")}
                | {"parameters": count, "steps": total, "seconds": round(curve[-1]["seconds"])},
                indent=1,
            )
        )


if __name__ == "__main__":
    main()
