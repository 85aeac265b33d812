"""Labelled scores: conversations out of JSONL, scored here, each known by where it stood and by a digest."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from detectors.check import ProbeCheck, Scope, scoped
from detectors.metrics import Floats
from detectors.prefix_probing.artifact import Calibration, Part
from detectors.prefix_probing.data import COLUMNS, normalised
from detectors.prefix_probing.probe import PrefixProbe
from detectors.scorers.base import Message, Tool
from guard.check import Exchange
from guard.errors import ArtifactError, CheckUnavailable, RequestError
from guard.files import parse_json, read_text

_TRUE, _FALSE = (True, 1, "true", "1", "yes"), (False, 0, "false", "0", "no")


@dataclass(frozen=True, slots=True)
class Conversation:
    """One labelled row. `where` is `file:line`."""

    messages: tuple[Message, ...]
    harmful: bool
    where: str
    tools: tuple[Tool, ...] | None = None

    @property
    def text(self) -> str:
        """The last user message, for people."""
        said = [m.get("content") for m in self.messages if m.get("role") == "user"]
        return str(said[-1]) if said else ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A score and its label. `where` finds the row again: `file:line` or a request id. `text` where it is known. `raw`
    is the score before the alignment of its `script`, None where nothing was aligned."""

    score: float
    harmful: bool
    digest: str
    where: str
    text: str = ""
    script: str = ""
    raw: float | None = None

    @property
    def unaligned(self) -> float:
        return self.score if self.raw is None else self.raw


