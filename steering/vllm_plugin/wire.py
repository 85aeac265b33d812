"""What the proxy and the server say to each other: header names, the policy's numbers, the findings.

The proxy shows the shared secret and sends the numbers; the server answers with what it found. Without the secret
nothing of it counts: the server then decides by its artefacts' own calibration, every check enforced.
"""

from __future__ import annotations

import hmac
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from guard.verdict import Decision, Finding, Mode, OnError, Verdict

PROTOCOL = 1
"""Raised whenever the two sides would misunderstand each other."""

STATUS = "/guardchain/v1/status"
SCORE_PATH = "/guardchain/v1/score"
SECRET = "x-guardchain-secret"  # noqa: S105 - the name of a header
POLICY = "x-guardchain-policy"
FINDINGS = "x-guardchain-findings"
DECISION = "x-guardchain-decision"
SCORE = "x-guardchain-score"
BLOCKED = "content_policy_violation"
UNAVAILABLE = "guard_unavailable"

ENV_SECRET = "GUARDCHAIN_VLLM_SECRET"  # noqa: S105 - the name of a variable
ENV_PROBES = "GUARDCHAIN_VLLM_PROBES"
ENV_OPEN = "GUARDCHAIN_VLLM_OPEN"

MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Orders:
    """How one check runs: mode, what a failure means, its deadline in seconds."""

    mode: Mode = Mode.ENFORCE
    on_error: OnError = OnError.BLOCK
    deadline: float = 10.0


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers of a policy. steer_at and block_at None: the probe set's calibration. options: further arguments of
    `detectors.check.ProbeCheck`, such as `scope`.

    strength: decided already, by checks of the proxy: then nothing is scored here. salt keeps a tenant's prefix cache
    apart from all others; probes carry it too.
    """

    probe: Orders = field(default_factory=Orders)
    steer: Orders = field(default_factory=Orders)
    steer_at: float | None = None
    block_at: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    min_strength: float = 0.3
    max_strength: float = 1.0
    strength: float | None = None
    salt: str | None = None

    def __post_init__(self) -> None:
        """Raises `ValueError` for numbers no check can run by."""
        for value in (self.steer_at, self.block_at):
            if value is not None and not math.isfinite(value):
                raise ValueError("thresholds must be finite")
        if self.strength is not None and not 0 <= self.strength <= 1:
            raise ValueError("a strength lies in [0, 1]")
        if not 0 < self.min_strength <= self.max_strength <= 1:
            raise ValueError("strengths must satisfy 0 < min_strength ≤ max_strength ≤ 1")
        if not isinstance(self.options, Mapping):
            raise ValueError("options must be a mapping")
        if self.salt is not None and not isinstance(self.salt, str):
            raise ValueError("a salt must be text")
        for orders in (self.probe, self.steer):
            if not (math.isfinite(orders.deadline) and orders.deadline > 0):
                raise ValueError("a deadline must be positive")

    def to_header(self) -> str:
        return json.dumps(asdict(self), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_header(cls, text: str) -> Policy:
        """Raises `ValueError` for anything that is not such a policy."""
        if len(text) > MAX_HEADER:
            raise ValueError("the policy is too long")
        try:
            data: dict[str, Any] = json.loads(text)
            data |= {"probe": _orders(data["probe"]), "steer": _orders(data["steer"])}
            return cls(**data)
        except (KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError("not a policy") from None


DEFAULT = Policy()


def _orders(data: Mapping[str, Any]) -> Orders:
    return Orders(Mode(data["mode"]), OnError(data["on_error"]), float(data["deadline"]))


def same_secret(a: str, b: str) -> bool:
    """Compared in constant time; an empty secret equals nothing."""
    return bool(a) and hmac.compare_digest(a.encode(), b.encode())


def findings_header(decision: Decision) -> str:
    """Findings hold names, counts and numbers only, so they may stand in a header."""
    return json.dumps(
        [
            {
                "check": f.check,
                "verdict": f.verdict.label,
                "mode": f.mode.value,
                "score": f.score,
                "strength": f.strength,
                "error": f.error,
                "seconds": round(f.seconds, 6),
                "detail": dict(f.detail),
            }
            for f in decision.findings
        ],
        separators=(",", ":"),
    )


def findings_of(text: str) -> Sequence[Finding]:
    """Raises `ValueError` for anything that is not a list of findings."""
    if len(text) > MAX_HEADER:
        raise ValueError("the findings are too long")
    try:
        return [
            Finding(
                check=str(f["check"]),
                verdict=Verdict[str(f["verdict"]).upper()],
                mode=Mode(f["mode"]),
                score=_number(f["score"]),
                strength=_number(f["strength"]),
                error=None if f["error"] is None else str(f["error"])[:64],
                seconds=float(f["seconds"]),
                detail={str(k): v for k, v in f["detail"].items() if isinstance(v, int | float | str)},
            )
            for f in json.loads(text)
        ]
    except (KeyError, TypeError, AttributeError):
        raise ValueError("not a list of findings") from None


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number
