"""Labelled rows: what is read, what is scored, what is left out."""

from __future__ import annotations

import asyncio
import json

import pytest

from detectors.calibrate.sample import Judged, Sample, read, score
from detectors.check import ProbeCheck, Scope
from detectors.prefix_probing.probe import PrefixProbe
from guard.errors import ArtifactError, CheckUnavailable
from tests.detectors.support import FixedScorer, probe_set, tokenizer
from tests.detectors.test_check import exchange, gap

USER = {"role": "user", "content": "u"}


def written(tmp_path, *rows):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return file


def test_rows(tmp_path):
    chat = [{"role": "system", "content": "s"}, USER]
    found = read(
        written(
            tmp_path,
            {"prompt": "a", "harmful": True, "other": 1},
            "",
            {"messages": chat, "harmful": "no", "tools": [{"name": "f"}]},
            {"question": "a", "harmful": 0},
        )
    )
    assert [r.harmful for r in found] == [True, False, False]
    assert found[1].messages == tuple(chat) and found[1].tools == ({"name": "f"},)
    assert [r.where for r in found] == ["rows.jsonl:1", "rows.jsonl:3", "rows.jsonl:4"]
    assert found[0].messages == found[2].messages
    assert [r.text for r in found] == ["a", "u", "a"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "not an object"),
        ({"prompt": "secret"}, "`harmful`"),
        ({"prompt": "secret", "harmful": "maybe"}, "`harmful`"),
        ({"prompt": "secret", "harmful": None}, "`harmful`"),
        ({"harmful": True}, "neither `messages`"),
        ({"prompt": 3, "harmful": True}, "neither `messages`"),
        ({"messages": [], "harmful": True}, "list of messages"),
        ({"messages": ["secret"], "harmful": True}, "list of messages"),
        ({"messages": [USER], "tools": "secret", "harmful": True}, "list of messages"),
    ],
)
def test_wrong_rows_are_named_and_not_quoted(tmp_path, row, says):
    with pytest.raises(ArtifactError, match=says) as error:
        read(written(tmp_path, row))
    assert "secret" not in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(ArtifactError, match="cannot read"):
        read(tmp_path / "none.jsonl")


def judged(score, harmful, digest):
    return Judged(score, harmful, digest, "x:1")


def test_each_prompt_counts_once():
    rows = [
        judged(1, True, "a"),
        judged(2, True, "a"),
        judged(0, False, "b"),
        judged(9, True, "c"),
        judged(9, False, "c"),
    ]
    sample = Sample.of(rows, {"too long": 2})
    assert sample.harmful.tolist() == [2.0]
    assert sample.harmless.tolist() == [0.0]
    assert sample.left_out == {"too long": 2, "repeated": 2, "labelled both ways": 1}


@pytest.mark.parametrize("rows", [[], [judged(1, True, "a")], [judged(1, False, "a")]])
def test_both_classes_are_needed(rows):
    with pytest.raises(ArtifactError, match="both classes"):
        Sample.of(rows)


def test_scored_as_the_check_scores(tmp_path):
    turns = [USER, {"role": "assistant", "content": "a"}, {"role": "user", "content": "last"}]
    rows = read(written(tmp_path, {"messages": turns, "harmful": True}, {"prompt": "b", "harmful": False}))
    scorer = FixedScorer(gap(0.25))
    seen = []
    sample = score(PrefixProbe(probe_set(), scorer), rows, tick=seen.append)
    assert [m[0]["content"] for m, _ in scorer.rendered] == ["last", "b"]
    assert sample.harmful.tolist() == sample.harmless.tolist() == [0.25]
    assert seen == [1, 2]


def windowed_scorer():
    """Finds 3.0 where `Z` stands among few tokens, 0.0 in all else."""
    z = tokenizer().encode("Z")[0]
    return FixedScorer(lambda ids, probes: gap(3.0 if z in ids and len(ids) < 100 else 0.0)(ids, probes))


