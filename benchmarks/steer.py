"""`python -m benchmarks.steer [--model M] [--steering S] [--batches 1,16,64] [--json FILE]`: what steering costs.

Tokens per second of the embedded upstream, without and with a subspace. Per batch size, alternately: unsteered on the
upstream without a subspace (what all ratios are to), at strength 0 on the one with it, all rows at one strength, and
every row at a strength of its own. All rows generate the same number of tokens; prompts are random tokens, new ones in
each round, so that no cache helps. Ratios are medians over rounds, within which the order turns; beside the clock
stands the processor time of the model's thread, which a busy machine spoils less. `--window 0` turns every token,
whatever the artefact says: the most that steering can cost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import orjson
from rich.console import Console
from rich.table import Table

from guard.assets import resolve
from proxy.upstream.base import Call
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream
from steering.artifact import Subspace

WAYS = ("without", "zero", "one", "many")
STRENGTH = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """One way at one batch size: median tokens/s, and median ratios to `without` of the same round, by the clock and
    by the processor time of the model's thread."""

    batch: int
    way: str
    tokens_per_second: float
    ratio: float
    ratio_cpu: float


class Bench:
    """An upstream and its model thread's processor clock."""

    def __init__(self, upstream: EmbeddedUpstream, known: set[int]) -> None:
        """`known`: threads that ran before the upstream was started."""
        self.upstream = upstream
        (worker,) = (t for t in threading.enumerate() if t.name == "embedded-engine" and t.ident not in known)
        assert worker.ident is not None
        self._processor = time.pthread_getcpuclockid(worker.ident)

    async def once(
        self, prompts: Sequence[Sequence[int]], strengths: Sequence[float], tokens: int
    ) -> tuple[float, float]:
        """Seconds by the clock and of the processor, for all prompts at once."""
        started, busy = time.perf_counter(), time.clock_gettime(self._processor)
        pairs = zip(prompts, strengths, strict=True)
        said = await asyncio.gather(*(self._complete(list(p), strength, tokens) for p, strength in pairs))
        cpu = time.clock_gettime(self._processor) - busy
        assert said == [tokens] * len(prompts), "an answer ended early: the ways did not do the same work"
        return time.perf_counter() - started, cpu

    async def _complete(self, prompt: list[int], strength: float, tokens: int) -> int:
        body = {"model": "x", "prompt": prompt, "temperature": 0, "max_tokens": tokens, "ignore_eos": True}
        reply = await self.upstream.send(Call("/v1/completions", body, strength=strength))
        assert reply.body is not None
        used: int = orjson.loads(reply.body)["usage"]["completion_tokens"]
        return used


def strengths(way: str, batch: int) -> list[float]:
    """Per row; `many`: as many different ones as there are rows, with the same mean."""
    if way == "many":
        return [(i + 1) / (batch + 1) for i in range(batch)]
    return [STRENGTH if way == "one" else 0.0] * batch


async def run(
    model: str, steering: str, batches: Sequence[int], *, repeats: int, tokens: int, length: int, threads: int
) -> list[Row]:
    options = EmbeddedOptions(
        model=model, threads=threads, max_queue=max(batches), max_active=max(batches), cache_tokens=0
    )
    upstreams: list[EmbeddedUpstream] = []
    benches: list[Bench] = []
    try:
        for chosen in (options, replace(options, steering=steering)):
            known = {t.ident for t in threading.enumerate() if t.ident is not None}
            upstreams.append(EmbeddedUpstream(chosen))
            await upstreams[-1].start()
            benches.append(Bench(upstreams[-1], known))
        loaded = upstreams[0].loaded
        rng, special = np.random.default_rng(0), set(loaded.tokenizer.all_special_ids)
        vocabulary = np.array([t for t in range(loaded.vocabulary_size) if t not in special])
        rows = []
        for batch in batches:
            found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
            for n in range(repeats + 1):
                prompts = rng.choice(vocabulary, (batch, length)).tolist()
                for way in (*WAYS[n % len(WAYS) :], *WAYS[: n % len(WAYS)]):
                    bench = benches[0 if way == "without" else 1]
                    found[way].append(await bench.once(prompts, strengths(way, batch), tokens))
            rows += [
                _row(batch, way, found["without"][1:], found[way][1:], tokens) for way in WAYS
            ]  # the first warms up
        return rows
    finally:
        for upstream in upstreams:
            await upstream.close()


def _row(
    batch: int, way: str, base: Sequence[tuple[float, float]], found: Sequence[tuple[float, float]], tokens: int
) -> Row:
    pairs = list(zip(base, found, strict=True))
    return Row(
        batch=batch,
        way=way,
        tokens_per_second=batch * tokens / statistics.median(clock for clock, _ in found),
        ratio=statistics.median(a[0] / b[0] for a, b in pairs),
        ratio_cpu=statistics.median(a[1] / b[1] for a, b in pairs),
    )


def show(rows: Sequence[Row]) -> None:
    table = Table("batch", "way", "tokens/s", "ratio", "ratio, CPU time", title="Embedded upstream")
    for r in rows:
        figures = (f"{r.tokens_per_second:.0f}", f"{r.ratio:.3f}", f"{r.ratio_cpu:.3f}")
        table.add_row(str(r.batch), r.way, *figures)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steer", description=__doc__)
    parser.add_argument("--model", default="bundled:tiny-chat")
    parser.add_argument("--steering", default="bundled:tiny-chat")
    parser.add_argument("--batches", default="1,16,64", help="requests at once")
    parser.add_argument("--window", type=int, help="tokens turned instead of the artefact's; 0: all")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--tokens", type=int, default=32, help="per answer")
    parser.add_argument("--length", type=int, default=64, help="prompt tokens")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the report there")
    wish = parser.parse_args()
    batches = [int(n) for n in wish.batches.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        steering = resolve(wish.steering, "steering")
        if wish.window is not None:
            found = replace(Subspace.load(steering), window=wish.window or None)
            steering = str(Path(scratch) / "window.safetensors")
            found.save(steering)
        work = run(
            wish.model,
            steering,
            batches,
            repeats=wish.repeats,
            tokens=wish.tokens,
            length=wish.length,
            threads=wish.threads,
        )
        rows = asyncio.run(work)
    show(rows)
    if wish.json is not None:
        machine = {"python": platform.python_version(), "cores": os.cpu_count(), "threads": wish.threads}
        wish.json.write_text(
            json.dumps({"machine": machine, "rows": [asdict(r) for r in rows]}, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
