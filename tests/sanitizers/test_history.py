"""What is known is not analysed again, and heavy work does not hold up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from guard.check import Exchange
from guard.surface import Role, Surface
from sanitizers import SanitizeCheck, Sanitizer, SanitizerOptions
from sanitizers.detect import Budget, Span


@dataclass
class Counting:
    """A recogniser that finds nothing and counts the texts it is asked about; as slow as a model, if told to."""

    seconds: float = 0.0
    asked: list[int] = field(default_factory=list)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PERSON",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        self.asked.append(len(text))
        time.sleep(self.seconds)
        return iter(())


def turns(count: int) -> list[dict[str, str]]:
    return [
        {"role": "assistant" if i % 2 else "user", "content": f"Turn {i}: write to person{i}@corp.com"}
        for i in range(count)
    ]


@pytest.mark.parametrize("count", [2, 10, 100])
def test_a_hundred_turns_cost_what_the_newest_costs(count: int) -> None:
    counting = Counting()
    sanitizer = Sanitizer(key="k", recognisers=[counting])
    sanitizer.hide(turns(count - 1))
    counting.asked.clear()
    sanitizer.hide(turns(count))
    assert len(counting.asked) == 1


def test_a_changed_turn_is_analysed_anew_and_alone() -> None:
    counting = Counting()
    sanitizer = Sanitizer(key="k", recognisers=[counting])
    history = turns(20)
    sanitizer.hide(history)
    history[7]["content"] += "!"
    counting.asked.clear()
    sanitizer.hide(history)
    assert counting.asked == [len(history[7]["content"])]


def test_the_memory_is_bounded() -> None:
    counting = Counting()
    sanitizer = Sanitizer(SanitizerOptions(remember=10), key="k", recognisers=[counting])
    sanitizer.hide(turns(30))
    counting.asked.clear()
    sanitizer.hide(turns(30)[20:])
    assert counting.asked == []
    sanitizer.hide(turns(10))
    assert len(counting.asked) == 10


def test_many_heavy_requests_do_not_starve_a_stream() -> None:
    check = SanitizeCheck(Sanitizer(SanitizerOptions(seconds=300), key="k"))
    check.sanitizer.hide("x@corp.com, 212-736-5000")  # what recognisers load at first use is not the matter here

    def exchange(number: int) -> Exchange:
        text = " ".join(f"mail{number}.{i}@corp.com or call 212-736-{5000 + i}" for i in range(120))
        return Exchange("chat", "m", "", "r", [Surface("x", Role.USER, text, lambda text: None)])

    async def beat(gaps: list[float]) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.002)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    async def serve() -> tuple[float, list[float]]:
        gaps: list[float] = []
        heart = asyncio.create_task(beat(gaps))
        began = time.perf_counter()
        await asyncio.gather(*(check.inspect(exchange(n), apply=True) for n in range(20)))
        heart.cancel()
        return time.perf_counter() - began, gaps

    took, gaps = asyncio.run(serve())
    # One after the other on the event loop, a stream would stand still all the time.
    assert len(gaps) > 20 and max(gaps) < took / 2
