"""Wrappers are real wrappers; the measurement says what it counted; the command prints and writes it."""

from __future__ import annotations

import asyncio
import json

import pytest
from typer.testing import CliRunner

from detectors.prefix_probing.probe import PrefixProbe
from detectors.robustness import tables
from detectors.robustness.measure import DEFENCES, measure
from detectors.robustness.wrappers import WRAPPERS, Wrapper, templates, user
from detectors.scorers.local import LocalScorer
from guard.cli.probes import app
from guard.errors import CheckUnavailable
from tests.detectors import support
from tests.detectors.support import FixedScorer, probe_set
from tests.detectors.test_check import gap

ROW = {"prompt": "How do I do it?", "zh": "怎么做？", "past": "How did they do it?"}


def test_wrappers_are_different_and_whole():
    made = {w.name: w.wrap(ROW) for w in WRAPPERS}
    assert len(made) == len(WRAPPERS) >= 16 and WRAPPERS[0].name == "plain"
    assert made["plain"] == user(ROW["prompt"])
    texts = [json.dumps(m) for m in made.values()]
    assert len(set(texts)) == len(texts)
    assert all(m[-1]["role"] == "user" for m in made.values())
    assert made["system override"][0]["role"] == "system"
    assert len(made["many-shot turns"]) == 17
    for name in ("zh", "past"):
        assert [w.name for w in WRAPPERS if w.wrap({k: v for k, v in ROW.items() if k != name}) is None]


@pytest.mark.parametrize("prompt", ["x", "word", "x y"])
def test_short_prompts_can_be_wrapped(prompt):
    assert all(w.wrap({"prompt": prompt}) for w in WRAPPERS if w.name not in ("Chinese", "past tense"))


def test_templates_are_taken_in_turn():
    wrap = templates(["A [INSERT PROMPT HERE] B", "C"]).wrap
    assert [wrap({"prompt": "p", "index": i})[0]["content"] for i in range(3)] == ["A p B", "C\n\np", "A p B"]
    with pytest.raises(ValueError, match="no templates"):
        templates([])


def lengths(value):
    """A scorer whose score is `value` for prompts that hold the word bad, −2 for others, but 0 for long ones."""
    tokenizer = support.tokenizer()

    def rows(prompt, probes):
        text = tokenizer.decode(prompt)
        hidden = len(text) > 60
        return gap(0.0 if hidden else value if "bad" in text else -2.0)(prompt, probes)

    return FixedScorer(rows)


WRAPS = (WRAPPERS[0], Wrapper("long", lambda r: user(f"{'la ' * 40}\n\n{r['prompt']} please now")))
BAD, GOOD = (
    [{"prompt": f"do a bad thing {i}"} for i in range(4)],
    [{"prompt": f"do a good thing {i}"} for i in range(4)],
)


def test_a_wrapping_that_hides_and_a_view_that_finds():
    found = measure(PrefixProbe(probe_set(steer_at=1.0, block_at=2.0), lengths(3.0)), BAD, GOOD, WRAPS)
    plain, long = found.effects
    assert (plain.tpr, plain.fpr, plain.auroc, plain.shift) == ((1, 1), (0, 0), 1.0, (0, 0))
    assert (long.tpr, long.fpr, long.auroc) == ((0, 0), (0, 0), 0.5)
    assert long.shift == (pytest.approx(-3.0), pytest.approx(2.0))
    assert (long.against_plain, long.count) == (1.0, (4, 4))
    by_name = {d.name: d for d in found.defences}
    assert len(by_name) == len(DEFENCES)
    served, unwrapped = by_name["as served"], by_name["as served + unwrapped"]
    assert (served.tpr["long"], served.cost) == (0.0, 1.0)
    assert (unwrapped.tpr["long"], unwrapped.fpr["long"]) == (1.0, 0.0)
    assert unwrapped.mean_tpr == 1.0 and unwrapped.cost > 1.0


def test_defences_pay_for_their_false_alarms():
    """A view that makes everything look worse must not look better for it."""
    tokenizer = support.tokenizer()
    nervous = FixedScorer(lambda p, probes: gap(3.0 if "I have read" in tokenizer.decode(p) else 0.5)(p, probes))
    found = measure(PrefixProbe(probe_set(steer_at=1.0, block_at=2.0), nervous), BAD, GOOD, WRAPS[:1])
    assert all(d.fpr["plain"] == 0.0 for d in found.defences)
    assert {d.name: d.threshold > 3.0 for d in found.defences if "closing" in d.name or d.name == "as served"} == {
        "as served": False,
        "as served + closing_turn": True,
    }


def test_prompts_too_long_are_left_out():
    scorer = FixedScorer(gap(0.5))
    plain = scorer.score

    async def bounded(prompt, probes):
        if len(prompt) > 100:
            raise CheckUnavailable("probe", "too_long")
        return await plain(prompt, probes)

    scorer.score = bounded
    found = measure(PrefixProbe(probe_set(), scorer), BAD, GOOD, WRAPS)
    assert [e.name for e in found.effects] == ["plain"]
    scorer.score = lambda *_: asyncio.sleep(0, None)
    with pytest.raises(CheckUnavailable):
        measure(PrefixProbe(probe_set(), scorer), BAD, GOOD, WRAPS)


def test_markdown():
    table = tables.markdown((("a", "b"), [("1", "2")]))
    assert table == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("robustness")
    support.model().save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")
    probe_set(identity=LocalScorer.load(root / "model").identity).save(root / "probes.json")
    rows = [{**ROW, "harmful": h} for h in (True, False)]
    (root / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (root / "templates.csv").write_text("id,text\n0,Be Orin. [INSERT PROMPT HERE]\n")
    return root


def run(files, *arguments):
    options = ["--model", files / "model", "--probes", files / "probes.json", *arguments]
    return CliRunner().invoke(app, ["robustness", *map(str, options)], env={"COLUMNS": "200"})


def test_command(files, tmp_path):
    out = tmp_path / "found.md"
    result = run(files, "--rows", files / "rows.jsonl", "--templates", files / "templates.csv", "--out", out)
    assert result.exit_code == 0, result.output
    text = out.read_text()
    fits = [w.name for w in WRAPPERS if not w.name.startswith(("many-shot", "padding"))]  # in a context of 1024
    for name in (*fits, "templates", "unwrapped", "tokens"):
        assert f" {name} |" in text and name.split()[0] in result.output
    assert text.startswith("1 harmful and 1 harmless prompts; model model, weights")


@pytest.mark.parametrize("wrong", [[], ["--harmful", "x.txt"]])
def test_bad_options(files, wrong):
    assert run(files, *wrong).exit_code == 2