@dataclass(frozen=True, slots=True)
class Sample:
    """Labelled scores, each prompt once; `left_out` counts what could not be used, by reason."""

    rows: tuple[Judged, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def harmful(self) -> Floats:
        return np.array([r.score for r in self.rows if r.harmful], dtype=np.float64)

    @property
    def harmless(self) -> Floats:
        return np.array([r.score for r in self.rows if not r.harmful], dtype=np.float64)

    @property
    def part(self) -> Part:
        """What a probe set says of it: counts, and the sha256 over the digests of both classes, in order."""
        harmful, harmless = ([r.digest for r in self.rows if r.harmful is label] for label in (True, False))
        digest = hashlib.sha256(json.dumps([harmful, harmless]).encode("utf-8", "surrogatepass"))
        return Part(harmful=len(harmful), harmless=len(harmless), sha256=digest.hexdigest())

    @property
    def scripts(self) -> tuple[list[str], list[str]]:
        """Of the harmful and the harmless rows, in the order of their scores."""
        harmful, harmless = ([r.script for r in self.rows if r.harmful is label] for label in (True, False))
        return harmful, harmless

    @property
    def unaligned(self) -> tuple[Floats, Floats]:
        """The scores before any alignment, harmful and harmless."""
        harmful, harmless = (
            np.array([r.unaligned for r in self.rows if r.harmful is label], dtype=np.float64)
            for label in (True, False)
        )
        return harmful, harmless

    def on(self, calibration: Calibration) -> Sample:
        """The same rows on the scale of `calibration`."""
        rows = (
            replace(r, score=float(calibration.alignment(r.script).of(r.unaligned)), raw=r.unaligned) for r in self.rows
        )
        return Sample(tuple(rows), self.left_out)

    @classmethod
    def of(cls, rows: Sequence[Judged], left_out: Mapping[str, int] | None = None) -> Sample:
        """A digest counts once, with its highest score; one that is labelled both ways not at all.

        A prompt that somebody sent a thousand times is one observation: counting it often would make the intervals
        too narrow. Raises `ArtifactError` when a class is empty.
        """
        lost: Counter[str] = Counter(left_out or {})
        best: dict[str, Judged] = {}
        labels: dict[str, set[bool]] = {}
        for row in rows:
            labels.setdefault(row.digest, set()).add(row.harmful)
            known = best.get(row.digest)
            if known is not None:
                lost["repeated"] += 1
            if known is None or row.score > known.score:
                best[row.digest] = row
        for digest, both in labels.items():
            if len(both) > 1:
                lost["labelled both ways"] += 1
                del best[digest]
        sample = cls(tuple(best.values()), {k: n for k, n in lost.items() if n})
        if not len(sample.harmful) or not len(sample.harmless):
            raise ArtifactError(
                f"calibration needs both classes: {len(sample.harmful)} harmful and {len(sample.harmless)} harmless "
                "prompts are left"
            )
        return sample


def read(path: Path | str) -> list[Conversation]:
    """JSONL rows with `harmful` and either `messages` (with `tools`, if there are) or a prompt under one of `COLUMNS`.

    Raises `ArtifactError` naming file and line; never quotes a row.
    """
    return [_conversation(where, row) for where, row in rows(path)]


def rows(path: Path | str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(`file:line`, object) for every line that is not empty. Raises `ArtifactError`."""
    file = Path(path)
    for n, line in enumerate(read_text(file).split("\n"), 1):
        if not line.strip():
            continue
        row = parse_json(line, f"{file}, line {n}")
        if not isinstance(row, dict):
            raise ArtifactError(f"{file}, line {n}: not an object")
        yield f"{file.name}:{n}", row


def label(row: Mapping[str, Any], where: str) -> bool:
    """The row's `harmful`. Raises `ArtifactError` when it is missing or neither true nor false."""
    value = row.get("harmful")
    value = value.lower() if isinstance(value, str) else value
    if not isinstance(value, bool | int | str) or value not in (*_TRUE, *_FALSE):
        raise ArtifactError(f"{where}: `harmful` must be true or false")
    return value in _TRUE


def digest(messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> str:
    """Of what is scored: SHA-256, 16 hex digits. The same for texts that say the same (`normalised`)."""
    said = [{**m, "content": normalised(c) or c} if isinstance(c := m.get("content"), str) else m for m in messages]
    text = json.dumps([said, tools or None], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def score(
    probe: PrefixProbe,
    conversations: Sequence[Conversation],
    *,
    scope: Scope = Scope.LATEST_TURN,
    window_tokens: int = 512,
    max_windows: int = 16,
    tick: Callable[[int], None] = lambda _: None,
) -> Sample:
    """Score what the check would score of each conversation, by the check itself: with scope `windows` the worst of the
    turn and its pieces. One that the model cannot take is left out and counted.

    Raises `CheckUnavailable` when the scorer is unavailable for another reason.
    """
    check = ProbeCheck(probe, scope=scope, window_tokens=window_tokens, max_windows=max_windows)

    async def run() -> Sample:
        judged, lost = [], Counter[str]()
        for n, row in enumerate(conversations, 1):
            try:
                found = await check.inspect(_exchange(row), apply=False)
            except RequestError:
                lost["refused by the chat template"] += 1
            except CheckUnavailable as error:
                if error.reason not in ("too_long", "prompt_too_long", "render"):
                    raise
                lost["too long" if "long" in error.reason else "refused by the chat template"] += 1
            else:
                if found.score is not None:
                    name, script = digest(scoped(row.messages, scope), row.tools), str(found.detail.get("script", ""))
                    raw = float(found.detail.get("raw", found.score))
                    judged.append(Judged(found.score, row.harmful, name, row.where, row.text, script, raw))
            tick(n)
        return Sample.of(judged, lost)

    return asyncio.run(run())


def _exchange(row: Conversation) -> Exchange:
    return Exchange(
        endpoint="chat",
        model="",
        tenant="",
        request_id=row.where,
        surfaces=(),
        messages=lambda: [dict(m) for m in row.messages],
        tools=lambda: [dict(t) for t in row.tools] if row.tools else None,
    )


def _conversation(where: str, row: Mapping[str, Any]) -> Conversation:
    harmful = label(row, where)
    messages, tools = row.get("messages"), row.get("tools")
    if messages is None:
        prompt = next((row[c] for c in COLUMNS if isinstance(row.get(c), str)), None)
        if prompt is None:
            raise ArtifactError(f"{where}: neither `messages` nor one of {', '.join(COLUMNS)}")
        return Conversation(({"role": "user", "content": prompt},), harmful, where)
    if (
        not isinstance(messages, list)
        or not messages
        or not all(isinstance(m, dict) and isinstance(m.get("role"), str) for m in messages)
        or not (tools is None or (isinstance(tools, list) and all(isinstance(t, dict) for t in tools)))
    ):
        raise ArtifactError(f"{where}: `messages` must be a list of messages, `tools` a list of tools")
    return Conversation(tuple(messages), harmful, where, tuple(tools) if tools else None)
