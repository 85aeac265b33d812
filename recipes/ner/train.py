"""Train one of the bundled NER pipelines.

``python -m recipes.ner.train --lang en|zh --data DIR --out DIR [--rounds N] [--share S] [--seed N]``

Deterministic for a seed on one machine. Every round is fresh text; an interrupted run continues behind its last round.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch

from guard.assets import resolve
from recipes.ner import lexicon
from recipes.ner.calibrate import calibrate
from recipes.ner.corpus import Chinese, English
from recipes.ner.encode import TAGS, Encoded, batches, encode
from recipes.ner.network import DILATIONS, Network
from recipes.ner.teacher import Teacher
from recipes.ner.text import LABELS
from sanitizers.detect.ner_features import Features, features
from sanitizers.detect.ner_pipe import FACTORY
from sanitizers.detect.ner_tagger import Tagger

KINDS = {"en": "words", "zh": "characters"}
ROWS = {"en": 20_480, "zh": 49_152}
# Log-odds by which a find is preferred to none, measured on the sentences kept of the corpora with a retrained
# tagger (the one that ships had learnt them): for English 1.0 halves what stays readable for three to four points of precision on
# persons, 2.0 would cost seven more; for Chinese 1.0 costs three.
OUTSIDE = {"en": 1.0, "zh": 0.0}


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", choices=("en", "zh"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with pii/ and prompts/ as README.md describes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--share", type=float, default=1.0, help="of the examples of a round")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--batch-tokens", type=int, default=5000)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--bfloat16", action="store_true", help="matrix products in bfloat16: several times faster on CPUs with AMX"
    )
    parser.add_argument(
        "--start", help="a bundled pipeline or its folder: go on from its weights, with its word tables"
    )
    parser.add_argument("--teacher", type=Path, help="a model of recipes.ner.transformer to learn from (English)")
    parser.add_argument("--unlabelled", type=int, default=20_000, help="texts that the teacher reads, at most")
    parser.add_argument("--exclude", default="btc_e,wnut17_dev", help="corpora to leave out (English)")
    return parser.parse_args()


def _collate(rows: list[Encoded]) -> tuple[torch.Tensor, ...]:
    lengths = [len(r) for r in rows]
    time_ = max(lengths)
    mask = torch.zeros(len(rows), time_)
    for i, n in enumerate(lengths):
        mask[i, :n] = 1
    ids = torch.from_numpy(np.concatenate([r.ids for r in rows]).astype(np.int64))
    dense = torch.from_numpy(np.concatenate([r.dense for r in rows]).astype(np.float32))
    bits = np.concatenate([r.allowed for r in rows])
    allowed = torch.from_numpy(((bits[:, None] >> np.arange(TAGS)) & 1).astype(bool))
    none = np.full((1, 1 + len(LABELS)), np.nan, np.float16)
    taught = torch.from_numpy(
        np.concatenate([none.repeat(len(r), 0) if r.taught is None else r.taught for r in rows]).astype(np.float32)
    )
    return ids, dense, mask, allowed, taught


def step(net: Network, rows: list[Encoded], words: bool, half: bool) -> torch.Tensor:
    """The loss of a batch: minus the log-probability of what the annotation allows, and cross-entropy with the teacher."""
    ids, dense, mask, allowed, taught = _collate(rows)
    keep = torch.ones(ids.shape)
    if words:  # the word itself is forgotten often, all that a table knows of it sometimes: names are new words
        keep[:, 0] = (torch.rand(len(ids)) > 0.35).float()
        known = (torch.rand(len(ids)) > 0.08).float()
        keep[:, 10:] *= known[:, None]
        dense = dense * known[:, None]
    else:
        keep *= (torch.rand(ids.shape) > 0.12).float()
        keep[:, 0] = 1
        dense = dense * (torch.rand(len(ids)) > 0.12).float()[:, None]
    flat = net.embed(ids, dense, keep)
    x = torch.zeros(mask.shape[0], mask.shape[1], net.width)
    where = mask.bool()
    x = x.masked_scatter(where[..., None], flat)
    scores = net(x, mask, half)[where]
    loss = -torch.logsumexp(scores.masked_fill(~allowed, -1e4), -1).sum()
    known = ~taught.isnan().any(-1)
    if bool(known.any()):
        own = scores[known]
        by_label = torch.cat((own[:, :1], own[:, 1:].unflatten(-1, (len(LABELS), 4)).logsumexp(-1)), -1)
        loss = loss - (taught[known] * by_label).sum()
    return loss / len(scores)


def save(nlp_lang: str, tagger: Tagger, path: Path) -> None:
    """The tagger as a spaCy pipeline on disk."""
    settings: dict[str, Any] = {"nlp": {"tokenizer": {"segmenter": "char"}}} if nlp_lang == "zh" else {}
    nlp = spacy.blank(nlp_lang, config=settings)
    nlp.add_pipe(FACTORY).tagger = tagger
    nlp.meta.update(
        name="guardchain_ner", version="1.0.0", license="Apache-2.0", description="Named entities for guardchain's sanitizer"
    )  # fmt: skip
    nlp.to_disk(path)


def export(args: argparse.Namespace, net: Network, own: Features, calibration: dict[str, Any]) -> Tagger:
    """The trained network as the tagger that ships."""
    config = {
        "features": KINDS[args.lang],
        "rows": ROWS[args.lang],
        "labels": list(LABELS),
        "dilations": list(DILATIONS),
        **calibration,
    }
    return Tagger(config, {**net.arrays(), **{f"features.{k}": v for k, v in own.arrays().items()}})


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    cache = args.out / f"lexicon-{args.lang}.npz"
    corpus: English | Chinese
    before: Tagger | None = None
    if args.start:
        before = Tagger.load(Path(resolve(args.start, "model")) / FACTORY)
        np.savez(cache, **before.features.arrays())  # type: ignore[arg-type]
    if args.lang == "en":
        arrays = lexicon.english(cache)
        corpus = English(args.data, cache, tuple(args.exclude.split(",")))
    else:
        arrays = lexicon.chinese()
        corpus = Chinese(args.data)
    own = features(KINDS[args.lang], arrays, ROWS[args.lang])
    torch.manual_seed(args.seed)
    net = Network(own.rows, args.width, own.width, TAGS)
    if before is not None:
        net.restore(before.weights())
    teacher: Teacher | None = None
    if args.teacher is not None and isinstance(corpus, English):
        teacher = Teacher(args.teacher, corpus.unlabelled(args.unlabelled), args.out / "teacher-en.npz", args.bfloat16)
        print(f"the teacher has read {len(teacher.examples)} texts", flush=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01, fused=True)
    state = args.out / f"state-{args.lang}.pt"
    done = 0
    if state.exists():
        loaded = torch.load(state, weights_only=True)
        net.load_state_dict(loaded["net"])
        optimiser.load_state_dict(loaded["optimiser"])
        done = int(loaded["round"])
    log = (args.out / f"log-{args.lang}.jsonl").open("a", encoding="utf-8")
    for index in range(done, args.rounds):
        began = time.monotonic()
        torch.manual_seed(args.seed * 1000 + index)
        rng = random.Random(args.seed * 1000 + index)
        examples = corpus.round(index + args.seed * 100, args.share)
        if teacher is not None:
            examples += teacher.sample(rng, len(examples))
        rows = encode(examples, own, opinions=teacher)
        made = list(batches(rows, args.batch_tokens, rng))
        prepared = time.monotonic() - began
        net.train()
        total = 0.0
        for number, batch in enumerate(made):
            at = (index + number / len(made)) / args.rounds
            rate = args.lr * min(1.0, at * 40 + 0.02) * (0.5 + 0.5 * math.cos(math.pi * at))
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss = step(net, batch, args.lang == "en", args.bfloat16)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            total += float(loss.detach())
            if number % 50 == 0:
                print(
                    f"round {index + 1}/{args.rounds} batch {number}/{len(made)} loss {total / (number + 1):.4f} {time.monotonic() - began:.0f} s",
                    flush=True,
                )
        torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "round": index + 1}, state)
        record = {
            "round": index + 1,
            "loss": total / len(made),
            "tokens": sum(map(len, rows)),
            "prepare_s": prepared,
            "seconds": time.monotonic() - began,
        }
        print(json.dumps(record), flush=True)
        log.write(json.dumps(record) + "\n")
        log.flush()
    net.eval()
    plainly = export(args, net, own, {"outside": OUTSIDE[args.lang], "calibration": [[0.0, 1.0], [0.0, 1.0]]})
    tagger = export(args, net, own, calibrate(plainly, corpus))
    save(args.lang, tagger, args.out / f"ner-{args.lang}")
    print("saved", args.out / f"ner-{args.lang}", json.dumps({k: tagger.config[k] for k in ("outside", "calibration")}))


if __name__ == "__main__":
    main()
