"""The seam every guard plugs into: a check inspects an exchange and may filter its output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from guard.surface import Channel, Surface
from guard.verdict import Finding


@dataclass(slots=True)
class Exchange:
    """One request on its way through the chain.

    `messages` renders the conversation as the model will see it *at the time of the call*, that is after any
    check before has rewritten surfaces: a list in the chat-template convention (`role`, `content`, ...), or None
    for endpoints that generate nothing. `tools` likewise.
    `prompt` does the same for text completions: one string per prompt.
    `state` is private memory of the checks between `inspect` and `output`, keyed by check name.
    """

    endpoint: str
    model: str
    tenant: str
    request_id: str
    surfaces: Sequence[Surface]
    stream: bool = False
    messages: Callable[[], list[dict[str, Any]]] | None = None
    tools: Callable[[], list[dict[str, Any]] | None] | None = None
    prompts: Callable[[], list[str]] | None = None
    findings: list[Finding] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)


class OutputFilter(Protocol):
    """A sans-I/O text filter over one channel. The concatenated output never depends on the chunking."""

    @property
    def held(self) -> int:
        """Characters taken in and not yet released."""
        ...

    def feed(self, text: str) -> str:
        """Take a chunk, return what can be released."""
        ...

    def close(self) -> str:
        """Return the rest; the filter is finished."""
        ...


class Check(Protocol):
    """A guard. Implementations are long-lived and serve many exchanges at once.

    Other people's checks plug in through the entry-point group `guardchain.checks`: a callable
    `(options: Mapping[str, Any]) -> Check`.
    """

    name: str

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        """Look at the request; with `apply` also change it. The returned `mode` and `seconds` are set by the chain.

        Raises `CheckUnavailable` when no verdict can be given; never lets matched text into an exception.
        """
        ...

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        """A filter for one channel of the answer, or None when this check has nothing to do there."""
        ...


@dataclass(frozen=True, slots=True)
class Revision:
    """A whole answer looked at once more: the text to deliver, and what became of it (a metric label)."""

    text: str
    result: Literal["revised", "unchanged", "unneeded", "rejected", "too_long", "unavailable"]


@runtime_checkable
class Revising(Protocol):
    """A check that may correct whole texts of an answer after the output filters; never used for streams."""

    def revises(self, exchange: Exchange) -> bool:
        """Whether this exchange's answer is to be looked at."""
        ...

    async def revise(self, exchange: Exchange, sent: str, filtered: str) -> Revision:
        """The text of one channel as the upstream sent it, and as the filters made it. Does not raise."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A check whose work on one answer is needed again for requests that build on it by its id alone."""

    def remembered(self, exchange: Exchange) -> Any:
        """What such a request must know, as JSON's types; None: nothing."""
        ...

    def recall(self, exchange: Exchange, memory: Any) -> None:
        """What `remembered` gave when that answer was made; to be told before `inspect`."""
        ...


@runtime_checkable
class Quartered(Protocol):
    """A check whose findings may say in `detail["quarter"]`, from 1 to 4, where a score would lie among those of its
    calibration."""

    @property
    def quartered(self) -> bool:
        """Whether this one's calibration tells."""
        ...


CheckFactory = Callable[[Mapping[str, Any]], Check]
