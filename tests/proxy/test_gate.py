"""The gate never lets in more than its limit, keeps the order, and loses nobody."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.gate import Gate, QueueFull


def test_order_and_bounds() -> None:
    async def run() -> None:
        gate, done = Gate(), []

        async def one(name: int) -> None:
            await gate.enter(1, 2, 5.0)
            done.append(name)

        await gate.enter(1, 2, 5.0)
        first, second = asyncio.create_task(one(1)), asyncio.create_task(one(2))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await gate.enter(1, 2, 5.0)
        gate.leave()
        await first
        gate.leave()
        await second
        assert done == [1, 2] and gate.active == 1

    asyncio.run(run())


def test_a_wait_ends() -> None:
    async def run() -> None:
        gate = Gate()
        await gate.enter(1, 1, 5.0)
        with pytest.raises(TimeoutError):
            await gate.enter(1, 1, 0.01)
        assert gate.waiting == 0
        gate.leave()
        await gate.enter(1, 0, 0.01)

    asyncio.run(run())


def test_a_new_limit_counts_for_those_in_line() -> None:
    async def run() -> None:
        gate = Gate()
        await gate.enter(1, 5, 5.0)
        waiting = asyncio.create_task(gate.enter(1, 5, 5.0))
        await asyncio.sleep(0)
        await gate.enter(3, 5, 5.0)
        await waiting
        assert gate.active == 3

    asyncio.run(run())


@given(
    st.integers(1, 3),
    st.integers(0, 3),
    st.lists(st.tuples(st.sampled_from(["enter", "leave", "cancel", "tick"]), st.integers(0, 7)), max_size=60),
)
def test_any_order_of_events(limit: int, queue: int, events: list[tuple[str, int]]) -> None:
    async def run() -> None:
        gate = Gate()
        tasks: list[asyncio.Task[None]] = []
        entered: list[asyncio.Task[None]] = []
        left: set[int] = set()

        async def enter() -> None:
            with contextlib.suppress(QueueFull):
                await gate.enter(limit, queue, 60.0)
                entered.append(asyncio.current_task())  # type: ignore[arg-type]

        for what, index in events:
            if what == "enter":
                tasks.append(asyncio.create_task(enter()))
            elif what == "tick":
                await asyncio.sleep(0)
            elif what == "cancel" and tasks:
                tasks[index % len(tasks)].cancel()
            elif what == "leave" and (inside := [t for t in entered if id(t) not in left]):
                left.add(id(inside[index % len(inside)]))
                gate.leave()
            assert 0 <= gate.active <= limit and gate.waiting <= queue + len(tasks)
        for _ in range(5):
            await asyncio.sleep(0)
        assert gate.active == len(entered) - len(left) <= limit
        while gate.active:
            gate.leave()
            for _ in range(5):
                await asyncio.sleep(0)
        assert gate.waiting == 0, "somebody was left in line"
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
