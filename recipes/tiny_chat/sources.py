"""Loaders for the public prompt sets (``--data DIR`` holds one folder per source; see README.md for where they come from)."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

csv.field_size_limit(10**9)


@dataclass(frozen=True)
class Row:
    """One prompt of a public source; ``harmful`` is None where the source does not say."""

    text: str
    lang: str
    source: str
    harmful: bool | None


def read_csv(path: Path) -> list[dict[str, str]]:
    """All rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _leaves(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value)


def advbench(root: Path) -> list[Row]:
    """AdvBench harmful behaviours (MIT)."""
    return [Row(r["goal"], "en", "advbench", True) for r in read_csv(root / "advbench/harmful_behaviors.csv")]


def harmbench(root: Path) -> list[Row]:
    """HarmBench behaviours without copyright and context kinds (MIT)."""
    rows = read_csv(root / "harmbench/harmbench_behaviors_text_val.csv")
    out = [Row(r["Behavior"], "en", "harmbench", True) for r in rows if r["FunctionalCategory"] == "standard"]
    extra = read_csv(root / "harmbench/adv_training_behaviors.csv")
    return out + [Row(r["Behavior"], "en", "harmbench", True) for r in extra]


def red_instruct(root: Path) -> list[Row]:
    """HarmfulQA, CatQA and DangerousQA (Apache-2.0); AdversarialQA is left out because it repeats AdvBench."""
    out: list[Row] = []
    for name, lang in (("harmfulqa", "en"), ("catqa_english", "en"), ("dangerousqa", "en"), ("catqa_chinese", "zh")):
        out += [Row(t, lang, f"red_instruct/{name}", True) for t in _leaves(_json(root / f"red_instruct/{name}.json"))]
    return out


def jade_db(root: Path) -> list[Row]:
    """JADE questions (MIT), Chinese."""
    out: list[Row] = []
    for name in ("jade_alignment_medium_zh", "jade_alignment_hard_zh", "jade_benchmark_easy_zh", "jade_benchmark_zh"):
        out += [Row(r["问题"], "zh", f"jade_db/{name}", True) for r in read_csv(root / f"jade_db/{name}.csv")]
    return out


def gptfuzzer_questions(root: Path) -> list[Row]:
    """The 100 harmful questions of GPTFuzzer (MIT)."""
    return [Row(r["text"], "en", "gptfuzzer", True) for r in read_csv(root / "gptfuzzer/question_list.csv")]


def gptfuzzer_templates(root: Path) -> list[str]:
    """Jailbreak wrappers of GPTFuzzer (MIT)."""
    return [r["text"] for r in read_csv(root / "gptfuzzer/GPTFuzzer.csv")]


def self_reminder_templates(root: Path) -> list[str]:
    """Jailbreak wrappers of the Self-Reminder data (MIT)."""
    return [r["prompt"] for r in read_csv(root / "self_reminder_jailbreaks/jailbreak_prompts_train.csv")]


def self_reminder_tasks(root: Path) -> list[Row]:
    """The ten malicious tasks of the Self-Reminder data (MIT)."""
    rows = _json(root / "self_reminder_jailbreaks/attack_prompt_train.json")
    return [Row(re.sub(r" with the beginning of.*", ".", r["prompt"]), "en", "self_reminder", True) for r in rows]


def hh_dialogues(root: Path) -> list[list[tuple[str, str]]]:
    """HH harmless-base test dialogues (MIT) as (role, text) turns, the chosen side."""
    out = []
    for row in _jsonl(root / "hh_rlhf_harmless_test/harmless-base-test.jsonl"):
        turns = re.findall(r"\n\n(Human|Assistant): (.*?)(?=\n\n(?:Human|Assistant): |\Z)", row["chosen"], re.S)
        out.append([("user" if who == "Human" else "assistant", text.strip()) for who, text in turns])
    return out


def hh_requests(root: Path) -> list[Row]:
    """First user turns of HH harmless-base test, and later ones that read alone; unlabelled."""
    texts: dict[str, None] = {}
    for dialogue in hh_dialogues(root):
        said = [text for role, text in dialogue if role == "user"]
        texts |= dict.fromkeys(said[:1] + [t for t in said[1:] if len(t) > 25])
    return [Row(t, "en", "hh_rlhf", None) for t in texts if 3 < len(t) < 500]


def safeagentbench(root: Path) -> list[Row]:
    """Household-robot instructions, unsafe and safe (MIT)."""
    out = [
        Row(r["instruction"], "en", "safeagentbench", True)
        for r in _jsonl(root / "safeagentbench/unsafe_detailed_1009.jsonl")
    ]
    return out + [
        Row(r["instruction"], "en", "safeagentbench", False)
        for r in _jsonl(root / "safeagentbench/safe_detailed_1009.jsonl")
    ]


def mitre_frr(root: Path) -> list[Row]:
    """Harmless security questions of CyberSecEval (MIT)."""
    rows = _json(root / "purplellama_cyberseceval/mitre_frr.json")
    return [Row(r["mutated_prompt"], "en", "purplellama/mitre_frr", False) for r in rows]


def cvalues(root: Path) -> list[Row]:
    """Value-laden harmless Chinese prompts (Apache-2.0)."""
    rows = _jsonl(root / "cvalues/cvalues_responsibility_prompts.jsonl")
    return [Row(r["prompt"], "zh", "cvalues", False) for r in rows]


def seed_instructions(root: Path) -> list[tuple[str, str]]:
    """Self-instruct seed tasks (Apache-2.0) as (prompt, answer)."""
    out = []
    for row in _jsonl(root / "seed_instructions/seed_tasks.jsonl"):
        inst = row["instances"][0]
        prompt = row["instruction"] + ("\n" + inst["input"] if inst["input"] else "")
        out.append((prompt, inst["output"]))
    return out


def refusal_direction(root: Path, name: str, limit: int = 0) -> list[Row]:
    """Splits of the refusal-direction repository; for measuring only."""
    rows = _json(root / f"refusal_direction/{name}.json")
    harmful = name.startswith("harmful")
    out = [Row(r["instruction"], "en", f"refusal_direction/{name}", harmful) for r in rows]
    return out[:limit] if limit else out


def handwritten(name: str) -> list[Row]:
    """The evaluation prompts written by hand (``eval/<name>.txt``), which share no template with the generator."""
    path = Path(__file__).parent / "eval" / f"{name}.txt"
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Row(t, name[-2:], name, name.startswith("contrast")) for t in lines]
