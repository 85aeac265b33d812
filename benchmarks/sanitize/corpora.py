"""Annotated texts: gold spans under one set of labels, whatever the source calls them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
CHINESE_SET = HERE.parents[1] / "recipes" / "ner" / "eval"


@dataclass(frozen=True, slots=True)
class Gold:
    """`text[start:end]` is a value of `label`. `neutral`: finding it is neither right nor wrong (a film, a nation)."""

    start: int
    end: int
    label: str
    neutral: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    gold: Sequence[Gold] = ()


@dataclass(frozen=True, slots=True)
class Corpus:
    """`labels` are those the annotation knows: a find of any other type is not judged."""

    name: str
    language: str
    documents: Sequence[Document]
    labels: frozenset[str]
    running: bool = True  # running text; otherwise made from templates
    trained: bool = False  # the bundled NER models have learnt from these very texts (recipes/ner)


HANDLE = "HANDLE"
"""Somebody's or some firm's @name on a network: annotated as a name, but not running text; told apart from names."""
NAMES = frozenset(("PERSON", "ORGANIZATION", "LOCATION"))
# What a source calls a label, and ours. "" stands for what the source annotates and we leave alone.
_LABELS: Mapping[str, str] = {
    "PER": "PERSON",
    "LOC": "LOCATION",
    "ORG": "ORGANIZATION",
    "MISC": "",
    "person": "PERSON",
    "location": "LOCATION",
    "corporation": "ORGANIZATION",
    "group": "ORGANIZATION",
    "product": "",
    "creative-work": "",
    "GPE": "LOCATION",
    "STREET_ADDRESS": "ADDRESS",
    "ZIP_CODE": "ADDRESS",
    "DOMAIN_NAME": "URL",
    "HONORIFIC": "",  # Mr., Ms.: tells nobody who
}


# What `recipes/ner` leaves out of training; other parts of these two sources are in it.
_LEFT_OUT = frozenset(("wnut17 dev", "btc e"))


def english(data: Path, limit: int | None = None) -> Iterator[Corpus]:
    """The development sets under `data/pii`, those that are there; `limit` cuts each to that many documents."""
    pii = data / "pii"
    made = pii / "presidio_research" / "synth_dataset_v2_dev.json"
    if made.is_file():
        documents = [
            Document(
                row["full_text"],
                [
                    _gold(s["start_position"], s["end_position"], s["entity_type"].replace("TITLE", "HONORIFIC"))
                    for s in row["spans"]
                ],
            )
            for row in json.loads(made.read_text("utf-8"))[:limit]
        ]
        labels = {g.label for d in documents for g in d.gold}
        yield Corpus("presidio_research", "en", documents, frozenset(labels), running=False)
    for name, file, group in (
        ("wnut17 dev", pii / "wnut17" / "emerging.dev.conll", 1),
        ("wikigold", pii / "wikigold_btc" / "wikigold.conll.txt", 8),
        *((f"btc {p.stem[-1]}", p, 1) for p in sorted((pii / "wikigold_btc").glob("btc_*.conll"))),
    ):
        if file.is_file():
            sentences = list(_conll(file))
            texts = [_together(sentences[i : i + group]) for i in range(0, len(sentences), group)]
            yield Corpus(name, "en", texts[:limit], NAMES, trained=name not in _LEFT_OUT)


_HAND = re.compile(r"<([A-Z]):([^<>]*)>")
_CODES = {
    "P": "PERSON",
    "H": "PERSON",  # a name with a form of address
    "O": "ORGANIZATION",
    "L": "LOCATION",
    "A": "ADDRESS",
    "T": "TITLE",
    "D": "DATE_TIME",
}


def chinese(folder: Path = CHINESE_SET, limit: int | None = None) -> Iterator[Corpus]:
    """The hand-written Chinese sentences of the NER recipe: lines such as `<P:王芳>在<L:北京>`."""
    file = folder / "zh.txt"
    if file.is_file():
        lines = [line for line in file.read_text("utf-8").splitlines() if line][:limit]
        documents = [_document(line, _HAND, lambda match: (match[2], _CODES[match[1]])) for line in lines]
        yield Corpus("hand-written zh", "zh", documents, frozenset(_CODES.values()))


def small() -> Iterator[Corpus]:
    """The sentences that ship with the benchmark, written for it. Values are invented, or come from test ranges."""
    for language in ("en", "zh"):
        lines = (HERE / f"small_{language}.txt").read_text("utf-8").splitlines()
        documents = [marked(line) for line in lines if line and not line.startswith("#")]
        labels = {g.label for d in documents for g in d.gold}
        yield Corpus(f"small {language}", language, documents, frozenset(labels))


_MARK = re.compile(r"\[([^\[\]|]+)\|([A-Z_]+)\]")


def marked(line: str) -> Document:
    """A document from `Call [Ann|PERSON] now`; `\\n` stands for a line break."""
    return _document(line.replace("\\n", "\n"), _MARK, lambda match: (match[1], match[2]))


def _document(line: str, mark: re.Pattern[str], read: Callable[[re.Match[str]], tuple[str, str]]) -> Document:
    """A text with its marks taken out; `read` gives value and label of a mark."""
    text, gold, at = "", [], 0
    for match in mark.finditer(line):
        value, label = read(match)
        text += line[at : match.start()]
        gold.append(_gold(len(text), len(text) + len(value), label))
        text += value
        at = match.end()
    return Document(text + line[at:], gold)


def untouched(data: Path | None, limit: int | None = None) -> dict[str, list[str]]:
    """Texts that hold (almost) nothing sensitive, by source: what of them is touched is touched in vain."""
    lines = (HERE / "plain.txt").read_text("utf-8").splitlines()
    found: dict[str, list[str]] = {"small": [line for line in lines if line and not line.startswith("#")]}
    prompts = data / "prompts" if data is not None else None
    if prompts is not None:
        for name, file, key in (
            ("seed_instructions", prompts / "seed_instructions" / "seed_tasks.jsonl", "instruction"),
            ("cvalues (zh)", prompts / "cvalues" / "cvalues_responsibility_prompts.jsonl", "prompt"),
            ("safeagentbench", prompts / "safeagentbench" / "safe_detailed_1009.jsonl", "instruction"),
        ):
            if file.is_file():
                rows = map(json.loads, file.read_text("utf-8").splitlines())
                found[name] = [row[key] for row in rows][:limit]
        questions = prompts / "gptfuzzer" / "question_list.csv"
        if questions.is_file():
            with questions.open(encoding="utf-8", newline="") as stream:
                found["gptfuzzer questions"] = [row["text"] for row in csv.DictReader(stream)][:limit]
    return found


def _gold(start: int, end: int, label: str) -> Gold:
    ours = _LABELS.get(label, label)
    return Gold(start, end, ours or label, neutral=not ours)


@dataclass(slots=True)
class _Sentence:
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


def _conll(path: Path) -> Iterator[_Sentence]:
    sentence = _Sentence()
    for line in (*path.read_text("utf-8").splitlines(), ""):
        columns = line.split()
        if len(columns) >= 2 and columns[0] != "-DOCSTART-":
            sentence.tokens.append(columns[0])
            sentence.tags.append(columns[-1])
        elif sentence.tokens and not columns:
            yield sentence
            sentence = _Sentence()


_CLINGS_LEFT = re.compile(r"[.,;:!?%)\]}…]+|n't|['’](?:s|re|ve|ll|d|m|t)", re.IGNORECASE)
_CLINGS_RIGHT = frozenset("([{$#@£€")


_CLITICS = frozenset(["s", "t", "re", "ll", "ve", "d", "m"])


def _clitics(sentence: _Sentence) -> Iterator[tuple[str, str]]:
    """Words and tags, with what tokenisers took apart put together: n ' t, and ' before s, re, ll."""
    pairs = list(zip(sentence.tokens, sentence.tags, strict=True))
    at = 0
    while at < len(pairs):
        words = [word.lower() for word, _ in pairs[at : at + 3]]
        if len(words) == 3 and words[0] == "n" and words[1] in ("'", "’") and words[2] == "t":
            size = 3
        elif len(words) > 1 and words[0] in ("'", "’") and words[1] in _CLITICS:
            size = 2
        else:
            size = 1
        yield "".join(word for word, _ in pairs[at : at + size]), pairs[at][1]
        at += size


def _together(sentences: Iterable[_Sentence]) -> Document:
    """One text with the usual spacing. Tags are BIO, or IO where no B ever comes."""
    text, gold = "", list[Gold]()
    for sentence in sentences:
        open_label, start = "", 0
        quoted = False
        for word, tag in (*_clitics(sentence), ("", "O")):
            label = tag[2:]
            if open_label and (label != open_label or (tag[0] == "B" and not text.endswith("@"))):
                gold.append(_gold(start, len(text), open_label))
                open_label = ""
            if not word:
                break
            if word in ("''", "``"):
                word = '"'
            clings = not text or text[-1] in _CLINGS_RIGHT or _CLINGS_LEFT.fullmatch(word) is not None
            if word == '"':
                clings, quoted = clings or quoted, not quoted
            elif quoted and text.endswith('"'):
                clings = True
            if not clings:
                text += " "
            if label and not open_label:
                open_label, start = label, len(text)
            text += word
    return Document(text, [g for g in (_trimmed(g, text) for g in gold) if g.end > g.start])


def _trimmed(gold: Gold, text: str) -> Gold:
    """Without the @ and # of handles and tags, and other marks at the edges."""
    start, end = gold.start, gold.end
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not (text[end - 1].isalnum() or text[end - 1] in ".)"):
        end -= 1
    handle = start > 0 and text[start - 1] == "@" and not gold.neutral
    return Gold(start, end, HANDLE if handle else gold.label, gold.neutral)
