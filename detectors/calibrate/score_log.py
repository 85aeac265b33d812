"""Scores out of the proxy's audit log, labels out of a file: calibration on one's own traffic, without its text."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.calibrate.sample import Judged, Sample, label, rows
from detectors.prefix_probing.data import table
from guard.errors import ArtifactError
from guard.files import read_text

PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Entry:
    """One scored request. `digest` is the log's keyed digest of what was scored, or the request id where it has none;
    `probes` names the probe set; `stage` how far the scoring went; `script` what the prompt was written in, and `raw`
    is its score before that was aligned (None: it was not)."""

    request_id: str
    score: float
    digest: str
    probes: str
    stage: str
    script: str = ""
    raw: float | None = None


@dataclass(frozen=True, slots=True)
class Log:
    entries: tuple[Entry, ...]
    left_out: Mapping[str, int]

    def require(self, probes: str) -> Log:
        """This log, if its scores are those of the set with that `ProbeSet.fingerprint`, or if it does not say.

        Raises `ArtifactError`: thresholds of one set mean nothing for another's scores.
        """
        if others := {e.probes for e in self.entries} - {"", probes}:
            raise ArtifactError(
                f"the log holds scores of another probe set or detector ({', '.join(sorted(others))}) than the one of "
                f"--probes and --detector ({probes}); give the set the policy runs, or cut the log where that changed"
            )
        return self

    def judged(self, labels: Mapping[str, bool], *, rest_harmless: bool = False) -> Sample:
        """With labels by request id or digest; the request id's wins. A request's label is also that of the others with
        its digest, which were the same prompt. Entries without one are left out and counted, or taken for harmless.

        Raises `ArtifactError` when no label fits, or when the entries come from several probe sets.
        """
        if not any(e.request_id in labels or e.digest in labels for e in self.entries):
            raise ArtifactError("no label belongs to a scored request of the log")
        of_digest = {e.digest: labels[e.request_id] for e in self.entries if e.request_id in labels}
        lost = Counter(self.left_out)
        out = []
        for e in self.entries:
            harmful = labels.get(e.request_id, labels.get(e.digest, of_digest.get(e.digest)))
            if harmful is None and not rest_harmless:
                lost["without a label"] += 1
                continue
            out.append((e, Judged(e.score, bool(harmful), e.digest, e.request_id, "", e.script, e.raw)))
        if len(sets := {e.probes for e, _ in out}) > 1:
            raise ArtifactError(
                f"the log holds scores of {len(sets)} probe sets, which do not compare; cut it where it was changed"
            )
        return Sample.of([j for _, j in out], lost)

    def worth_labelling(self, thresholds: Iterable[float], count: int) -> list[Entry]:
        """The `count` entries that say most about thresholds: half of them the highest scores, where false alarms and
        hits are, half those nearest to a threshold. Each digest once, highest score first."""
        at = list(thresholds)
        unique = {e.digest: e for e in sorted(self.entries, key=lambda e: e.score)}.values()
        top = sorted(unique, key=lambda e: -e.score)[: (count + 1) // 2]
        taken = {e.digest for e in top}
        rest = [e for e in unique if e.digest not in taken]
        near = sorted(rest, key=lambda e: min((abs(e.score - t) for t in at), default=-e.score))[: count - len(top)]
        return sorted([*top, *near], key=lambda e: -e.score)


def read_log(paths: Sequence[Path | str], *, policy: str | None = None) -> Log:
    """The probe's scores in audit files. Lines that are torn or about other things are counted, not errors.

    Raises `ArtifactError` when a file cannot be read or none of its lines holds a score.
    """
    found: dict[str, Entry] = {}
    lost: Counter[str] = Counter()
    policies: set[str] = set()
    for path in paths:
        try:
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    if not line.strip():
                        continue
                    try:
                        row = json.loads(line)
                    except (ValueError, RecursionError):
                        lost["torn line"] += 1
                        continue
                    outcome = _entry(row, policy, policies)
                    if isinstance(outcome, str):
                        lost[outcome] += 1
                    else:
                        found[outcome.request_id] = outcome
        except OSError as error:
            raise ArtifactError(f"cannot read {path}: {error.strerror or type(error).__name__}") from None
    if not found:
        seen = f"; its policies are {', '.join(sorted(policies))}" if policies and policy is not None else ""
        raise ArtifactError(f"the log holds no score of the probe{f' under policy {policy!r}' if policy else ''}{seen}")
    return Log(tuple(found.values()), dict(lost))


def read_labels(path: Path | str) -> dict[str, bool]:
    """`harmful` by `request_id` or `digest`, from JSONL or CSV with these names. Rows left blank have no label yet.

    Raises `ArtifactError` naming file and line, also for one id with two labels.
    """
    labels: dict[str, bool] = {}
    for where, row in _label_rows(Path(path)):
        name = row.get("request_id") or row.get("digest")
        if not isinstance(name, str):
            raise ArtifactError(f"{where}: neither `request_id` nor `digest`")
        if isinstance(said := row.get("harmful"), str) and not said.strip():
            continue
        harmful = label(row, where)
        if labels.setdefault(name, harmful) is not harmful:
            raise ArtifactError(f"{where}: labelled both ways")
    if not labels:
        raise ArtifactError(f"{path} holds no label")
    return labels


def _label_rows(file: Path) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if file.suffix.lower() not in (".csv", ".tsv"):
        return rows(file)
    return [(f"{file.name}:{n}", row) for n, row in table(file, read_text(file))]


def _entry(row: Any, policy: str | None, policies: set[str]) -> Entry | str:
    """The entry in an audit line, or why there is none."""
    if not isinstance(row, dict) or not isinstance(row.get("request_id"), str):
        return "not an audit line"
    findings = row.get("findings")
    mine = (
        [f for f in findings if isinstance(f, dict) and f.get("check") == PROBE] if isinstance(findings, list) else []
    )
    if not mine:
        return "without a probe"
    policies.add(str(row.get("policy")))
    if policy is not None and row.get("policy") != policy:
        return "another policy"
    score, detail = _number(mine[0].get("score")), mine[0].get("detail")
    if score is None:
        return "probe failed or had nothing to score"
    detail = detail if isinstance(detail, dict) else {}
    return Entry(
        request_id=row["request_id"],
        score=score,
        digest=str(detail.get("digest") or row["request_id"]),
        probes=str(detail.get("probes", "")),
        stage=str(detail.get("stage", "")),
        script=str(detail.get("script", "")),
        raw=_number(detail.get("raw")),
    )


def _number(value: Any) -> float | None:
    """None for anything but a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return number if math.isfinite(number) else None
