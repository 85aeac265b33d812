"""Load: wrk for whole answers, a client of our own for streams, where what counts is when each piece arrives."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

LUA = Path(__file__).parent / "wrk.lua"
SECONDS_PER_REQUEST = 120

_SENTENCES = (
    "Please write to Maria Lopez at maria.lopez@corp-internal.org about the delivery of last week.",
    "The parcel was to go to 42 Elm Street, but the driver called and said nobody was at home.",
    "She can be reached under 415-209-3456 in the mornings, and her assistant later in the day.",
    "We agreed on a refund, on a new date for the meeting, and on a shorter text for the contract.",
    "The summary should be friendly, short, and mention neither prices nor the names of other customers.",
    "Last year's figures are in the second table; the third one compares regions and seasons.",
    "Payment was made with the card 4111 1111 1111 1111, which expires in the spring.",
    "If the weather holds we take the early train, otherwise we drive and arrive around noon.",
)


def prompt(size: int) -> str:
    """English prose of about `size` characters, three sensitive values in each 700, unique through `@@N@@`."""
    text = f"Note @@N@@. {_SENTENCES[0]}"
    i = 1
    while len(text) < size:
        text += " " + _SENTENCES[i % len(_SENTENCES)].replace("Maria", ("Maria", "Anna", "Clara", "Nora")[i // 8 % 4])
        i += 1
    return text[: max(size, len(_SENTENCES[0]) + 12)]


def body(size: int, *, stream: bool = False) -> bytes:
    messages = [{"role": "user", "content": prompt(size)}]
    wish: dict[str, Any] = {"model": "echo", "messages": messages}
    return json.dumps({**wish, "stream": True} if stream else wish).encode()


def once(url: str, headers: Mapping[str, str], raw: bytes) -> float:
    """One request by itself, streamed or not: the seconds it took. Raises `OSError` for any answer but a 200."""
    data = raw.replace(b"@@N@@", os.urandom(4).hex().translate(_LETTERS).encode())
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})  # noqa: S310
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=SECONDS_PER_REQUEST) as answer:  # noqa: S310
        answer.read()
    return time.perf_counter() - began


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def closed_loop(
    url: str, headers: Mapping[str, str], file: Path, *, connections: int, seconds: float, cores: Sequence[int]
) -> dict[str, float]:
    """Whole answers from `connections` clients that each wait for theirs. Latencies in milliseconds.

    Raises `RuntimeError` when wrk says nothing, or when any answer was not a 200.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed (on Debian and Ubuntu: apt-get install wrk)")
    command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout=30s",
               "-s", str(LUA), url, "--", str(file), *(f"{k}: {v}" for k, v in headers.items())]  # fmt: skip
    taskset = shutil.which("taskset")
    if taskset is not None and cores:
        command = [taskset, "-c", ",".join(map(str, cores)), *command]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)  # noqa: S603
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"wrk failed: {(ran.stderr or ran.stdout)[-500:]}")
    found: dict[str, float] = json.loads(lines[-1])
    if found["requests"] == 0:
        raise RuntimeError(f"no answer in {seconds:.0f} s")
    if found["bad"]:
        raise RuntimeError(f"{found['bad']} of {found['requests']} answers were errors")
    found["rate"] = found["requests"] / found["seconds"]
    return found


async def _stream(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], raw: bytes, tag: str, until: float
) -> tuple[list[float], list[float], int]:
    first, gaps, done = [], [], 0
    while time.perf_counter() < until:
        data = raw.replace(b"@@N@@", f"{tag}{done}".encode())
        began = time.perf_counter()
        at: list[float] = []
        tail = b""
        async with session.post(url, data=data, headers=headers) as answer:
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}: {(await answer.text())[:300]}")
            async for chunk in answer.content.iter_any():
                at.append(time.perf_counter())
                tail = (tail + chunk)[-200:]
        if b"[DONE]" not in tail:
            raise RuntimeError("a stream ended without [DONE]")
        first.append(at[0] - began)
        gaps += [b - a for a, b in pairwise(at)]
        done += 1
    return first, gaps, done


async def _streams(
    url: str, headers: Mapping[str, str], raw: bytes, connections: int, seconds: float
) -> dict[str, float]:
    headers = {"content-type": "application/json", **headers}
    began = time.perf_counter()
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session:
        jobs = []
        for i in range(connections):
            jobs.append(asyncio.create_task(_stream(session, url, headers, raw, f"n{i}x", began + seconds)))
            await asyncio.sleep(0.2 / connections)  # spread over the pace, so that chunks do not come in volleys
        results = await asyncio.gather(*jobs)
    took = time.perf_counter() - began
    first = np.array([f for r in results for f in r[0]]) * 1e3
    gaps = np.array([g for r in results for g in r[1]]) * 1e3
    done = sum(r[2] for r in results)
    found = {"requests": float(done), "seconds": took, "rate": done / took, "chunks": float(len(gaps) + len(first))}
    for name, values in (("first", first), ("gap", gaps)):
        if len(values):
            found |= {f"{name}_p{p}": float(np.percentile(values, p)) for p in (50, 95, 99)}
    return found


def streams(
    url: str, headers: Mapping[str, str], raw: bytes, *, connections: int, seconds: float, cores: Sequence[int]
) -> dict[str, float]:
    """Streamed answers, in a process of their own. `first_*`: to the first piece, `gap_*`: between pieces, in ms."""
    wish = json.dumps([url, dict(headers), raw.decode(), connections, seconds])
    command = [sys.executable, "-m", "benchmarks.overhead.load"]
    taskset = shutil.which("taskset")
    if taskset is not None and cores:
        command = [taskset, "-c", ",".join(map(str, cores)), *command]
    ran = subprocess.run(command, input=wish, capture_output=True, text=True, timeout=seconds + 150)  # noqa: S603
    if ran.returncode:
        raise RuntimeError(f"the streaming client failed: {ran.stderr[-500:]}")
    found: dict[str, float] = json.loads(ran.stdout)
    return found


if __name__ == "__main__":
    import uvloop

    url, headers, raw, connections, seconds = json.loads(sys.stdin.read())
    print(json.dumps(uvloop.run(_streams(url, headers, raw.encode(), connections, seconds))))
