"""The chain: order, modes, deadlines, what happens when a check breaks, and how output filters stack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard import (
    Chain,
    Channel,
    ChannelKind,
    CheckUnavailable,
    Exchange,
    Finding,
    Link,
    Mode,
    OnError,
    OutputFilter,
    Role,
    Surface,
    Verdict,
)

CONTENT = Channel(ChannelKind.CONTENT)


class Fake:
    """A check that does what it was told."""

    def __init__(
        self, name: str, act: Callable[[Exchange, bool], Any], out: Callable[[], OutputFilter] | None = None
    ) -> None:
        self.name = name
        self._act = act
        self._out = out
        self.applied: list[bool] = []

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        self.applied.append(apply)
        result = self._act(exchange, apply)
        if isinstance(result, Exception):
            raise result
        if isinstance(result, float):
            await asyncio.sleep(result)
            result = Verdict.ALLOW
        return Finding(self.name, result)

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return self._out() if self._out else None


class Wrap:
    """Holds everything back, and puts it in brackets at the end."""

    def __init__(self, left: str, right: str) -> None:
        self._text, self._left, self._right = "", left, right

    @property
    def held(self) -> int:
        return len(self._text)

    def feed(self, text: str) -> str:
        self._text += text
        return ""

    def close(self) -> str:
        text, self._text = self._text, ""
        return f"{self._left}{text}{self._right}"


class Swap:
    """Letter by letter, holding nothing."""

    held = 0

    def __init__(self, old: str, new: str) -> None:
        self._table = str.maketrans(old, new)

    def feed(self, text: str) -> str:
        return text.translate(self._table)

    def close(self) -> str:
        return ""


def exchange(text: str = "x") -> Exchange:
    return Exchange("chat", "m", "", "r", [Surface("messages[0].content", Role.USER, text, lambda _: None)])


def says(verdict: Any) -> Callable[[Exchange, bool], Any]:
    return lambda _exchange, _apply: verdict


CASES = [
    # links as (verdict or error or seconds, mode, on_error), verdict, would, results
    ([], Verdict.ALLOW, Verdict.ALLOW, []),
    ([(Verdict.ALLOW, "enforce", "block")], Verdict.ALLOW, Verdict.ALLOW, ["allow"]),
    ([(Verdict.BLOCK, "off", "block")], Verdict.ALLOW, Verdict.ALLOW, []),
    ([(Verdict.BLOCK, "monitor", "block")], Verdict.ALLOW, Verdict.BLOCK, ["would_block"]),
    (
        [(Verdict.MASK, "enforce", "block"), (Verdict.STEER, "enforce", "block")],
        Verdict.STEER,
        Verdict.STEER,
        ["mask", "steer"],
    ),
    (
        [(Verdict.BLOCK, "enforce", "block"), (Verdict.MASK, "enforce", "block")],
        Verdict.BLOCK,
        Verdict.BLOCK,
        ["block"],
    ),
    (
        [(Verdict.BLOCK, "monitor", "block"), (Verdict.MASK, "enforce", "block")],
        Verdict.MASK,
        Verdict.BLOCK,
        ["would_block", "mask"],
    ),
    ([(CheckUnavailable("c", "garbage"), "enforce", "block")], Verdict.BLOCK, Verdict.BLOCK, ["error"]),
    ([(CheckUnavailable("c", "garbage"), "enforce", "allow")], Verdict.ALLOW, Verdict.ALLOW, ["bypass"]),
    ([(CheckUnavailable("c", "garbage"), "monitor", "block")], Verdict.ALLOW, Verdict.ALLOW, ["would_error"]),
    ([(ValueError("maria@lopez.org"), "enforce", "block")], Verdict.BLOCK, Verdict.BLOCK, ["error"]),
    (
        [(ValueError("x"), "enforce", "allow"), (Verdict.MASK, "enforce", "block")],
        Verdict.MASK,
        Verdict.MASK,
        ["bypass", "mask"],
    ),
    ([(30.0, "enforce", "block")], Verdict.BLOCK, Verdict.BLOCK, ["error"]),
    ([(30.0, "enforce", "allow")], Verdict.ALLOW, Verdict.ALLOW, ["bypass"]),
    ([(0.0, "enforce", "block")], Verdict.ALLOW, Verdict.ALLOW, ["allow"]),
]


@pytest.mark.parametrize(("links", "verdict", "would", "results"), CASES)
def test_inspect(
    links: list[tuple[Any, str, str]],
    verdict: Verdict,
    would: Verdict,
    results: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    checks = [Fake(f"c{i}", says(act)) for i, (act, _, _) in enumerate(links)]
    chain = Chain([Link(c, Mode(mode), OnError(on), 0.05) for c, (_, mode, on) in zip(checks, links, strict=True)])
    ex = exchange()
    with caplog.at_level(logging.DEBUG):
        decision = asyncio.run(chain.inspect(ex))
    assert (decision.verdict, decision.would) == (verdict, would)
    assert [f.result for f in decision.findings] == results
    assert list(decision.findings) == ex.findings
    assert all(f.seconds > 0 for f in decision.findings)
    assert "maria" not in caplog.text + str(decision)


@pytest.mark.parametrize(("mode", "applied"), [("off", []), ("monitor", [False]), ("enforce", [True])])
def test_only_enforcing_checks_may_change(mode: str, applied: list[bool]) -> None:
    check = Fake("c", says(Verdict.ALLOW))
    asyncio.run(Chain([Link(check, Mode(mode))]).inspect(exchange()))
    assert check.applied == applied


def test_later_checks_see_what_earlier_ones_wrote_and_found() -> None:
    seen: list[tuple[str, list[str]]] = []

    def mask(ex: Exchange, apply: bool) -> Verdict:
        ex.surfaces[0].write("masked")
        return Verdict.MASK

    def look(ex: Exchange, apply: bool) -> Verdict:
        seen.append((ex.surfaces[0].text, [f.check for f in ex.findings]))
        return Verdict.ALLOW

    asyncio.run(Chain([Link(Fake("a", mask)), Link(Fake("b", look))]).inspect(exchange("secret")))
    assert seen == [("masked", ["a"])]


def test_cancellation_is_not_a_finding() -> None:
    async def scenario() -> None:
        task = asyncio.create_task(Chain([Link(Fake("c", says(30.0)), deadline=None)]).inspect(exchange()))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def links_with_filters(*modes: str) -> Chain:
    return Chain(
        [
            Link(Fake(f"c{i}", says(Verdict.ALLOW), lambda i=i: Wrap(f"{i}(", ")")), Mode(mode))  # type: ignore[misc]
            for i, mode in enumerate(modes)
        ]
    )


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ((), None),
        (("monitor",), None),
        (("off",), None),
        (("enforce",), "0(ab)"),
        (("enforce", "enforce"), "0(1(ab))"),
        (("enforce", "monitor", "enforce"), "0(2(ab))"),
    ],
)
def test_filters_of_enforcing_checks_stack(modes: tuple[str, ...], expected: str | None) -> None:
    """The last check saw the request last, so it is the first to see the answer."""
    stack = links_with_filters(*modes).output(exchange(), CONTENT)
    if expected is None:
        assert stack is None
        return
    assert stack is not None
    assert stack.feed("a") + stack.feed("b") == ""
    assert stack.held == 2
    assert stack.close() == expected
    assert stack.held == 0


def test_no_filter_where_no_check_has_one() -> None:
    assert Chain([Link(Fake("c", says(Verdict.ALLOW)))]).output(exchange(), CONTENT) is None


@given(st.lists(st.text("abc", max_size=4), max_size=8))
def test_stacks_do_not_depend_on_chunks(chunks: list[str]) -> None:
    chain = Chain(
        [
            Link(Fake("a", says(Verdict.ALLOW), lambda: Swap("ab", "bc"))),
            Link(Fake("b", says(Verdict.ALLOW), lambda: Wrap("<", ">"))),
            Link(Fake("c", says(Verdict.ALLOW), lambda: Swap("c", "a"))),
        ]
    )

    def run(parts: list[str]) -> str:
        f = chain.output(exchange(), CONTENT)
        assert f is not None
        return "".join(f.feed(p) for p in parts) + f.close()

    assert run(chunks) == run(["".join(chunks)])
