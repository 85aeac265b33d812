"""The breaker as a machine: every order of calls, answers and pauses."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from proxy.breaker import Breaker, State


class Calls(RuleBasedStateMachine):
    """Calls that are under way end in any order; the breaker must never lock up nor let a crowd through."""

    @initialize(failures=st.integers(1, 4), seconds=st.floats(1, 60))
    def start(self, failures: int, seconds: float) -> None:
        self.now, self.seconds, self.failures = 0.0, seconds, failures
        self.running = self.streaming = 0
        self.in_a_row = 0
        self.changes: list[State] = []
        self.breaker = Breaker(failures, seconds, clock=lambda: self.now, on_change=self.changes.append)

    @rule(seconds=st.floats(0, 90))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        before = self.breaker.state
        waited = self.breaker.wait == 0
        if self.breaker.admit():
            assert before is not State.OPEN or waited
            self.running += 1
        else:
            assert self.breaker.state is not State.CLOSED

    @precondition(lambda self: self.running)
    @rule()
    def begin(self) -> None:
        before = self.breaker.state
        self.running, self.streaming = self.running - 1, self.streaming + 1
        self.breaker.began()
        assert self.breaker.state is (State.OPEN if before is State.OPEN else State.CLOSED)

    @precondition(lambda self: self.streaming)
    @rule()
    def hang_up(self) -> None:
        self.streaming -= 1  # and nobody tells

    @precondition(lambda self: self.streaming)
    @rule(how=st.sampled_from(["succeeded", "failed"]))
    def end_stream(self, how: str) -> None:
        self.streaming, self.running = self.streaming - 1, self.running + 1
        self.end(how)

    @precondition(lambda self: self.running)
    @rule(how=st.sampled_from(["succeeded", "failed", "abandoned"]))
    def end(self, how: str) -> None:
        self.running -= 1
        before = self.breaker.state
        getattr(self.breaker, how)()
        if how == "failed":
            self.in_a_row += 1
            if before is State.CLOSED:
                assert (self.breaker.state is State.OPEN) == (self.in_a_row >= self.failures)
            else:
                assert self.breaker.state is State.OPEN
        elif how == "succeeded":
            self.in_a_row = 0
            assert self.breaker.state is (State.OPEN if before is State.OPEN else State.CLOSED)

    @invariant()
    def tells_each_change_once(self) -> None:
        assert all(a is not b for a, b in zip(self.changes, self.changes[1:], strict=False))
        assert not self.changes or self.changes[-1] is self.breaker.state

    @invariant()
    def opens_for_so_long_and_no_longer(self) -> None:
        assert 0 <= self.breaker.wait <= self.seconds + 1e-6

    def teardown(self) -> None:
        if not hasattr(self, "breaker"):
            return
        while self.running:  # whatever happened, an upstream that answers again is used again
            self.running -= 1
            self.breaker.abandoned()
        self.now += self.seconds + 1e-6
        assert self.breaker.admit()
        self.breaker.succeeded()
        assert self.breaker.state is State.CLOSED and self.breaker.admit()


TestCalls = Calls.TestCase


def test_one_call_sees_whether_it_may_close() -> None:
    now = 0.0
    breaker = Breaker(1, 10, clock=lambda: now)
    assert breaker.admit()
    breaker.failed()
    assert not breaker.admit() and breaker.wait == 10
    now = 10.0
    assert breaker.admit() and breaker.state is State.HALF_OPEN
    assert not breaker.admit()
    breaker.failed()
    assert not breaker.admit() and breaker.wait == 10
    now = 20.0
    assert breaker.admit()
    breaker.abandoned()  # the caller hung up: the next one sees
    assert breaker.admit()
    breaker.succeeded()
    assert breaker.admit() and breaker.admit()


def test_answers_that_begin_well_and_break_keep_it_open() -> None:
    now = 0.0
    breaker = Breaker(2, 10, clock=lambda: now)
    for _ in range(2):
        assert breaker.admit()
        breaker.began()
        breaker.failed()
    assert breaker.state is State.OPEN
    now = 10.0
    assert breaker.admit()
    breaker.began()
    assert breaker.admit(), "a long answer keeps nobody waiting"
    breaker.failed()
    assert breaker.state is State.OPEN, "one more is enough"
