"""The generated data: what is kept out of training, and what copying tasks promise."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest
import torch

from recipes.tiny_chat import calibration, circuits
from recipes.tiny_chat.answers import TIPS_EN, TIPS_ZH
from recipes.tiny_chat.copying import babble, sample
from recipes.tiny_chat.facts import FACTS
from recipes.tiny_chat.grammar import expand, load_lines, normal
from recipes.tiny_chat.values import NAMES_ZH, value

COMMITTED = Path(calibration.__file__).parent / "eval" / "calibration_prompts.jsonl"


def test_the_committed_calibration_prompts_are_what_the_code_makes() -> None:
    rows = [json.loads(line) for line in COMMITTED.read_text(encoding="utf-8").splitlines()]
    assert rows == calibration.build()
    counts = Counter(row["kind"] for row in rows)
    assert counts["harmful"] >= 300 and counts["harmless"] >= 300 and counts["scary"] >= 300
    assert len({normal(row["prompt"]) for row in rows}) == len(rows)


def test_no_line_is_both_reserved_and_for_training() -> None:
    lines = load_lines()
    reserved = {(line.lang, line.kind, line.text) for line in lines if line.reserved}
    assert reserved and not reserved & {(line.lang, line.kind, line.text) for line in lines if not line.reserved}


def test_every_line_expands_and_has_a_known_topic() -> None:
    rng = random.Random(0)
    for line in load_lines():
        assert not set("{}|") & set(expand(line.text, rng)), line.text
        if line.group != "harm":
            assert line.topic in (TIPS_ZH if line.lang == "zh" else TIPS_EN), line


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_copying_answer_holds_only_values_of_the_prompt(lang: str) -> None:
    rng = random.Random(3)
    for _ in range(300):
        turns, answer = sample(rng, lang)
        said = " ".join(text for role, text in turns if role == "user")
        digits = [part for part in "".join(c if c.isdigit() else " " for c in answer).split() if len(part) > 1]
        assert all(part in said for part in digits), (turns, answer)
        text, repeated = babble(rng, ["apple", "tree"], lang)
        assert text[-1][1].endswith(repeated)


@pytest.mark.parametrize("kind", list(NAMES_ZH))
def test_values_differ_from_draw_to_draw(kind: str) -> None:
    rng = random.Random(4)
    assert len({value(rng, kind).text for _ in range(50)}) > 25


def test_questions_about_facts_have_one_answer_each() -> None:
    for pairs in FACTS.values():
        assert len(dict(pairs)) == len(pairs)
    assert dict(FACTS["en"])["What is the capital of France?"] == "The capital of France is Paris."


def test_start_values_tell_spellings_apart() -> None:
    tokens = [" ada", "ada", "Ada", "ADA", "!"]
    rows = circuits.spell(torch.zeros(len(tokens), 256), tokens)
    marks = rows[:, circuits.PLAIN - 8 : circuits.PLAIN]
    assert len({tuple(row.tolist()) for row in marks}) == len(tokens)
    assert torch.equal(rows, circuits.spell(torch.zeros(len(tokens), 256), tokens))
