"""Openly licensed text: annotated English corpora, and running text that is taken to hold (almost) no entities."""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from recipes.ner.text import Example

T = TypeVar("T")
csv.field_size_limit(10**9)
# What the corpora do not annotate. Addresses are not either, but are so rare there that none are taken to stand in them.
_UNSAID = frozenset(("TITLE", "DATE_TIME"))
_LABEL = {
    "PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION", "person": "PERSON", "location": "LOCATION",
    "corporation": "ORGANIZATION", "group": "ORGANIZATION",
}  # fmt: skip


def conll(path: Path, separator: str) -> Iterator[list[tuple[str, str]]]:
    """Sentences of (token, tag) from a file in the CoNLL column format."""
    sentence: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        parts = line.rstrip("\n").rsplit(separator, 1) if line.strip() else []
        if len(parts) == 2 and parts[0].strip():
            sentence.append((parts[0].strip(), parts[1].strip()))
        elif sentence:
            yield sentence
            sentence = []


_NO_SPACE_BEFORE = re.compile(r"[.,;:!?%)\]}…]+|n't|['’](?:s|re|ve|ll|d|m|t)", re.IGNORECASE)
_NO_SPACE_BEHIND = frozenset("([{$#@£€")


# What tokenisation left at the end of a name; not the dot of an initial or of `Inc.`.
_TAIL = re.compile(r"(?<=\w\w\w\w)\.\Z|[,!?;:'\"—-]*\Z")


_CLITICS = frozenset(["s", "t", "re", "ll", "ve", "d", "m"])


def _clitics(sentence: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """With n, ' and t, or ' and s, re, ... put together, outside of names."""
    at = 0
    while at < len(sentence):
        words = [token.lower() for token, _ in sentence[at : at + 3]]
        if len(words) == 3 and words[0] == "n" and words[1] in ("'", "’") and words[2] == "t":
            yield "".join(token for token, _ in sentence[at : at + 3]), "O"
            at += 3
        elif len(words) > 1 and words[0] in ("'", "’") and words[1] in _CLITICS:
            yield "'" + sentence[at + 1][0], "O"
            at += 2
        else:
            yield sentence[at]
            at += 1


# The corpora disagree whether handles and hashtags are names; most leave them out.
HANDLE = re.compile(r"@ ?\w+|#\w+")


def detokenise(sentence: list[tuple[str, str]]) -> Example:
    """Text with the usual spacing, and the spans of its tags; types that are none of ours are no entities."""
    text, spans = "", []
    kind, start = "", 0
    quoted = False
    for token, tag in _clitics(sentence):
        glue = not text or _NO_SPACE_BEFORE.fullmatch(token) or text[-1] in _NO_SPACE_BEHIND
        if token in ('"', "''", "``"):
            token, glue, quoted = '"', bool(glue) or quoted, not quoted
        elif text.endswith('"') and quoted:
            glue = True
        label = _LABEL.get(tag[2:], "")
        if kind and (tag[:2] != "I-" or label != kind):
            spans.append((start, len(text), kind))
            kind = ""
        if not glue:
            text += " "
        if label and not kind:
            kind, start = label, len(text)
        text += token
    if kind:
        spans.append((start, len(text), kind))
    handles = [m.span() for m in HANDLE.finditer(text)]
    spans = [(a, b - len(tail.group()), label) for a, b, label in spans if (tail := _TAIL.search(text, a, b))]
    kept = [s for s in spans if s[0] < s[1] and not any(a < s[1] and s[0] < b for a, b in handles)]
    return Example(text, tuple(kept), _UNSAID, tuple(handles))


def corpora(data: Path) -> dict[str, list[Example]]:
    """WNUT17 (train, dev), WikiGold and the files of the Broad Twitter Corpus, all CC-BY-4.0, by name."""
    pii = data / "pii"
    files = {
        "wnut17_train": (pii / "wnut17/wnut17train.conll", "\t"),
        "wnut17_dev": (pii / "wnut17/emerging.dev.conll", "\t"),
        "wikigold": (pii / "wikigold_btc/wikigold.conll.txt", " "),
        **{f"btc_{x}": (pii / f"wikigold_btc/btc_{x}.conll", "\t") for x in "abefgh"},
    }
    return {name: [detokenise(s) for s in conll(*place)] for name, place in files.items() if place[0].exists()}


def _jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def plain_english(data: Path) -> list[str]:
    """Prompts and dialogues (MIT, Apache-2.0)."""
    prompts = data / "prompts"
    found = [
        r["instruction"] + "\n" + r["instances"][0]["input"]
        for r in _jsonl(prompts / "seed_instructions/seed_tasks.jsonl")
    ]
    found += [r["instances"][0]["output"] for r in _jsonl(prompts / "seed_instructions/seed_tasks.jsonl")]
    found += [r["goal"] for r in _csv(prompts / "advbench/harmful_behaviors.csv")]
    for row in _jsonl(prompts / "hh_rlhf_harmless_test/harmless-base-test.jsonl"):
        found += [turn.strip() for turn in re.split(r"\n\n(?:Human|Assistant):", row["chosen"]) if turn.strip()]
    found += [
        r["mutated_prompt"]
        for r in json.loads((prompts / "purplellama_cyberseceval/mitre_frr.json").read_text(encoding="utf-8"))
    ]
    return [t for t in found if 10 < len(t) < 1500]


def plain_chinese(data: Path) -> list[str]:
    """Prompts and answers (MIT, Apache-2.0)."""
    prompts = data / "prompts"
    found = [r["prompt"] for r in _jsonl(prompts / "cvalues/cvalues_responsibility_prompts.jsonl")]
    for path in sorted((prompts / "jade_db").glob("*_zh.csv")):
        for row in _csv(path):
            found += [v for k, v in row.items() if k not in ("ID", None) and isinstance(v, str) and len(v) > 8]
    tree = json.loads((prompts / "red_instruct/catqa_chinese.json").read_text(encoding="utf-8"))
    found += [q for kinds in tree.values() for questions in kinds.values() for q in questions]
    return [t for t in found if 8 < len(t) < 1200 and re.search("[\u4e00-\u9fff]", t)]


_CAPITAL = re.compile(r"[A-Z][\w'’-]*(?:[ ][A-Z][\w'’-]*)*")


def doubtful_english(text: str, common: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """Where unannotated text might hold an entity: capitalised words that are not just the first of a sentence."""
    found = []
    for match in _CAPITAL.finditer(text):
        before = text[: match.start()].rstrip()
        opens = not before or before[-1] in ".!?:\n\"'“*-•)>" or "\n" in text[len(before) : match.start()]
        words = match.group().split(" ")
        if len(words) == 1 and (
            words[0] in ("I", "I'm", "I'll", "I'd", "I've") or (opens and words[0].lower() in common)
        ):
            continue
        found.append(match.span())
    return tuple(found)


def sample(rng: random.Random, values: list[T], count: int) -> list[T]:
    """`count` of them, again from the start when there are fewer."""
    order = values[:]
    rng.shuffle(order)
    return [order[i % len(order)] for i in range(count)] if order else []
