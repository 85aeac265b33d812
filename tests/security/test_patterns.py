"""Every pattern of the packages on texts made to be slow: a table of how its time grows, and bounds on it.

What a user sees is the detector, whose time must be linear. A single pattern may be quadratic where nothing longer than
a line or a window is given to it; one that is worse (the exponential kind) would hold a request up for ever.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import regex

import proxy
import sanitizers
from sanitizers.detect import Detector, DetectorOptions
from tests.support.timing import TRIES, grows_at_most

PIECES = [
    "a",
    "1",
    " ",
    "a@",
    "a.",
    "1-",
    "1 ",
    "1.",
    "(1",
    "+1",
    "a-",
    "中",
    "中1",
    "1A",
    "/a",
    "a:",
    "=",
    "\t\n",
    "a'",
    "0x",
]
ENDS = ["", "!", "@", ".", "1"]
SMALL, LARGE = 600, 2400
STEEPEST = 2.3
"""Exponent of a single pattern: 2 is a search that starts anew at each place."""
SECONDS = 2.0


def patterns() -> Iterator[tuple[str, Any]]:
    """Compiled patterns of all modules, in modules, classes, and in the containers there."""
    seen: set[int] = set()

    def inside(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
        if id(value) in seen or depth > 3:
            return
        if isinstance(value, re.Pattern | regex.Pattern):
            seen.add(id(value))
            if isinstance(value.pattern, str):
                yield name, value
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield from inside(f"{name}[{key}]", inner, depth + 1)
        elif isinstance(value, tuple | list | set | frozenset):
            for i, inner in enumerate(value):
                yield from inside(f"{name}[{i}]", inner, depth + 1)
        elif hasattr(value, "__dict__") and getattr(type(value), "__module__", "").startswith(("sanitizers", "proxy")):
            for key, inner in vars(value).items():
                yield from inside(f"{name}.{key}", inner, depth + 1)

    for package in (sanitizers, proxy):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "embedded" in info.name:
                continue  # reads no text of a client by pattern, and loads torch
            module = importlib.import_module(info.name)
            for name, value in vars(module).items():
                if not name.startswith("__"):
                    yield from inside(f"{info.name}.{name}", value)


TABLE = dict(patterns())


def seconds(pattern: Any, text: str) -> float:
    began = time.thread_time()
    if isinstance(pattern, regex.Pattern):
        try:
            for _ in pattern.finditer(text, timeout=SECONDS):
                pass
        except TimeoutError:
            return SECONDS
    else:
        for _ in pattern.finditer(text):
            pass
    return time.thread_time() - began


def exponent(measure: Any, piece: str, end: str) -> float:
    """Growth of the time between two lengths; 0 where even the long text takes no time worth measuring."""
    small, large = (piece * (n // len(piece)) + end for n in (SMALL, LARGE))
    slow = measure(large)
    if slow < 0.008:
        return 0.0
    slow = min(slow, measure(large), measure(large))
    quick = min(measure(small) for _ in range(3))
    return math.log(slow / max(quick, 1e-6), LARGE / SMALL)


def test_the_table_has_them_all() -> None:
    assert len(TABLE) > 60
    assert any("credentials" in name for name in TABLE) and any("wire" in name for name in TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_pattern(name: str) -> None:
    worst = max(
        (exponent(lambda text: seconds(TABLE[name], text), piece, end), piece, end) for piece in PIECES for end in ENDS
    )
    tries = TRIES  # something else may have been running
    while worst[0] > STEEPEST and (tries := tries - 1):
        worst = (exponent(lambda text: seconds(TABLE[name], text), *worst[1:]), *worst[1:])
    assert worst[0] <= STEEPEST, worst


@pytest.fixture(scope="module")
def detector() -> Detector:
    options = DetectorOptions(ner=(), remember=0)
    return Detector(options)


@pytest.mark.parametrize("piece", [*PIECES, "a@b.c ", "4111 ", "+1 415 ", "张伟", "key=", "12.5.", "http://a", "A1B2-"])
def test_the_detector_takes_linear_time(detector: Detector, piece: str) -> None:
    detector.detect("warm up, bob@corp.com, 4111 1111 1111 1111")
    short, long = (piece * (n // len(piece)) for n in (8_000, 32_000))
    assert grows_at_most(4**1.5, lambda: detector.detect(short), lambda: detector.detect(long), slack=0.01)
