"""Strengths spread over the tokens of a step, whatever the chunks, and whoever comes, goes or is thrown out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from steering.vllm_plugin.orders import Orders
from steering.vllm_plugin.runner_v1 import Writer, span


def order(strength: float, start: int, window: int | None) -> Orders:
    return Orders(strength=strength, start=start, window=window)


ORDERS = st.builds(order, st.sampled_from([0.0, 0.0, 0.5, 0.75]), st.integers(0, 40), st.none() | st.integers(1, 40))


def truth(orders: Orders, computed: int, scheduled: int) -> list[float]:
    positions = range(computed, computed + scheduled)
    return [orders.strength if orders.start <= p < orders.end else 0.0 for p in positions]


@given(orders=ORDERS, chunks=st.lists(st.integers(0, 15), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_chunks_do_not_matter(orders: Orders, chunks: list[int]) -> None:
    found: list[float] = []
    for scheduled in chunks:
        values = torch.zeros(scheduled)
        values[span(orders, len(found), scheduled)] = orders.strength
        found += values.tolist()
    assert found == truth(orders, 0, sum(chunks))


class Runner:
    """What `Writer` reads of vLLM's runner and scheduler, and the orders of the rows that are in the batch."""

    def __init__(self) -> None:
        self.requests: dict[str, Orders] = {}
        self.input_batch = SimpleNamespace(req_ids=[], req_id_to_index={}, num_computed_tokens_cpu=[])

    def step(self, rows: list[tuple[str, Orders, int, int]]) -> Any:
        """rows: (id, orders, computed, scheduled), in the batch's order. Ids that were not there before are new."""
        new = [(name, orders) for name, orders, _, _ in rows if self.requests.get(name) is not orders]
        self.requests |= {name: orders for name, orders, _, _ in rows}
        names = [name for name, *_ in rows]
        self.input_batch = SimpleNamespace(
            req_ids=names,
            req_id_to_index={name: i for i, name in enumerate(names)},
            num_computed_tokens_cpu=[computed for _, _, computed, _ in rows],
        )
        return SimpleNamespace(
            scheduled_new_reqs=[
                SimpleNamespace(req_id=n, sampling_params=SimpleNamespace(extra_args=o.to_extra_args() or None))
                for n, o in new
            ],
            num_scheduled_tokens={name: scheduled for name, _, _, scheduled in rows},
        )


ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 50), st.integers(1, 15)), max_size=4, unique_by=lambda r: r[0]
)


@given(st.lists(st.tuples(ROWS, st.dictionaries(st.sampled_from("abcd"), ORDERS), st.integers(0, 8)), max_size=8))
@settings(max_examples=200, deadline=None)
def test_every_step(steps: list[tuple[list[tuple[str, int, int]], dict[str, Orders], int]]) -> None:
    """Each step: rows that are in the batch, ids that end and come again with other orders, and padding."""
    strengths, runner = torch.full((100,), 9.0), Runner()
    writer = Writer(strengths)
    known: dict[str, Orders] = {}
    for rows, fresh, padding in steps:
        known |= {name: Orders() for name, *_ in rows if name not in known} | fresh
        for name in fresh:
            runner.requests.pop(name, None)
        batch = [(name, known[name], computed, scheduled) for name, computed, scheduled in rows]
        expected = [value for _, orders, *counts in batch for value in truth(orders, *counts)]
        padded = len(expected) + padding
        writer.write(runner, runner.step(batch), padded)
        assert strengths[:padded].tolist() == expected + [0.0] * padding


def test_steps_that_turn_nobody_write_nothing() -> None:
    """Nor do they look at a request: those that are not new have no orders here."""
    strengths, runner = torch.zeros(8), Runner()
    writer = Writer(strengths)
    steered = order(0.5, 3, 1)
    writer.write(runner, runner.step([("a", Orders(), 0, 3), ("b", steered, 0, 4)]), 7)
    assert strengths.tolist() == [0, 0, 0, 0, 0, 0, 0.5, 0]
    writer.write(runner, runner.step([("a", runner.requests["a"], 3, 1), ("b", steered, 4, 1)]), 2)
    assert not strengths.any()
    strengths.fill_(7)  # would be overwritten
    writer.write(runner, runner.step([("a", runner.requests["a"], 4, 1), ("b", steered, 5, 1)]), 2)
    assert strengths.eq(7).all()
