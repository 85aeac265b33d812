"""Ways of doing the same work, measured in turn, and what they cost beside the first."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

WAYS = ("without", "zero", "one", "many")
"""Unsteered where nothing can be steered, then where it can: at strength 0, all rows at one, each row at its own."""

STRENGTH = 0.5

Measure = Callable[[str, Sequence[Sequence[int]], Sequence[float]], Awaitable[tuple[float, float]]]
"""(way, prompts as token ids, a strength for each) -> seconds by the clock and of the processor."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way at one batch size: median tokens/s, and median ratios to `without` of the same round, by the clock and
    by processor time."""

    batch: int
    way: str
    tokens_per_second: float
    ratio: float
    ratio_cpu: float


def strengths(way: str, batch: int) -> list[float]:
    """Per row; `many`: as many different ones as there are rows, with the same mean."""
    if way == "many":
        return [(i + 1) / (batch + 1) for i in range(batch)]
    return [STRENGTH if way == "one" else 0.0] * batch


async def compare(
    measure: Measure, vocabulary: Sequence[int], batches: Sequence[int], *, repeats: int, length: int, tokens: int
) -> list[Row]:
    """Prompts are random tokens of the vocabulary, new ones in each round, so that no cache helps between rounds; the
    order of the ways turns. The first round warms up and does not count. tokens: what each prompt generates."""
    rng, known = np.random.default_rng(0), np.array(vocabulary)
    rows = []
    for batch in batches:
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for n in range(repeats + 1):
            for way in (*WAYS[n % len(WAYS) :], *WAYS[: n % len(WAYS)]):
                prompts = rng.choice(known, (batch, length)).tolist()
                found[way].append(await measure(way, prompts, strengths(way, batch)))
        rows += [_row(batch, way, found["without"][1:], found[way][1:], tokens) for way in WAYS]
    return rows


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


def show(title: str, rows: Sequence[Row]) -> None:
    table = Table("batch", "way", "tokens/s", "ratio", "ratio, CPU time", title=title)
    for r in rows:
        table.add_row(str(r.batch), r.way, f"{r.tokens_per_second:.0f}", f"{r.ratio:.3f}", f"{r.ratio_cpu:.3f}")
    Console().print(table)