@pytest.mark.parametrize(("scope", "score_of_it"), [(Scope.WINDOWS, 3.0), (Scope.LATEST_TURN, 0.0), (Scope.ALL, 0.0)])
def test_windows_count_as_in_the_check(tmp_path, scope, score_of_it):
    """What no threshold may end early: the worst is in the last piece."""
    hidden = {"prompt": "a" * 200 + "Z", "harmful": True}
    rows = read(written(tmp_path, hidden, {"prompt": "b", "harmful": False}))
    pieces = {"scope": scope, "window_tokens": 32, "max_windows": 16}
    sample = score(PrefixProbe(probe_set(block_at=0.0), windowed_scorer()), rows, **pieces)
    assert (sample.harmful.tolist(), sample.harmless.tolist()) == ([score_of_it], [0.0])
    check = ProbeCheck(PrefixProbe(probe_set(), windowed_scorer()), block_at=9.0, **pieces)
    found = asyncio.run(check.inspect(exchange([{"role": "user", "content": hidden["prompt"]}]), apply=True))
    assert found.score == score_of_it


SYSTEM, TOOL = {"role": "system", "content": "s"}, {"name": "f"}
ANSWER, LAST = {"role": "assistant", "content": "a"}, {"role": "user", "content": "Go on."}
EARLIER = [{"messages": [{"role": "user", "content": f"hi {n}"}, ANSWER, LAST], "harmful": n % 2} for n in range(4)]


@pytest.mark.parametrize(
    ("rows", "scope", "left_out"),
    [
        (EARLIER[::2], Scope.LATEST_TURN, {"repeated": 1}),  # earlier turns are not scored
        (EARLIER[:2], Scope.LATEST_TURN, {"repeated": 1, "labelled both ways": 1}),
        (EARLIER, Scope.ALL, {}),
        (
            [{"messages": [SYSTEM, *r["messages"]], "harmful": 0} for r in EARLIER[:2]],
            Scope.LATEST_TURN,
            {"repeated": 1},
        ),
        ([{"messages": [LAST], "harmful": 1}, {"messages": [SYSTEM, LAST], "harmful": 0}], Scope.LATEST_TURN, {}),
        (
            [{"messages": [LAST], "harmful": 1, "tools": [TOOL]}, {"messages": [LAST], "harmful": 0}],
            Scope.LATEST_TURN,
            {},
        ),
        ([{"messages": [LAST], "harmful": 0, "tools": t} for t in ([], None)], Scope.LATEST_TURN, {"repeated": 1}),
        ([{"prompt": p, "harmful": 0} for p in ("go on", "  GO on!", "Go on.\n")], Scope.LATEST_TURN, {"repeated": 2}),
        ([{"prompt": p, "harmful": 0} for p in ("?", "!")], Scope.LATEST_TURN, {}),
    ],
)
def test_the_same_is_what_is_scored_alike(tmp_path, rows, scope, left_out):
    both = [{"prompt": "first", "harmful": True}, {"prompt": "second", "harmful": False}]
    sample = score(PrefixProbe(probe_set(), FixedScorer(gap(1.0))), read(written(tmp_path, *both, *rows)), scope=scope)
    assert sample.left_out == left_out


@pytest.mark.parametrize(("reason", "left_out"), [("too_long", {"too long": 1}), ("queue_full", None)])
def test_prompts_the_model_cannot_take(tmp_path, reason, left_out):
    rows = read(written(tmp_path, *({"prompt": p, "harmful": h} for p, h in (("a", 1), ("b", 0), ("long " * 30, 0)))))
    scorer = FixedScorer(gap(1.0))
    plain = scorer.score

    async def bounded(prompt, probes):
        if len(prompt) > 50:
            raise CheckUnavailable("probe", reason)
        return await plain(prompt, probes)

    scorer.score = bounded
    probe = PrefixProbe(probe_set(), scorer)
    if left_out is None:
        with pytest.raises(CheckUnavailable):
            score(probe, rows)
    else:
        assert score(probe, rows).left_out == left_out
