"""`python -m recipes.guards.options --unseen NAME=HARMFUL,HARMLESS … --out FILE`: what each option of the build is worth.

Builds the probe set once for every option value, the other options left at their defaults, over several splits of the
prompts, and measures it on the calibration part, which the search and the choice have not seen, and on prompts of other
sources. Defaults are judged by the first; the second tells whether that carries over. Rows are kept in OUT's `.jsonl`:
a run that was stopped goes on. The last row is a control: the same network with weights drawn at random has no opinion
to measure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import Progress

from detectors import metrics
from detectors.prefix_probing.artifact import ProbeSet
from detectors.prefix_probing.construct import BuildOptions, build, measure
from detectors.prefix_probing.data import Prompts, load
from detectors.prefix_probing.score import Aggregation, aggregate
from detectors.scorers.local import LocalScorer
from detectors.script import script
from guard.assets import resolve
from guard.errors import ArtifactError

PROMPTS = Path(__file__).parents[1] / "tiny_chat" / "eval" / "calibration_prompts.jsonl"
CONTROL = "random weights (control)"
TRIED: dict[str, Sequence[Any]] = {
    "width": (1, 4, 16),
    "top_k": (2, 16),
    "depth": (1, 3, 10),
    "min_p": (0.0, 0.05),
    "keep": (1, 8),
    "slack": (0.01,),
    "prompts": (16, 32),
    "aggregation": tuple(Aggregation),
    "per_script": (False,),
}


def variants() -> Iterator[tuple[str, BuildOptions]]:
    default = BuildOptions(gate_outside=0)
    yield "defaults", default
    for name, values in TRIED.items():
        for value in values:
            part = next((p for p in ("search", "select") if hasattr(getattr(default, p), name)), "")
            changed = {part: replace(getattr(default, part), **{name: value})} if part else {name: value}
            yield f"{name} {value}", replace(default, **changed)
    yield CONTROL, default


def scores(scorer: LocalScorer, probes: ProbeSet, texts: Sequence[str]) -> np.ndarray:
    """As served without the gate: all openings, every script brought onto the common scale."""
    means = measure(scorer, texts, [p.tokens for p in probes.prefixes])
    signs, deltas = [p.sign for p in probes.prefixes], [p.delta for p in probes.prefixes]
    raw = aggregate(means, signs, deltas, probes.aggregation)
    return np.asarray(probes.calibration.aligned(raw, [script(t) for t in texts]))


def row(scorer: LocalScorer, prompts: Prompts, unseen: dict[str, Prompts], options: BuildOptions) -> dict[str, Any]:
    """AUROC, and TPR at 5 % FPR on the unseen ones. Without openings of both signs: a row of nothing but the reason."""
    try:
        probes = build(scorer, prompts, options)
    except ArtifactError as error:
        return {"error": str(error)}
    out: dict[str, Any] = {
        "openings": len(probes.prefixes),
        "tokens": sum(len(p.tokens) for p in probes.prefixes),
        "search": int(probes.search["candidate_tokens"]),
        "how": str(probes.aggregation),
        "calibration": [probes.calibration.auroc, 0.0],
    }
    for name, sides in unseen.items():
        bad, good = scores(scorer, probes, sides.harmful), scores(scorer, probes, sides.harmless)
        out[name] = [metrics.auroc(bad, good), metrics.tpr_at_fpr(bad, good, 0.05)]
    return out


def without_opinion(scorer: LocalScorer) -> LocalScorer:
    """The same network, every matrix drawn anew."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in scorer.model.parameters():
            if p.dim() > 1:
                p.normal_(0.0, 0.02, generator=generator)
    scorer.forget()
    return scorer


def table(rows: dict[str, list[dict[str, Any]]], names: Sequence[str]) -> list[str]:
    """Means over the splits; ± is the standard deviation between them."""
    head = ["option", "openings", "tokens a prompt", "tokens of the search", "calibration part", *names]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, found in rows.items():
        good = [r for r in found if "error" not in r]
        if not good:
            lines.append(f"| {name} | {found[0]['error']} |" + " |" * (len(head) - 2))
            continue
        cells = [name, *(f"{np.mean([r[k] for r in good]):,.1f}" for k in ("openings", "tokens"))]
        cells.append(f"{np.mean([r['search'] for r in good]):,.0f}")
        for key in ("calibration", *names):
            auroc = [r[key][0] for r in good]
            more = "" if key == "calibration" else f" / {100 * np.mean([r[key][1] for r in good]):.0f} %"
            cells.append(f"{np.mean(auroc):.3f} ± {np.std(auroc):.3f}{more}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m recipes.guards.options", description=__doc__)
    parser.add_argument("--model", default="bundled:tiny-chat")
    parser.add_argument("--prompts", type=Path, default=PROMPTS, help="labelled prompts to build from")
    parser.add_argument("--unseen", action="append", required=True, metavar="NAME=HARMFUL,HARMLESS")
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    wish = parser.parse_args(arguments)
    unseen = {n: load(*f.split(",")) for n, _, f in (u.partition("=") for u in wish.unseen)}
    prompts = load(wish.prompts, wish.prompts)
    log = wish.out.with_suffix(".jsonl")
    known = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    done = {(r["name"], r["seed"]): r for r in known}
    todo = [(n, o, seed) for n, o in variants() for seed in range(wish.splits) if (n, seed) not in done]
    scorer = LocalScorer.load(resolve(wish.model, "model"), threads=1)
    with Progress() as progress, log.open("a", encoding="utf-8") as keep:
        bar = progress.add_task("builds", total=len(todo))
        for name, options, seed in todo:
            if name == CONTROL:
                scorer = without_opinion(scorer)
            found = row(scorer, prompts, unseen, replace(options, seed=seed))
            done[name, seed] = {"name": name, "seed": seed, **found}
            keep.write(json.dumps(done[name, seed]) + "\n")
            keep.flush()
            progress.advance(bar)
    rows = {n: [done[n, s] for s in range(wish.splits)] for n, _ in variants()}
    wish.out.write_text("\n".join(table(rows, list(unseen))) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
