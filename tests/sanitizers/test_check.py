"""The guard check: surfaces rewritten with one map, channels restored, failures closed."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from guard.chain import Chain, Link
from guard.check import Exchange
from guard.errors import CheckUnavailable, ConfigError
from guard.surface import Channel, ChannelKind, Role, Surface
from guard.verdict import Mode, Verdict
from sanitizers import Policy, SanitizeCheck, Sanitizer, SanitizerOptions
from sanitizers.check import build


def exchange(*texts: tuple[Role, str], tenant: str = "") -> Exchange:
    surfaces = [
        Surface(f"messages[{i}].content", role, text, lambda text: None, turn=i) for i, (role, text) in enumerate(texts)
    ]
    return Exchange("chat", "m", tenant, "r", surfaces)


def run(check: SanitizeCheck, ex: Exchange, mode: Mode = Mode.ENFORCE) -> Any:
    return asyncio.run(Chain([Link(check, mode)]).inspect(ex))


CHECK = SanitizeCheck(Sanitizer(SanitizerOptions(ner=()), key="k"))
CONTENT, ARGUMENTS = Channel(ChannelKind.CONTENT), Channel(ChannelKind.ARGUMENTS)


def test_hides_in_all_surfaces_and_restores_in_all_channels() -> None:
    ex = exchange((Role.USER, 'I am Alice Johnson, "bob@corp.com"'), (Role.TOOL, "johnson: bob@corp.com"))
    decision = run(CHECK, ex)
    assert decision.verdict is Verdict.MASK
    assert decision.findings[0].entities == {"PERSON": 2, "EMAIL_ADDRESS": 2}
    assert "Alice" not in ex.surfaces[0].text and "bob" not in ex.surfaces[0].text + ex.surfaces[1].text
    surname, email = ex.surfaces[1].text.split(": ")
    assert surname != "johnson"
    for channel, text, expected in [
        (CONTENT, f"write to {email}", "write to bob@corp.com"),
        (ARGUMENTS, json.dumps({"to": email}), '{"to": "bob@corp.com"}'),
    ]:
        filter_ = CHECK.output(ex, channel)
        assert filter_ is not None
        assert "".join(filter_.feed(c) for c in text) + filter_.close() == expected


def test_nothing_found_changes_nothing() -> None:
    ex = exchange((Role.USER, "What is two and two?"))
    assert run(CHECK, ex).verdict is Verdict.ALLOW
    assert CHECK.output(ex, CONTENT) is None


def test_many_short_requests_at_once_leave_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst that is hidden within one turn of the loop makes upstream connections time out that stand."""
    hide = SanitizeCheck._hide

    def slow(self: SanitizeCheck, *args: Any) -> Any:
        time.sleep(0.01)
        return hide(self, *args)

    async def burst() -> tuple[int, float, float]:
        began = time.perf_counter()
        longest, last, going = 0.0, began, True

        async def tick() -> None:
            nonlocal longest, last
            while going:
                await asyncio.sleep(0)
                longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

        ticker = asyncio.create_task(tick())
        found = await asyncio.gather(
            *(CHECK.inspect(exchange((Role.USER, f"I am a{i}@corp.com")), apply=True) for i in range(100))
        )
        going = False
        await ticker
        return sum(f.verdict is Verdict.MASK for f in found), longest, time.perf_counter() - began

    monkeypatch.setattr(SanitizeCheck, "_hide", slow)
    masked, longest, took = asyncio.run(burst())
    assert masked == 100
    assert longest < took / 2, "all in one turn of the loop would be all of the time"


def test_monitor_counts_and_touches_nothing() -> None:
    ex = exchange((Role.USER, "bob@corp.com"))
    decision = run(CHECK, ex, Mode.MONITOR)
    assert (decision.verdict, decision.would) == (Verdict.ALLOW, Verdict.MASK)
    assert ex.surfaces[0].text == "bob@corp.com" and CHECK.output(ex, CONTENT) is None


@pytest.mark.parametrize(
    "policy, text, verdict",
    [
        ("surrogate", None, Verdict.MASK),
        ("placeholder", r"[EMAIL_ADDRESS-", Verdict.MASK),
        ("mask", "************", Verdict.MASK),
        ("keep", "bob@corp.com", Verdict.ALLOW),
        ("block", "bob@corp.com", Verdict.BLOCK),
    ],
)
def test_policies(policy: str, text: str | None, verdict: Verdict) -> None:
    check = build({"entities": {"EMAIL_ADDRESS": policy}}, key="k")
    ex = exchange((Role.USER, "bob@corp.com"))
    assert run(check, ex).verdict is verdict
    if text is not None:
        assert ex.surfaces[0].text.startswith(text)
    if policy in ("mask", "keep", "block"):
        assert check.output(ex, CONTENT) is None


@pytest.mark.parametrize("allowed", [False, True])
def test_what_stood_in_the_system_prompt_only_is_not_restored(allowed: bool) -> None:
    check = SanitizeCheck(Sanitizer(SanitizerOptions(restore_system=allowed), key="k"))
    ex = exchange((Role.SYSTEM, "Escalate to boss@corp.com"), (Role.USER, "I use bob@corp.com"))
    run(check, ex)
    boss, bob = ex.surfaces[0].text.split()[-1], ex.surfaces[1].text.split()[-1]
    filter_ = check.output(ex, CONTENT)
    assert filter_ is not None
    assert filter_.feed(f"{boss} {bob}") + filter_.close() == f"{'boss@corp.com' if allowed else boss} bob@corp.com"


def test_a_failure_is_closed_and_rewrites_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> list[object]:
        raise CheckUnavailable("sanitize", "budget")

    monkeypatch.setattr(CHECK.sanitizer.detector, "detect", broken)
    ex = exchange((Role.USER, "bob@corp.com"))
    decision = run(CHECK, ex)
    assert decision.verdict is Verdict.BLOCK and decision.findings[0].error == "budget"
    assert ex.surfaces[0].text == "bob@corp.com"


def test_long_texts_leave_the_event_loop_free() -> None:
    async def both() -> int:
        ticks = 0
        task = asyncio.create_task(
            CHECK.inspect(exchange((Role.USER, "Call 212-736-5000 or x@corp.com. " * 3000)), apply=True)
        )
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        await task
        return ticks

    assert asyncio.run(both()) > 3


def test_a_missed_deadline_stops_the_thread() -> None:
    check = SanitizeCheck(Sanitizer(key="k"))
    ex = exchange((Role.USER, " ".join(f"user{i}.name@host{i % 977}.com" for i in range(10_000))))

    async def inspect() -> Any:
        decision = await Chain([Link(check, Mode.ENFORCE, deadline=0.05)]).inspect(ex)
        # the thread pool has one thread, which is free again only once the work has stopped
        began = time.monotonic()
        await asyncio.get_running_loop().run_in_executor(None, str)
        return decision, time.monotonic() - began

    async def alone() -> Any:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        return await inspect()

    decision, waited = asyncio.run(alone())
    assert decision.verdict is Verdict.BLOCK and decision.findings[0].error == "deadline"
    assert waited < 1


@pytest.mark.parametrize(
    "options", [{"entities": {"EMIAL": "mask"}}, {"entities": {"PERSON": "hide"}}, {"minscore": 1}]
)
def test_wrong_options_are_errors(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        build(options)


def test_options_by_type() -> None:
    options = SanitizerOptions.parse({"mode": "enforce", "entities": {"URL": {"policy": "mask", "min_score": 0.6}}})
    assert options.policy("URL") is Policy.MASK and options.min_scores == {"URL": 0.6}
    assert "URL" in (options.detector().types or ())
