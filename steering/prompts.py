"""Prompts for fitting and measuring: the shipped bank, prompt files, and chat rendering."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError


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
    try:
        text = source.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ArtifactError(f"cannot read prompts from {source}") from None
    rows: list[Any] = []
    try:
        if source.suffix == ".json":
            rows = json.loads(text)
        elif source.suffix == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            rows = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    except ValueError:
        raise ArtifactError(f"{source} is not valid JSON") from None
    found = []
    for number, row in enumerate(rows, 1):
        if isinstance(row, dict):
            if harmful is not None and isinstance(row.get("harmful"), bool) and row["harmful"] is not harmful:
                continue
            row = next((row[k] for k in ("prompt", "instruction", "goal", "text") if isinstance(row.get(k), str)), None)
        if not isinstance(row, str) or not row.strip():
            raise ArtifactError(f"{source}: row {number} holds no prompt")
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
