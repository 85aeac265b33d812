"""A parsed request: the body that will be sent, and every piece of its text as a surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from guard.surface import Surface


@dataclass(frozen=True, slots=True)
class Options:
    """What the policy lets through. `opaque_fields` are names (or dotted paths without indices) of body fields that
    pass unread; `max_depth` bounds nesting; `allow_references` lets Responses name text the proxy does not see
    (`conversation`, `prompt.id`, an unknown `previous_response_id`)."""

    opaque_fields: frozenset[str] = frozenset()
    max_depth: int = 64
    allow_references: bool = False


DEFAULTS = Options()


@dataclass(frozen=True, slots=True)
class ModerationAsk:
    """The request's `moderation` object. Modes are `score`, `block` or None (not given)."""

    model: str
    input_mode: str | None = None
    output_mode: str | None = None


@dataclass(slots=True)
class WireRequest:
    """A request body taken apart.

    `body` is what the upstream gets; surfaces write into it, and `commit()` must run once after the last write.
    `stripped` names the fields that were taken out. `groups` holds, for moderations, the surfaces of each result.
    """

    endpoint: str
    body: dict[str, Any]
    surfaces: list[Surface]
    model: str
    stream: bool = False
    n: int = 1
    include_usage: bool = False
    stripped: tuple[str, ...] = ()
    moderation: ModerationAsk | None = None
    groups: Sequence[Sequence[Surface]] = ()
    _messages: Callable[[dict[str, Any]], list[dict[str, Any]]] | None = None
    _tools: Callable[[dict[str, Any]], list[dict[str, Any]] | None] | None = None
    _prompts: Callable[[dict[str, Any]], list[str]] | None = None
    _commits: list[Callable[[], None]] = field(default_factory=list)
    _original: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._original = tuple(s.text for s in self.surfaces)

    @property
    def rewritten(self) -> bool:
        """Whether any surface differs from what the client sent."""
        return any(s.text != was for s, was in zip(self.surfaces, self._original, strict=True))

    def originals(self) -> dict[str, str]:
        """Rewritten text to what the client sent, for upstreams that echo request fields."""
        return {s.text: was for s, was in zip(self.surfaces, self._original, strict=True) if s.text != was}

    def messages(self) -> list[dict[str, Any]] | None:
        """The conversation as the model will see it now, ready for a chat template; None where there is none.

        Content parts are flattened to text, media noted as `[image]`, `[audio]`, `[file]`; the list is a fresh copy.
        """
        self.commit()
        return self._messages(self.body) if self._messages else None

    def tools(self) -> list[dict[str, Any]] | None:
        """The tool definitions in chat form, None when there are none."""
        self.commit()
        return self._tools(self.body) if self._tools else None

    def prompts(self) -> list[str] | None:
        """Text completion prompts, one string each; None for other endpoints."""
        self.commit()
        return self._prompts(self.body) if self._prompts else None

    def commit(self) -> None:
        """Write text that lives inside JSON strings (tool-call arguments) back; cheap, may run many times."""
        for commit in self._commits:
            commit()

    def ask_usage(self) -> None:
        """Have a streaming upstream report usage; the stream filter hides it unless the client asked too."""
        if self.stream:
            options = self.body.get("stream_options")
            self.body["stream_options"] = {**(options or {}), "include_usage": True}
