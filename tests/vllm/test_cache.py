"""The prefix cache: steered and unsteered requests share the prompt's KV and nothing else, in every order."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.vllm.engine import BLOCK, Engine, Wanted
from tests.vllm.models import Reference
from tests.vllm.test_accuracy import TOLERANCE, error, prompt

LENGTH = 4 * BLOCK + 5
TEXT = prompt(LENGTH, 7)
START = LENGTH - 1
KINDS = {
    "plain": Wanted(TEXT, 0.0),
    "weak": Wanted(TEXT, 0.4, start=START),
    "strong": Wanted(TEXT, 0.9, start=START),
}


@pytest.mark.parametrize("order", list(permutations(KINDS)), ids="-".join)
def test_order_does_not_matter(engine: Engine, reference: Reference, order: tuple[str, ...]) -> None:
    engine.ask("forget")
    for position, kind in enumerate((*order, *order)):
        got = engine.generate(KINDS[kind])[0]
        assert error(got, KINDS[kind], reference) < TOLERANCE, (kind, position)
        assert got.cached == (0 if position == 0 else 4 * BLOCK), (kind, position)


@pytest.mark.parametrize(
    ("first", "then", "shared"),
    [
        (Wanted(TEXT, 0.7, start=0), Wanted(TEXT, 0.0), 0),
        (Wanted(TEXT, 0.0), Wanted(TEXT, 0.7, start=0), 0),
        (Wanted(TEXT, 0.7, start=70), Wanted(TEXT, 0.0), 2 * BLOCK),
        (Wanted(TEXT, 0.0), Wanted(TEXT, 0.7, start=70), 2 * BLOCK),
        (Wanted(TEXT, 0.7, start=70), Wanted(TEXT, 0.6, start=70), 2 * BLOCK),
        (Wanted(TEXT, 0.7, start=70), Wanted(TEXT, 0.7, start=70), 4 * BLOCK),
        (Wanted(TEXT, 0.7, start=70), Wanted(TEXT, 0.7, start=40), BLOCK),
        (Wanted(TEXT, 0.7, start=70), Wanted(TEXT, 0.7, start=70, window=1), 2 * BLOCK),
        (Wanted(TEXT, 0.7, start=2 * BLOCK), Wanted(TEXT, 0.0), 2 * BLOCK),
        (Wanted(TEXT, 0.7, start=2 * BLOCK - 1), Wanted(TEXT, 0.0), BLOCK),
    ],
)
def test_what_is_shared(engine: Engine, reference: Reference, first: Wanted, then: Wanted, shared: int) -> None:
    engine.ask("forget")
    assert error(engine.generate(first)[0], first, reference) < TOLERANCE
    got = engine.generate(then)[0]
    assert got.cached == shared
    assert error(got, then, reference) < TOLERANCE


def test_generated_tokens_are_keyed_too(engine: Engine, reference: Reference) -> None:
    """A follow-up that repeats the steered answer, which fills the second block, does not get the steered KV of it."""
    engine.ask("forget")
    steered = Wanted(prompt(40, 8), 0.8, start=39, max_tokens=BLOCK - 6)
    answer = engine.generate(steered)[0].tokens
    follow = Wanted([*steered.prompt, *answer, 5], 0.0)
    got = engine.generate(follow)[0]
    assert got.cached == BLOCK
    assert error(got, follow, reference) < TOLERANCE
