"""`python -m benchmarks.probe [--quick] [--model M] [--probes P] [--openings N] [--lengths 50,500] [--json FILE]`: what
probing adds.

On the embedded upstream, for fresh prompts of several lengths: the request alone; after its probes on the shared KV, as
the guard does it; after the first-token gate alone; and after scoring the naive way, every opening joined to the prompt
and read by `echo` with log-probabilities. Tokens are counted where they enter the model, and held against what the
server says it computed and found in its cache. Times are to the first token of the answer. The ways take turns in one
process, each round in another order; what a way adds is the ratio of its median to that of the request alone, by the
clock and by the processor time of the model's thread, which a busy machine spoils less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from detectors.prefix_probing.probe import PrefixProbe
from guard.assets import resolve
from proxy.upstream.base import Call
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream

LENGTHS = (50, 100, 200, 350, 500, 700, 900)
QUICK = (50, 500, 900)
AIM = 0.25  # of the time to the first token


@dataclass(frozen=True, slots=True)
class Row:
    """Prompts of `length` tokens. Tokens entered the model per request; milliseconds are medians to the first token;
    `added` and `gated_added` are median(guarded) / median(plain) - 1, `_cpu` of the model thread's processor time."""

    length: int
    plain_tokens: int
    probed_tokens: int
    gated_tokens: int
    naive_tokens: int
    plain_ms: float
    probed_ms: float
    gated_ms: float
    naive_ms: float
    added: float
    gated_added: float
    added_cpu: float
    gated_added_cpu: float

    @property
    def ratio(self) -> float:
        """Tokens with all probes over tokens without."""
        return self.probed_tokens / self.plain_tokens


class Once(NamedTuple):
    """One request: tokens that entered the model, seconds by the clock, seconds of the model thread's processor."""

    tokens: int
    seconds: float
    cpu: float


class Bench:
    """One upstream, its probes, and a counter at the model's entrance."""

    def __init__(self, upstream: EmbeddedUpstream, probe: PrefixProbe, openings: Sequence[list[int]]) -> None:
        self.upstream = upstream
        self.openings = openings
        gate = probe.probes.gate
        self.first = [[t] for t in (gate.model.tokens if gate else sorted({o[0] for o in self.openings}))]
        self.tokens = 0
        worker = next(t for t in threading.enumerate() if t.name == "embedded-engine")
        assert worker.ident is not None
        self._processor = time.pthread_getcpuclockid(worker.ident)
        upstream.loaded.model.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, _module: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        self.tokens += kwargs["input_ids"].numel()

    async def plain(self, prompt: list[int]) -> None:
        """The request, to its first token."""
        usage = await self._complete(prompt=prompt, max_tokens=1)
        assert usage["prompt_tokens"] == len(prompt)

    async def probed(self, prompt: list[int]) -> None:
        await self._guarded(prompt, self.openings)

    async def gated(self, prompt: list[int]) -> None:
        await self._guarded(prompt, self.first)

    async def naive(self, prompt: list[int]) -> None:
        for opening in self.openings:
            await self._complete(prompt=prompt + opening, max_tokens=0, echo=True, logprobs=1)
        await self.plain(prompt)

    async def _guarded(self, prompt: list[int], probes: Sequence[list[int]]) -> None:
        before = self.tokens
        scored = await self.upstream.scorer.score(prompt, probes)
        assert scored.cached_tokens == 0
        assert self.tokens - before == scored.tokens_computed, "the scorer's count is not what entered the model"
        usage = await self._complete(prompt=prompt, max_tokens=1)
        assert usage["prompt_tokens_details"]["cached_tokens"] == len(prompt), "the answer computed the prompt again"
        assert self.tokens - before == scored.tokens_computed, "the answer's first token cost more than a look-up"

    async def _complete(self, **body: Any) -> Any:
        reply = await self.upstream.send(Call("/v1/completions", {"model": "x", "temperature": 0, **body}))
        assert reply.body is not None
        return orjson.loads(reply.body)["usage"]

    async def once(self, way: Callable[[list[int]], Awaitable[None]], prompt: list[int]) -> Once:
        self.upstream.engine.cache.clear()
        before, started, busy = self.tokens, time.perf_counter(), time.clock_gettime(self._processor)
        await way(prompt)
        cpu = time.clock_gettime(self._processor) - busy
        return Once(self.tokens - before, time.perf_counter() - started, cpu)


def _openings(own: Sequence[list[int]], count: int, vocabulary: NDArray[np.int64]) -> list[list[int]]:
    """`count` openings: the set's own, filled up with random ones of the longest length, whose tokens cost as much."""
    rng, length = np.random.default_rng(1), max(map(len, own))
    more = [rng.choice(vocabulary, length).tolist() for _ in range(count - len(own))]
    return [*own, *more] if count >= len(own) else list(own[:count])


