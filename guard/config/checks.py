"""The checks of a policy, but for `sanitize`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from guard.config.node import ModeField, Node, OnErrorField, Seconds, Unit
from guard.verdict import Mode, OnError


class Check(Node):
    """What every check of a policy has."""

    mode: ModeField = Mode.ENFORCE
    """`off`; `monitor`: decide and record what would have been done, change nothing; `enforce`."""
    on_error: OnErrorField = OnError.BLOCK
    """When the check fails or misses its deadline: `block` the request, or `allow` it (counted as `bypass`)."""
    deadline_seconds: Seconds = 5.0
    """Longest time the check may take, in seconds."""


class Probe(Check):
    """Score harmfulness from a model's own log-probabilities."""

    deadline_seconds: Seconds = 10.0
    """Longest time the check may take, in seconds; waiting for the model counts."""
    scorer: str = "local"
    """The upstream whose model scores; it must be one that can (`embedded`)."""
    artifact: str = "bundled:tiny-chat"
    """Probe prefixes and calibration for the scorer's model: `bundled:<name>` or a JSON file."""
    detector: Literal["prefix_probe", "first_token_lr"] = "prefix_probe"
    """`prefix_probe`: the openings of the artefact; `first_token_lr`: its regression on the first answer token."""
    cascade: bool = True
    """Let the first answer token decide where the artefact's calibration says that it can; off: always all probes."""
    scope: Literal["latest_turn", "all", "windows"] = "latest_turn"
    """`latest_turn`: everything after the last answered assistant turn; `all`: the whole conversation; `windows`: the
    latest turn, and where it is long also overlapping pieces of it, of which the worst decides."""
    window_tokens: Annotated[int, Field(ge=32)] = 512
    """With scope `windows`: tokens of a piece; neighbours share a quarter."""
    max_windows: Annotated[int, Field(ge=2, le=1000)] = 16
    """With scope `windows`: most pieces of one text. For a longer text they grow, so that nothing is left out."""
    unwrap: bool = False
    """Score by themselves too the texts that stand encoded, quoted or as paragraphs of their own in the user messages
    of the scope: what most wrappings of a harmful request come to. At most 13 more prompts, each once through the
    model."""
    tool_results: bool = False
    """Score each tool result of the scope by itself too, as if the user had said it."""
    steer_at: float | None = None
    """Score from which on an answer is steered; null: the artefact's calibration."""
    block_at: float | None = None
    """Score from which on a request is blocked; null: the artefact's calibration."""


class Steer(Check):
    """Rotate the model's hidden states towards its safety subspace, for scores between `steer_at` and `block_at`."""

    min_strength: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Strength at `steer_at`; more than 0, 1 is the full rotation of the subspace artefact."""
    max_strength: Unit = 1.0
    """Strength at `block_at`."""


class External(Check):
    """Ask another guard over HTTP: a guard model behind a chat API, or a moderation API; it sees text after hiding."""

    deadline_seconds: Seconds = 10.0
    """Longest time the check may take, in seconds."""
    upstream: str
    """The upstream that reaches it; one of kind `openai` with a key of its own."""
    kind: Literal["moderations", "llama_guard", "qwen3guard", "shieldgemma", "chat"] = "moderations"
    """`moderations`: its `/v1/moderations`, as OpenAI's. All others are guard models behind chat completions:
    `llama_guard`, `qwen3guard` and `shieldgemma` answer in forms of their own; `chat`: any that answers with a word."""
    model: str | None = None
    """Name of the guard's model; needed by guard models."""
    labels: dict[str, Unit] = Field(default_factory=lambda: {"safe": 0.0, "controversial": 0.5, "unsafe": 1.0})
    """With `chat`: the words it answers, any case, each with its score."""
    guidelines: list[str] = Field(default_factory=list)
    """With `shieldgemma`: what it is asked about, one request each; empty: its four kinds of harm in our words. Begin
    each with a name in quotes: it stands in the audit log."""
    logprobs: bool = True
    """Ask guard models for log-probabilities, so that scores lie between the labels'; off where the server cannot."""
    scope: Literal["latest_turn", "all"] = "latest_turn"
    """What of a conversation it is told, as for `probe`; never system prompts."""
    flag_at: Unit | None = None
    """Score from which on a request is blocked; null: what the guard itself flags, with guard models from 0.5 on."""


class Plugin(Check):
    """A check of your own, from the entry-point group `guardchain.checks`."""

    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the plugin as they stand."""
