"""`python -m benchmarks.steer [embedded|vllm] [--model M] [--steering S] [--batches 1,16,64] [--json FILE]`: what
steering costs.

Tokens per second, without and with a subspace. Per batch size, alternately: unsteered where nothing can be steered
(what all ratios are to), then where it can: at strength 0, all rows at one strength, every row at its own.
All rows generate the same number of tokens. Ratios are medians over rounds, within which the order turns; beside the
clock stands the processor time of the model's thread or engine, which a busy machine spoils less. `--window 0` turns
every token, whatever the artefact says: the most that steering can cost. `vllm` runs in vLLM's environment (`make test`
makes .venv-vllm) with compiled graphs; `--model random` is a Llama of 134 M parameters made on the spot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.steer import embedded, vllm
from benchmarks.steer.rounds import show
from guard.assets import resolve
from steering.artifact import Subspace


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steer", description=__doc__)
    parser.add_argument("where", nargs="?", choices=("embedded", "vllm"), default="embedded")
    parser.add_argument("--model", default="bundled:tiny-chat", help="directory, bundled:<name> or random (vllm)")
    parser.add_argument("--steering", default="bundled:tiny-chat")
    parser.add_argument("--layers", default="4,5,6,7", help="of the random model, that are steered")
    parser.add_argument("--batches", default="1,16,64", help="requests at once")
    parser.add_argument("--window", type=int, help="tokens turned instead of the artefact's; 0: all")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--tokens", type=int, default=32, help="per answer")
    parser.add_argument("--length", type=int, default=64, help="prompt tokens")
    parser.add_argument("--threads", type=int, default=1, help="of the embedded model")
    parser.add_argument("--dtype", default="float32", help="of vLLM")
    parser.add_argument("--json", type=Path, help="write the report there")
    wish = parser.parse_args(arguments)
    size = {"repeats": wish.repeats, "tokens": wish.tokens, "length": wish.length}
    batches = [int(n) for n in wish.batches.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        if wish.model == vllm.RANDOM:
            model = vllm.random_llama(Path(scratch) / vllm.RANDOM, Path(resolve("bundled:tiny-chat", "model")))
            layers = [int(i) for i in wish.layers.split(",")]
            steering = vllm.random_subspace(model, Path(scratch) / "random.safetensors", layers)
        else:
            model, steering = Path(resolve(wish.model, "model")), Path(resolve(wish.steering, "steering"))
        if wish.window is not None:
            found = replace(Subspace.load(steering), window=wish.window or None)
            steering = Path(scratch) / "window.safetensors"
            found.save(steering)
        if wish.where == "vllm":
            rows = asyncio.run(vllm.run(model, steering, batches, dtype=wish.dtype, **size))
        else:
            rows = asyncio.run(embedded.run(str(model), str(steering), batches, threads=wish.threads, **size))
    show(f"{wish.where}, {wish.model}", rows)
    if wish.json is not None:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "threads": wish.threads}
        asked = {"where": wish.where, "model": wish.model, "window": wish.window, "dtype": wish.dtype, **size}
        report = {"machine": machine, "asked": asked, "rows": [asdict(r) for r in rows]}
        wish.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