async def run(
    model: str,
    probes: str,
    lengths: Sequence[int],
    *,
    repeats: int,
    threads: int,
    naive_repeats: int = 2,
    openings: int = 0,
) -> tuple[list[Row], int]:
    """Rows by length, and the number of probes: `openings`, or with 0 as many as the set has."""
    upstream = EmbeddedUpstream(EmbeddedOptions(model=model, threads=threads))
    await upstream.start()
    try:
        probe = PrefixProbe.load(resolve(probes, "probes"), upstream.scorer)
        rng = np.random.default_rng(0)
        special = set(upstream.loaded.tokenizer.all_special_ids)
        vocabulary = np.array([t for t in range(upstream.loaded.vocabulary_size) if t not in special])
        own = [list(p.tokens) for p in probe.probes.prefixes]
        bench = Bench(upstream, probe, _openings(own, openings or len(own), vocabulary))
        rows = []
        for length in lengths:
            found: dict[str, list[Once]] = {"plain": [], "probed": [], "gated": [], "naive": []}
            for n in range(repeats + 1):
                prompt = rng.choice(vocabulary, length).tolist()
                ways = [way for way in found if way != "naive" or n <= naive_repeats]
                for way in ways[n % len(ways) :] + ways[: n % len(ways)]:
                    found[way].append(await bench.once(getattr(bench, way), prompt))
            rows.append(_row(length, {way: results[1:] for way, results in found.items()}))  # the first warms up
        return rows, len(bench.openings)
    finally:
        await upstream.close()


def _row(length: int, found: dict[str, list[Once]]) -> Row:
    tokens = {way: {r.tokens for r in results} for way, results in found.items()}
    assert all(len(t) == 1 for t in tokens.values()), "the same work took different numbers of tokens"
    ms = {way: statistics.median(r.seconds for r in results) * 1000 for way, results in found.items()}

    def added(way: str, kind: str) -> float:
        plain, guarded = (statistics.median(getattr(r, kind) for r in found[name]) for name in ("plain", way))
        return guarded / plain - 1

    count = {way: t.pop() for way, t in tokens.items()}
    return Row(
        length=length,
        plain_tokens=count["plain"],
        probed_tokens=count["probed"],
        gated_tokens=count["gated"],
        naive_tokens=count["naive"],
        plain_ms=ms["plain"],
        probed_ms=ms["probed"],
        gated_ms=ms["gated"],
        naive_ms=ms["naive"],
        added=added("probed", "seconds"),
        gated_added=added("gated", "seconds"),
        added_cpu=added("probed", "cpu"),
        gated_added_cpu=added("gated", "cpu"),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe", description=__doc__)
    parser.add_argument("--model", default="bundled:tiny-chat")
    parser.add_argument("--probes", default="bundled:tiny-chat")
    parser.add_argument("--openings", type=int, default=0, help="how many; by default those of the set")
    parser.add_argument("--quick", action="store_true", help=f"lengths {','.join(map(str, QUICK))}, five rounds")
    parser.add_argument("--lengths", help=f"prompt lengths in tokens, by default {','.join(map(str, LENGTHS))}")
    parser.add_argument("--repeats", type=int, help="rounds for each length, by default 15")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the report there")
    wish = parser.parse_args()
    lengths = [int(n) for n in wish.lengths.split(",")] if wish.lengths else QUICK if wish.quick else LENGTHS
    repeats = wish.repeats or (5 if wish.quick else 15)
    options = {"repeats": repeats, "threads": wish.threads, "openings": wish.openings}
    rows, probes = asyncio.run(run(wish.model, wish.probes, lengths, **options))
    show(rows, probes)
    if wish.json is not None:
        machine = {
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "threads": wish.threads,
            "load": os.getloadavg()[0],
        }
        report = {
            "machine": machine,
            "probes": probes,
            "repeats": repeats,
            "aim": AIM,
            "rows": [{**asdict(r), "ratio": r.ratio} for r in rows],
        }
        wish.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def show(rows: Sequence[Row], probes: int) -> None:
    console = Console()
    tokens = _table(f"Tokens that entered the model, {probes} probes", "request", "gate", "all probes", "×", "naive")
    for r in rows:
        counts = (r.length, r.plain_tokens, r.gated_tokens, r.probed_tokens)
        tokens.add_row(*map(str, counts), f"{r.ratio:.2f}", str(r.naive_tokens))
    times = _table(
        "Milliseconds to the first token of the answer",
        "request",
        "gate",
        "",
        "all probes",
        "",
        "naive",
        "CPU gate",
        "probes",
    )
    for r in rows:
        gate, every = (f"{r.gated_ms:.1f}", _share(r.gated_added)), (f"{r.probed_ms:.1f}", _share(r.added))
        cpu = (_share(r.gated_added_cpu), _share(r.added_cpu))
        times.add_row(str(r.length), f"{r.plain_ms:.1f}", *gate, *every, f"{r.naive_ms:.1f}", *cpu)
    console.print(tokens)
    console.print(times)
    console.print(f"Aim: at most {AIM:+.0%}; what exceeds it is red. Load while it ran: {os.getloadavg()[0]:.1f}.")
    console.print("The answer computed no prompt token again after probing (the server's cached-token counts).")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("prompt", *columns):
        table.add_column(name, justify="right")
    return table


def _share(added: float) -> str:
    return f"[red]{added:+.0%}[/]" if added > AIM else f"{added:+.0%}"


if __name__ == "__main__":
    main()
