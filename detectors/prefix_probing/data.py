"""Labelled prompts: reading files, keeping the classes apart, splitting by hash."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.prefix_probing.artifact import Part
from guard.errors import ArtifactError
from guard.files import parse_json, read_text, require_whole

COLUMNS = ("prompt", "text", "question", "goal", "instruction", "behavior")
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
# Shares of the construction and selection parts; the rest calibrates. A threshold at 1 % false positives needs far
# more harmless prompts than the search does.
_CONSTRUCTION, _SELECTION = 0.25, 0.25
_DIGITS, _MOST_DIGESTS = 10, 10_000


@dataclass(frozen=True, slots=True)
class Prompts:
    """Labelled prompts, free of duplicates."""

    harmful: tuple[str, ...]
    harmless: tuple[str, ...]

    def part(self) -> Part:
        """Counts, the sha256 over the prompts in order, and a short digest of each."""
        whole = hashlib.sha256(json.dumps([self.harmful, self.harmless], ensure_ascii=False).encode())
        each = sorted(digests((*self.harmful, *self.harmless)))[:_MOST_DIGESTS]
        return Part(
            harmful=len(self.harmful), harmless=len(self.harmless), sha256=whole.hexdigest(), digests="".join(each)
        )


def load(harmful: Path | str, harmless: Path | str, *, column: str | None = None) -> Prompts:
    """Read both classes; duplicates (but for case, punctuation and spacing) are dropped.

    The two may be one file when its rows say which they are. Raises `ArtifactError` naming file and line when a file
    cannot be read, when a class is empty, or when a prompt stands in both.
    """
    bad = _unique(read(harmful, label=True, column=column))
    good = _unique(read(harmless, label=False, column=column))
    for name, prompts in ((harmful, bad), (harmless, good)):
        if not prompts:
            raise ArtifactError(f"{name} holds no {'harmful' if prompts is bad else 'harmless'} prompt")
    if both := len(bad.keys() & good.keys()):
        raise ArtifactError(f"{both} prompts stand in both the harmful and the harmless set")
    return Prompts(tuple(bad.values()), tuple(good.values()))


def read(path: Path | str, *, label: bool, column: str | None = None) -> list[str]:
    """The prompts of a .jsonl, .json (a list), .csv, .tsv or .txt file (one a line).

    Rows with a `harmful` field count only when it equals `label`. The text stands in `column`, or else in the first
    of `COLUMNS` that a row has. Raises `ArtifactError` naming file and line; never quotes a prompt.
    """
    file = Path(path)
    text = read_text(file)
    match file.suffix.lower():
        case ".txt":
            rows: list[tuple[int, Any]] = list(enumerate(text.split("\n"), 1))
        case ".jsonl":
            lines = enumerate(text.split("\n"), 1)
            rows = [(n, parse_json(line, f"{file}, line {n}")) for n, line in lines if line.strip()]
        case ".json":
            document = parse_json(text, str(file))
            if not isinstance(document, list):
                raise ArtifactError(f"{file}: a JSON file must hold a list of prompts")
            rows = list(enumerate(document, 1))
        case ".csv" | ".tsv":
            rows = list(table(file, text))
        case other:
            raise ArtifactError(
                f"{file}: prompts come as .jsonl, .json, .csv, .tsv or .txt, not {other or 'without suffix'!r}"
            )
    found = (_prompt(file, n, row, label, column) for n, row in rows)
    return [p for p in found if p]


def table(file: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(row, cells by column) of a table, the header being row 1: separated by tabs in a .tsv, else by commas.

    Raises `ArtifactError` naming the line: a quote that is never closed would take all that follows into one cell.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    tabs = file.suffix.lower() == ".tsv"
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if tabs else ",", strict=True)
    try:
        yield from enumerate(reader, 2)
    except csv.Error as error:
        raise ArtifactError(
            f"{file}, up to line {reader.reader.line_num}: not a table: {error}; look for an open quote"
        ) from None


def split(prompts: Prompts, seed: int = 0) -> dict[str, Prompts]:
    """Parts `construction`, `selection` and `calibration`, by hash: a prompt keeps its part when others come or go.

    Raises `ArtifactError` when a part lacks a class.
    """
    parts: dict[str, tuple[list[str], list[str]]] = {k: ([], []) for k in ("construction", "selection", "calibration")}
    for which, texts in enumerate((prompts.harmful, prompts.harmless)):
        for at, text in sorted((_place(text, seed), text) for text in texts):
            name = (
                "construction"
                if at < _CONSTRUCTION
                else "selection"
                if at < _CONSTRUCTION + _SELECTION
                else "calibration"
            )
            parts[name][which].append(text)
    for name, (bad, good) in parts.items():
        if not bad or not good:
            raise ArtifactError(f"too few prompts: the {name} part has {len(bad)} harmful and {len(good)} harmless")
    return {name: Prompts(tuple(bad), tuple(good)) for name, (bad, good) in parts.items()}


def digests(texts: Iterable[str]) -> set[str]:
    """Of every prompt the beginning of its sha256; the same for what counts as the same prompt."""
    return {hashlib.sha256((normalised(t) or t).encode()).hexdigest()[:_DIGITS] for t in texts}


def overlap(part: Part, texts: Iterable[str]) -> int:
    """How many of the prompts the part holds, too (of a part of more than ten thousand a lower bound)."""
    held = {part.digests[n : n + _DIGITS] for n in range(0, len(part.digests), _DIGITS)}
    return len(held & digests(texts))


def normalised(text: str) -> str:
    """What makes two prompts the same: letters with their marks (vowels of Thai, Hindi, Tamil), and digits, in lower
    case and in one form (NFKC)."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = re.sub("[\ufe00-\ufe0f\u20e3\U000e0100-\U000e01ef]", "", folded)  # how a sign is drawn
    if folded.isascii():
        return re.sub(r"[\W_]+", " ", folded).strip()
    return " ".join("".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded).split())


def _unique(texts: Sequence[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for text in texts:
        out.setdefault(normalised(text) or text, text)
    return out


def _place(text: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{normalised(text) or text}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _prompt(file: Path, line: int, row: Any, label: bool, column: str | None) -> str | None:
    if isinstance(row, str):
        require_whole(row, f"{file}, row {line}")
        return row.strip() or None
    if not isinstance(row, dict):
        raise ArtifactError(f"{file}, row {line}: neither a string nor an object")
    mark = row.get("harmful")
    if isinstance(mark, str) and mark.lower() in (*_TRUE, *_FALSE):
        mark = mark.lower() in _TRUE
    if mark is not None and mark not in (True, False):
        raise ArtifactError(f"{file}, row {line}: `harmful` must be true or false")
    if mark is not None and bool(mark) is not label:
        return None
    name = column or next((c for c in COLUMNS if c in row), None)
    value = row.get(name) if name else None
    if not isinstance(value, str):
        where = f"column {column!r}" if column else f"one of the columns {', '.join(COLUMNS)}"
        raise ArtifactError(f"{file}, row {line}: no text in {where}")
    require_whole(value, f"{file}, row {line}")
    return value.strip() or None
