"""Growth of time, told from noise: a ratio within one run, tried again where another process may have disturbed it."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 4


def seconds(call: Callable[[], object]) -> float:
    """Processor time of this thread in `call`."""
    began = time.thread_time()
    call()
    return time.thread_time() - began


def grows_at_most(factor: float, small: Callable[[], object], large: Callable[[], object], slack: float = 0.1) -> bool:
    """Whether `large` takes at most `factor` times what `small` takes, plus `slack` seconds. Growth that is real is
    there in every try, a disturbance is not: one good try is enough."""
    return any(seconds(large) <= factor * seconds(small) + slack for _ in range(TRIES))
