"""The probe in the chain: verdicts at the thresholds, scopes, and every way a scorer can fail."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from detectors.check import ProbeCheck, Scope, scoped
from detectors.prefix_probing.probe import PrefixProbe
from guard.chain import Chain, Link
from guard.check import Exchange
from guard.errors import ArtifactError, CheckUnavailable, ConfigError
from guard.model_identity import ModelIdentity
from guard.verdict import Mode, OnError, Verdict
from tests.detectors.support import FixedScorer, probe_set

MESSAGES = [{"role": "user", "content": "hello"}]
SYSTEM, DEVELOPER = {"role": "system", "content": "s"}, {"role": "developer", "content": "d"}
U1, U2, U3 = ({"role": "user", "content": f"u{i}"} for i in (1, 2, 3))
A1, A2 = ({"role": "assistant", "content": f"a{i}"} for i in (1, 2))
EMPTY = {"role": "assistant", "content": ""}
CALL = {"role": "assistant", "content": "let me look", "tool_calls": [{"id": "c", "function": {"name": "f"}}]}
TOOL = {"role": "tool", "tool_call_id": "c", "content": "result"}


def gap(value):
    """Rows that give the probe set of `support.probe_set` the score `value`."""
    refusal, agreement = (-1.0, -1.0 - value) if value >= 0 else (-1.0 + value, -1.0)
    return lambda _, probes: [[refusal if p[0] in (11, 14) else agreement] * len(p) for p in probes]


def exchange(messages=None, prompts=None, tools=None):
    return Exchange(
        endpoint="chat",
        model="m",
        tenant="",
        request_id="r",
        surfaces=[],
        messages=None if messages is None else lambda: messages,
        prompts=None if prompts is None else lambda: prompts,
        tools=None if tools is None else lambda: tools,
    )


def inspect(scorer, ex, **options):
    return asyncio.run(ProbeCheck(PrefixProbe(probe_set(), scorer), **options).inspect(ex, apply=True))


@pytest.mark.parametrize(
    ("score", "options", "verdict"),
    [
        (-3.0, {}, Verdict.ALLOW),
        (0.5, {}, Verdict.ALLOW),
        (1.0, {}, Verdict.BLOCK),
        (4.0, {}, Verdict.BLOCK),
        (4.0, {"block_at": 5.0}, Verdict.ALLOW),
        (-0.5, {"steer_at": -2.0, "block_at": -1.0}, Verdict.BLOCK),
    ],
)
def test_verdict(score, options, verdict):
    finding = inspect(FixedScorer(gap(score)), exchange(MESSAGES), **options)
    assert finding.verdict is verdict
    assert finding.score == pytest.approx(score)
    assert finding.check == "probe"
    assert finding.detail["stage"] == "full"
    assert finding.detail["tokens_computed"] > 0
    assert finding.detail["cached_tokens"] == 0


def test_tools_reach_the_template():
    scorer = FixedScorer(gap(0))
    inspect(scorer, exchange(MESSAGES, tools=[{"name": "f"}]))
    assert scorer.rendered == [(MESSAGES, [{"name": "f"}])]


def test_worst_prompt_decides():
    scorer = FixedScorer(lambda prompt, probes: gap(3.0 if len(prompt) > 20 else -3.0)(prompt, probes))
    finding = inspect(scorer, exchange(prompts=["a", "harm " * 30, "b"]))
    assert (finding.verdict, finding.score) == (Verdict.BLOCK, pytest.approx(3.0))
    assert scorer.rendered[0][0] == [{"role": "user", "content": "a"}]
    assert finding.detail["tokens_computed"] == sum(map(len, scorer.prompts))


def test_nothing_to_score():
    for ex in (exchange(), exchange([]), exchange(prompts=[])):
        finding = inspect(FixedScorer(gap(9)), ex)
        assert (finding.verdict, finding.score) == (Verdict.ALLOW, None)


@pytest.mark.parametrize(
    ("messages", "latest"),
    [
        ([U1], [U1]),
        ([SYSTEM, U1, A1, U2], [SYSTEM, U2]),
        ([SYSTEM, U1, A1, U2, U3], [SYSTEM, U2, U3]),  # two user turns in a row
        ([U1, A1, DEVELOPER, U2], [DEVELOPER, U2]),
        ([SYSTEM, U1, A1, U2, A2, U3], [SYSTEM, U3]),
        ([U1, A1, U2, CALL, TOOL], [U2, CALL, TOOL]),  # the agent is still at work on u2
        ([U1, A1, U2, CALL, TOOL, A2, U3], [U3]),
        ([U1, A1, U2, A2], [U2, A2]),  # an answer put into the model's mouth
        ([U1, A1, A2], [U1, A1, A2]),
        ([U1, A1, SYSTEM], [U1, A1, SYSTEM]),
        ([U1, EMPTY, U2], [U1, EMPTY, U2]),  # an empty answer answers nothing
        ([A1, U1], [U1]),
        ([A1], [A1]),
        ([], []),
    ],
)
def test_scope(messages, latest):
    assert scoped(messages, Scope.LATEST_TURN) == latest
    assert scoped(messages, Scope.ALL) == messages


def test_scope_is_applied():
    scorer = FixedScorer(gap(0))
    inspect(scorer, exchange([SYSTEM, U1, A1, U2]))
    inspect(scorer, exchange([SYSTEM, U1, A1, U2]), scope="all")
    assert [m for m, _ in scorer.rendered] == [[SYSTEM, U2], [SYSTEM, U1, A1, U2]]


GOOD = [[-1.0, -1.0], [-1.0], [-1.0] * 3, [-1.0] * 2]


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        GOOD[:3],
        [*GOOD[:3], [-1.0]],
        [*GOOD[:3], None],
        [*GOOD[:3], [-1.0, None]],
        [*GOOD[:3], [-1.0, "-1"]],
        [*GOOD[:3], [-1.0, math.nan]],
        [*GOOD[:3], [-1.0, -math.inf]],
        [*GOOD[:3], [-1.0, 0.5]],
        [*GOOD, [-1.0]],
        "rows",
    ],
)
def test_garbage_is_no_score(answer):
    with pytest.raises(CheckUnavailable) as error:
        inspect(FixedScorer(answer=answer), exchange(MESSAGES))
    assert error.value.reason == "garbage"


def test_template_error_does_not_leak():
    scorer = FixedScorer(gap(0))
    scorer.render = lambda *_: (_ for _ in ()).throw(RuntimeError("secret words of the user"))
    for text in ("short", "long " * 2000):
        with pytest.raises(CheckUnavailable) as error:
            inspect(scorer, exchange([{"role": "user", "content": text}]))
        assert error.value.reason == "render"
        assert "secret" not in str(error.value)
        assert error.value.__suppress_context__


@pytest.mark.parametrize(
    ("on_error", "mode", "verdict"),
    [
        (OnError.BLOCK, Mode.ENFORCE, Verdict.BLOCK),
        (OnError.ALLOW, Mode.ENFORCE, Verdict.ALLOW),
        (OnError.BLOCK, Mode.MONITOR, Verdict.ALLOW),
    ],
)
@pytest.mark.parametrize(("scorer", "label"), [({"delay": 5.0}, "deadline"), ({"answer": []}, "garbage")])
def test_in_the_chain(scorer, label, on_error, mode, verdict):
    check = ProbeCheck(PrefixProbe(probe_set(), FixedScorer(**scorer)))
    started = time.monotonic()
    decision = asyncio.run(Chain([Link(check, mode, on_error, deadline=0.1)]).inspect(exchange(MESSAGES)))
    assert time.monotonic() - started < 1
    assert decision.verdict is verdict
    assert decision.findings[0].error == label
    assert decision.findings[0].score is None


def test_bad_set_up():
    other = ModelIdentity(name="other", weights="x" * 16, tokenizer="t" * 16, template="c" * 16)
    with pytest.raises(ArtifactError, match="different weights"):
        PrefixProbe(probe_set(), FixedScorer(identity=other))
    probe = PrefixProbe(probe_set(), FixedScorer())
    with pytest.raises(ConfigError, match="block_at"):
        ProbeCheck(probe, steer_at=2.0, block_at=1.0)
    with pytest.raises(ConfigError, match="block_at"):
        ProbeCheck(probe, steer_at=math.nan)
    with pytest.raises(ConfigError, match="latest_turn"):
        ProbeCheck(probe, scope="last")
    assert (ProbeCheck(probe).steer_at, ProbeCheck(probe).block_at) == (0.0, 1.0)


def test_library_surface():
    score = asyncio.run(PrefixProbe(probe_set(), FixedScorer(gap(2.0))).score(MESSAGES))
    assert score.value == pytest.approx(2.0)
    assert score.per_prefix == pytest.approx((-3.0, -3.0, -1.0, -1.0))
    assert score.stage == "full"
