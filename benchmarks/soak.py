"""`python -m benchmarks.soak --minutes 30`: whole answers, streams, aborts, blocks and bad requests, and flat memory.

The proxy runs as a process of its own, with everything hidden and restored; its memory, open files and threads are
read from outside. Memory is flat when the last third of the run does not need more than the middle third: a
straight line through the samples (Theil and Sen's, which outliers do not bend) may rise by no more than the bound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np

from benchmarks.growth import word
from benchmarks.overhead.load import prompt
from benchmarks.overhead.procs import cpu_seconds, resident_bytes, tree
from benchmarks.overhead.report import machine
from benchmarks.overhead.subjects import Rig

BOUND_MB = 8.0
"""What the memory of one process may rise by over the second two thirds of a run: allocators are not exact."""
ADDRESS = "maria.lopez@corp-internal.org"
SSN = "536-22-1234"
CLIENTS = 8
POOL = [word() for _ in range(40)]


@dataclass
class Watch:
    """Samples, one a second: seconds since the start, megabytes, open files, threads."""

    samples: list[tuple[float, float, int, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def settled(self) -> np.ndarray:
        """The samples after the first third, when caches have been filled and code has been loaded."""
        rows = np.array(self.samples)
        return rows[rows[:, 0] >= rows[-1, 0] / 3]

    @property
    def rise_mb(self) -> float:
        """What a straight line through the settled samples rises by."""
        rows = self.settled
        return slope(rows[:, 0], rows[:, 1]) * float(rows[-1, 0] - rows[0, 0])

    @property
    def rise_files(self) -> int:
        rows = self.settled
        half = len(rows) // 2
        return int(np.median(rows[half:, 2]) - np.median(rows[:half, 2]))


def slope(x: np.ndarray, y: np.ndarray, most: int = 400) -> float:
    """Theil and Sen's slope: the median over all pairs of (thinned) samples."""
    step = max(1, len(x) // most)
    x, y = x[::step], y[::step]
    i, j = np.triu_indices(len(x), 1)
    return float(np.median((y[j] - y[i]) / (x[j] - x[i])))


def note(known: float) -> str:
    """A word, with that probability one of forty. Finds in thousands of texts are remembered, and that takes memory
    until there are as many as are kept: it should not be what a short run measures."""
    return random.choice(POOL) if random.random() < known else word()


def ask(text: str, *, stream: bool) -> dict[str, object]:
    return {"model": "echo", "stream": stream, "messages": [{"role": "user", "content": text}]}


def code(body: str) -> str:
    """What an error calls itself."""
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, TypeError, KeyError):
        return "without a code"


async def client(session: aiohttp.ClientSession, url: str, watch: Watch, until: float) -> None:
    """Requests of all kinds, one after the other; what is not as it should be is noted."""
    while time.monotonic() < until:
        kind = random.choices(("whole", "stream", "abort", "block", "bad", "long"), (30, 30, 15, 10, 10, 5))[0]
        text = f"Note {note(0.8)}: write to {ADDRESS} please."
        try:
            if kind == "block":
                async with session.post(url, json=ask(f"{text} SSN {SSN}", stream=False)) as answer:
                    said, status = await answer.text(), 400
            elif kind == "bad":
                async with session.post(url, data=b'{"model": "echo", "messages": [') as answer:
                    said, status = await answer.text(), 400
            elif kind == "abort":
                async with session.post(url, json=ask(text, stream=True)) as answer:
                    said, status = (await answer.content.readany()).decode(), 200
                    answer.close()
            else:
                text = prompt(8192).replace("@@N@@", note(1.0)) if kind == "long" else text
                async with session.post(url, json=ask(text, stream=kind == "stream")) as answer:
                    said, status = await answer.text(), 200
            if answer.status != status:
                watch.wrong.append(f"{kind}: {answer.status} {code(said)}")
            elif kind in ("whole", "long") and ADDRESS not in said:
                watch.wrong.append(f"{kind}: not restored")
            elif kind == "stream" and not said.rstrip().endswith("data: [DONE]"):
                watch.wrong.append("stream: no end")
        except aiohttp.ClientError as error:
            watch.wrong.append(f"{kind}: {type(error).__name__}")
        watch.counts[kind] += 1


def count(pids: Sequence[int], what: str) -> int:
    """Entries of a folder of `/proc/<pid>`, over a process tree."""
    return sum(len(list(Path(f"/proc/{pid}/{what}").iterdir())) for parent in pids for pid in tree(parent))


async def sample(pids: Sequence[int], watch: Watch, until: float) -> None:
    began = time.monotonic()
    while (now := time.monotonic()) < until:
        files, threads = count(pids, "fd"), count(pids, "task")
        watch.samples.append((now - began, resident_bytes(pids) / 1e6, files, threads))
        await asyncio.sleep(1.0)


async def drive(url: str, pids: Sequence[int], seconds: float) -> Watch:
    watch = Watch()
    until = time.monotonic() + seconds
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, headers={"content-type": "application/json"}) as session:
        jobs = [client(session, url, watch, until) for _ in range(CLIENTS)]
        await asyncio.gather(sample(pids, watch, until), *jobs)
    return watch


def run(seconds: float) -> dict[str, object]:
    """The report. `flat`: whether memory and open files were; `wrong`: answers that were not as they should be."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), chunks=10, pace=0.02)
        subject = None
        try:
            rig.provider.wait_for(rig.origin)
            subject = rig.start("off", sanitize={"ner": [], "entities": {"US_SSN": "block"}})
            before = cpu_seconds(subject.pids)
            watch = asyncio.run(drive(subject.url, subject.pids, seconds))
            spent = cpu_seconds(subject.pids) - before
        finally:
            for process in subject.processes if subject else ():
                process.stop()
            rig.provider.stop()
    rows = watch.settled
    return {
        "machine": machine(),
        "seconds": seconds,
        "requests": dict(watch.counts),
        "wrong": Counter(watch.wrong),
        "cpu_seconds": spent,
        "megabytes": {
            "start": watch.samples[0][1],
            "settled": float(np.median(rows[:, 1])),
            "end": watch.samples[-1][1],
        },
        "rise_mb": watch.rise_mb,
        "rise_files": watch.rise_files,
        "threads": watch.samples[-1][3],
        "flat": watch.rise_mb <= BOUND_MB and watch.rise_files <= CLIENTS,
        "samples": [[round(v, 2) for v in row] for row in watch.samples[:: max(1, len(watch.samples) // 600)]],
    }


def plot(report: dict[str, object], path: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = np.array(report["samples"])
    figure, axis = plt.subplots(figsize=(7, 3))
    axis.plot(rows[:, 0] / 60, rows[:, 1])
    axis.set_ylim(0, rows[:, 1].max() * 1.2)
    axis.set_xlabel("minutes")
    axis.set_ylabel("MB")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    wish = parser.parse_args(arguments)
    report = run(wish.minutes * 60)
    wish.out.mkdir(parents=True, exist_ok=True)
    (wish.out / "soak.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    plot(report, wish.out / "soak.png")
    print(json.dumps({k: v for k, v in report.items() if k not in ("samples", "machine")}, indent=1))
    return int(not report["flat"] or bool(report["wrong"]))


if __name__ == "__main__":
    sys.exit(main())
