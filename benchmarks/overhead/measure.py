"""One cell: a subject under one load, with what it cost; and whether something else was running meanwhile."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.overhead import load
from benchmarks.overhead.procs import busy_seconds, cpu_seconds, pin, resident_bytes
from benchmarks.overhead.subjects import Rig, Subject

FOREIGN = 0.10
"""Share of a core that other processes may take before a run counts as disturbed."""
SLOWER = 1.25
"""How much slower than usual the machine may compute before a run counts as disturbed."""
TRIES = 3
SLOW = 4
"""How many times as long a run of a slow subject may take."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is asked: clients at once, prompt size in characters, streamed or not, workers of the subject."""

    subject: str
    connections: int
    size: int
    stream: bool
    workers: int = 1


@dataclass(slots=True)
class Result:
    """`runs`: one a round, as `load` gives them, with `cpu_ms` per request of the subject's processes, and `rss_mb`.
    `disturbed` counts runs that were thrown away, `doubtful` those that were kept for want of a better one."""

    cell: Cell
    runs: list[dict[str, float]] = field(default_factory=list)
    disturbed: int = 0
    doubtful: int = 0
    error: str = ""

    def median(self, name: str) -> float | None:
        values = [run[name] for run in self.runs if name in run]
        return statistics.median(values) if values else None

    def as_dict(self) -> dict[str, Any]:
        names = sorted({name for run in self.runs for name in run})
        return {**asdict(self), "median": {name: self.median(name) for name in names}}


class Meter:
    """Measures cells on pinned cores: the subject on the first, load and provider on the second, if there is one."""

    def __init__(self, rig: Rig, scratch: Path, seconds: float, *, strict: bool) -> None:
        self.rig, self.scratch, self.seconds, self.strict = rig, scratch, seconds, strict
        cores = sorted(os.sched_getaffinity(0))
        self.all = cores
        self.subject_cores, self.load_cores = (cores[:1], cores[1:2]) if len(cores) > 1 else (cores, cores)
        self._usual = min(spin() for _ in range(5))

    def run(self, result: Result, subject: Subject) -> None:
        """Add one run to a result; disturbed ones are repeated."""
        for attempt in range(1, TRIES + 1):
            try:
                found, quiet = self._once(result.cell, subject)
            except Exception as error:
                result.error = str(error)[:300]
                return
            if quiet or not self.strict or attempt == TRIES:
                result.doubtful += not quiet
                result.runs.append(found)
                return
            result.disturbed += 1

    def _once(self, cell: Cell, subject: Subject) -> tuple[dict[str, float], bool]:
        both = cell.workers > 1
        pin(subject.pids, self.all if both else self.subject_cores)
        pin([self.rig.provider.pid], self.all if both else self.load_cores)
        headers = {"authorization": "Bearer sk-benchmark", **subject.headers}
        raw = load.body(cell.size, stream=cell.stream)
        alone = load.once(subject.url, headers, raw)
        # a slow subject with many clients needs longer to answer each of them; streams wait for the provider's pace
        needed = 0.0 if cell.stream else 1.5 * alone * cell.connections
        seconds = min(max(self.seconds, needed), self.seconds * SLOW)
        before = spin()
        own = [*subject.pids, self.rig.provider.pid, os.getpid()]
        cpu, mine, busy, began = cpu_seconds(subject.pids), cpu_seconds(own), busy_seconds(), time.perf_counter()
        cores = [] if both else self.load_cores
        options: dict[str, Any] = {"connections": cell.connections, "seconds": seconds, "cores": cores}
        if cell.stream:
            found = load.streams(subject.url, headers, raw, **options)
        else:
            file = self.scratch / f"body-{cell.size}.json"
            file.write_bytes(raw)
            found = load.closed_loop(subject.url, headers, file, **options)
        took = time.perf_counter() - began
        foreign = (busy_seconds() - busy - (cpu_seconds(own) - mine)) / took
        found["cpu_ms"] = 1e3 * (cpu_seconds(subject.pids) - cpu) / found["requests"]
        found["rss_mb"] = resident_bytes(subject.pids) / 1e6
        found["foreign"] = foreign
        found["spin"] = max(before, spin()) / self._usual
        return found, foreign < FOREIGN and found["spin"] < SLOWER


def spin() -> float:
    """Seconds for a fixed piece of work: the machine's own floor."""
    began = time.perf_counter()
    total = 0
    for i in range(200_000):
        total += i & 7
    return time.perf_counter() - began


def plan(
    subjects: Sequence[str],
    connections: Sequence[int],
    sizes: Sequence[int],
    streams: Sequence[bool],
    *,
    workers: int = 1,
) -> list[Cell]:
    """Cells in the order they are run: subjects take turns within each load. Streams have the middle prompt size."""
    middle = sorted(sizes)[len(sizes) // 2]
    return [
        Cell(subject, clients, size, stream, workers)
        for stream in streams
        for size in ((middle,) if stream else sizes)
        for clients in connections
        for subject in subjects
    ]
