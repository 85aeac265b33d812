"""When a stopping process refuses, and when it goes."""

from __future__ import annotations

import pytest

from proxy import drain as module
from proxy.drain import Drain


@pytest.mark.parametrize(
    ("delay", "after", "busy", "refuses", "over"),
    [
        (0.0, 0.0, True, True, False),
        (0.0, 0.0, False, True, True),
        (0.0, 9.9, True, True, False),
        (0.0, 10.0, True, True, True),
        (5.0, 4.9, False, False, False),
        (5.0, 5.0, False, True, True),
        (5.0, 14.9, True, True, False),
        (5.0, 15.0, True, True, True),
    ],
)
def test_phases(
    monkeypatch: pytest.MonkeyPatch, delay: float, after: float, busy: bool, refuses: bool, over: bool
) -> None:
    now = 100.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    drain = Drain(delay, 10.0)
    assert not drain.begun and not drain.refuses and not drain.over(busy=False)
    drain.begin()
    now += after
    drain.begin()  # the second one changes nothing
    assert (drain.begun, drain.refuses, drain.over(busy=busy)) == (True, refuses, over)
