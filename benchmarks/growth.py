"""`python -m benchmarks.growth`: how time and memory grow with what is asked.

Each curve is measured over real sockets on one proxy; time is the processor time of its process, which a busy machine
spoils less than the clock. The exponent is the slope of a straight line through the upper half of the points on
logarithmic axes: 1 is linear. Everything but a conversation's history is new in every request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import statistics
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from benchmarks.overhead.load import once, prompt
from benchmarks.overhead.procs import cpu_seconds, resident_bytes
from benchmarks.overhead.report import machine
from benchmarks.overhead.subjects import Rig, Subject

Body = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Curve:
    """`x` and seconds of processor time a request (or, for streams, a piece); `exponent` of the upper half."""

    name: str
    subject: str
    x: list[int]
    seconds: list[float]
    exponent: float
    megabytes: list[float] | None = None


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """Slope on logarithmic axes over the upper half of the points, three at least."""
    upper = max(3, -(-len(x) // 2))
    slope, _ = np.polyfit(np.log(x[-upper:]), np.log(np.maximum(y[-upper:], 1e-9)), 1)
    return float(slope)


def word() -> str:
    return "".join(random.choices(string.ascii_lowercase, k=9))


def chat(*messages: str) -> bytes:
    turns = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(messages)]
    return json.dumps({"model": "echo", "messages": turns}).encode()


def by_length(n: int) -> bytes:
    """A prompt of n characters."""
    return chat(prompt(n).replace("@@N@@", word()))


def by_messages(n: int) -> bytes:
    """n messages of 200 characters."""
    return chat(*(prompt(200).replace("@@N@@", word()) for _ in range(n)))


def by_entities(n: int) -> bytes:
    """n different e-mail addresses, one in each 60 characters."""
    return chat(" ".join(f"Please do also write to {word()}@{word()}.org about this;" for _ in range(n)) or word())


LENGTHS = (1_000, 4_000, 16_000, 64_000, 250_000, 1_000_000)
MESSAGES = (1, 5, 20, 50, 125, 250, 500)
ENTITIES = (1, 10, 50, 200, 1000, 2500, 5000)
TURNS = (1, 5, 10, 25, 50, 100)
TALKS = 16
STREAMS = (1, 10, 50, 200, 500, 1000, 2000)


def curve(subject: Subject, name: str, body: Body, sizes: Sequence[int], repeats: int) -> Curve:
    """Requests of growing size, one at a time."""
    once(subject.url, {}, body(sizes[0]))
    seconds = []
    for n in sizes:
        times = []
        for _ in range(repeats):
            before = cpu_seconds(subject.pids)
            # a processor's time is counted in ticks of 10 ms: short requests are measured by the dozen
            count = 0
            while count == 0 or cpu_seconds(subject.pids) - before < 0.25:
                once(subject.url, {}, body(n))
                count += 1
            times.append((cpu_seconds(subject.pids) - before) / count)
        seconds.append(statistics.median(times))
    return Curve(name, subject.name, list(sizes), seconds, exponent(sizes, seconds))


def turns(subject: Subject, counts: Sequence[int]) -> Curve:
    """What the n-th turn of a conversation costs: the same amount of new text, ever more history."""
    seconds: dict[int, float] = {}
    talks = [[prompt(400).replace("@@N@@", word())] for _ in range(TALKS)]
    for n in range(1, counts[-1] + 1):
        before = cpu_seconds(subject.pids)
        for talk in talks:
            once(subject.url, {}, chat(*talk))
            talk += [f"I have noted {word()}.", prompt(400).replace("@@N@@", word())]
        seconds[n] = (cpu_seconds(subject.pids) - before) / len(talks)
    # the mean over the turns around each: a processor's time is counted in ticks
    values = [statistics.mean(seconds[m] for m in seconds if 0.7 * n <= m <= max(n, 1.4 * n)) for n in counts]
    return Curve("turns", subject.name, list(counts), values, exponent(counts, values))


async def hold(url: str, count: int) -> int:
    """That many streams at once, to their end; the pieces received. A few are opened at a time: what counts is how
    many are open."""
    opening = asyncio.Semaphore(16)

    async def one(session: aiohttp.ClientSession) -> int:
        body = {"model": "echo", "stream": True, "messages": [{"role": "user", "content": f"Note {word()}"}]}
        async with opening:
            answer = await session.post(url, json=body)
        async with answer:
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {(await answer.text())[:200]}")
            pieces, tail = 0, b""
            async for chunk in answer.content.iter_any():
                pieces += chunk.count(b"data: ")
                tail = (tail + chunk)[-100:]
            if b"[DONE]" not in tail:
                raise RuntimeError("a stream ended without [DONE]")
            return pieces

    timeout = aiohttp.ClientTimeout(total=300)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        return sum(await asyncio.gather(*(one(session) for _ in range(count))))


async def watched(url: str, count: int, pids: Sequence[int]) -> tuple[int, float]:
    """As `hold`, with the most memory seen meanwhile, in MB."""
    task = asyncio.create_task(hold(url, count))
    most = 0.0
    while not task.done():
        most = max(most, resident_bytes(pids) / 1e6)
        await asyncio.wait([task], timeout=0.5)
    return await task, most


def streams(subject: Subject, counts: Sequence[int]) -> Curve:
    """Processor time a piece, and memory, with that many streams at once. The exponent is that of all pieces' time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        asyncio.run(hold(subject.url, 2))
        each, megabytes, total = [], [], []
        for n in counts:
            before = cpu_seconds(subject.pids)
            pieces, most = asyncio.run(watched(subject.url, n, subject.pids))
            spent = max(cpu_seconds(subject.pids) - before, 0.01)
            total.append(spent)
            each.append(spent / pieces)
            megabytes.append(most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return Curve("streams", subject.name, list(counts), each, exponent(counts, total), megabytes)


@contextmanager
def started(name: str, folder: Path, **provider: Any) -> Iterator[Subject]:
    rig = Rig(folder, **provider)
    try:
        rig.provider.wait_for(rig.origin)
        subject = rig.start(name)
        try:
            yield subject
        finally:
            for process in subject.processes:
                process.stop()
    finally:
        rig.provider.stop()


def upto(sizes: Sequence[int], most: int) -> list[int]:
    return [n for n in sizes if n <= most]


def measure(names: Sequence[str], repeats: int, most: dict[str, int]) -> list[Curve]:
    found: list[Curve] = []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            with started(name, Path(folder)) as subject:
                for label, body, sizes in (
                    ("characters", by_length, LENGTHS),
                    ("messages", by_messages, MESSAGES),
                    ("entities", by_entities, ENTITIES),
                ):
                    found.append(curve(subject, label, body, upto(sizes, most[label]), repeats))
                    say(found[-1])
                found.append(turns(subject, upto(TURNS, most["turns"])))
                say(found[-1])
            # twelve pieces a second apart: all streams are open together
            with started(name, Path(folder), chunks=12, pace=1.0) as subject:
                found.append(streams(subject, upto(STREAMS, most["streams"])))
                say(found[-1])
    return found


def say(found: Curve) -> None:
    points = ", ".join(f"{x:,}: {1e3 * y:.2f}" for x, y in zip(found.x, found.seconds, strict=True))
    print(f"{found.subject:>9} {found.name:<11} exponent {found.exponent:5.2f}   ms: {points}", flush=True)


def table(curves: Sequence[Curve]) -> str:
    lines = ["| subject | grows with | from | to | ms at the end | exponent |", "|---|---|--:|--:|--:|--:|"]
    for c in curves:
        unit = " a piece" if c.name == "streams" else ""
        row = (
            c.subject,
            c.name,
            f"{c.x[0]:,}",
            f"{c.x[-1]:,}",
            f"{1e3 * c.seconds[-1]:.2f}{unit}",
            f"{c.exponent:.2f}",
        )
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def plot(curves: Sequence[Curve], path: Path) -> bool:
    """One panel a quantity, one line a subject; False where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(c.name for c in curves))
    figure, axes = plt.subplots(1, len(names), figsize=(3.6 * len(names), 3.4), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for c in curves:
            if c.name == name:
                axis.loglog(c.x, [1e3 * s for s in c.seconds], marker="o", label=f"{c.subject}: {c.exponent:.2f}")
        axis.set_xlabel(name)
        axis.set_ylabel("ms a piece" if name == "streams" else "ms a request")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7, title="exponent", title_fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return True


FULL = {"characters": 1_000_000, "messages": 500, "entities": 5000, "turns": 100, "streams": 2000}
QUICK = {"characters": 64_000, "messages": 125, "entities": 1000, "turns": 25, "streams": 50}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--subjects", default="off,patterns,sanitize", help="of benchmarks.overhead")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small sizes, once")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    wish = parser.parse_args(arguments)
    began = time.monotonic()
    curves = measure(wish.subjects.split(","), 1 if wish.quick else wish.repeats, QUICK if wish.quick else FULL)
    wish.out.mkdir(parents=True, exist_ok=True)
    report = {
        "machine": machine(),
        "took_seconds": round(time.monotonic() - began),
        "curves": [asdict(c) for c in curves],
    }
    (wish.out / "growth.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    (wish.out / "growth.md").write_text(f"# How cost grows\n\n{table(curves)}", "utf-8")
    if not plot(curves, wish.out / "growth.png"):
        print("no plot: matplotlib is not installed (the extra `plot`)", file=sys.stderr)
    print(table(curves))


if __name__ == "__main__":
    main()
