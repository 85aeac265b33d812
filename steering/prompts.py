"""Prompts for fitting and measuring: the shipped bank, prompt files, and chat rendering."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError
from guard.files import parse_json, read_text, require_whole


@dataclass(frozen=True, slots=True)
class Bank:
    """Safety-anchored variants of requests, and benign prompts, by language (ISO 639-1)."""

    safe: dict[str, list[str]]
    benign: dict[str, list[str]]

    def prompts(self, languages: Sequence[str] | None = None) -> tuple[list[str], list[str]]:
        """(safe, benign) of the given languages, all by default. Raises `ArtifactError` for an unknown one."""
        chosen = list(self.safe) if languages is None else list(languages)
        unknown = [language for language in chosen if language not in self.safe]
        if unknown:
            raise ArtifactError(f"the bank has no language {unknown[0]!r}; it has {', '.join(self.safe)}")
        return (
            [p for language in chosen for p in self.safe[language]],
            [p for language in chosen for p in self.benign[language]],
        )


def bank() -> Bank:
    """The shipped bank: every anchor around every request, per language."""
    data = json.loads((files("steering") / "bank.json").read_text("utf-8"))["languages"]
    return Bank(
        safe={
            language: [anchor.replace("{request}", request) for anchor in d["anchors"] for request in d["requests"]]
            for language, d in data.items()
        },
        benign={language: list(d["benign"]) for language, d in data.items()},
    )


def read_prompts(path: Path | str, *, harmful: bool | None = None) -> list[str]:
    """Prompts from a file: JSON lines (`prompt`, `instruction`, `goal` or `text`), a JSON list, or plain lines.

    With `harmful` set, rows of a file that labels its rows (`harmful`: bool) with the other label are left out.
    Raises `ArtifactError` naming the line (never its text) when a row has no prompt.
    """
    source = Path(path)
    text = read_text(source)
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    match source.suffix.lower():
        case ".json":
            document = parse_json(text, str(source))
            if not isinstance(document, list):
                raise ArtifactError(f"{source}: a JSON file must hold a list of prompts")
            rows: list[tuple[int, Any]] = list(enumerate(document, 1))
        case ".jsonl":
            rows = [(n, parse_json(line, f"{source}, line {n}")) for n, line in lines]
        case ".txt" | "":
            rows = [(n, line.strip()) for n, line in lines if not line.startswith("#")]
        case other:
            raise ArtifactError(f"{source}: prompts come as .jsonl, .json or .txt, not {other!r}")
    found = []
    for number, row in rows:
        if isinstance(row, dict):
            if harmful is not None and isinstance(row.get("harmful"), bool) and row["harmful"] is not harmful:
                continue
            row = next((row[k] for k in ("prompt", "instruction", "goal", "text") if isinstance(row.get(k), str)), None)
        if not isinstance(row, str) or not row.strip():
            raise ArtifactError(f"{source}: row {number} holds no prompt")
        require_whole(row, f"{source}: row {number}")
        found.append(row)
    if not found:
        raise ArtifactError(f"{source} holds no prompts of the kind asked for")
    return found


def render(tokenizer: Any, prompt: str) -> list[int]:
    """Token ids of one user turn under the model's chat template, ending where the assistant begins to speak."""
    if not getattr(tokenizer, "chat_template", None):
        raise ArtifactError("the model's tokenizer has no chat template")
    ids = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=True, return_dict=False
    )
    return [int(i) for i in ids]
