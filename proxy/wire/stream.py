"""What chat and text completion streams share: choices, hold-back, usage, the end of the stream.

Order is kept (F19): the finish chunk of a choice leaves after everything held for it. Chunks made here carry the
upstream's `id`, `created` and `model` (F3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from guard.errors import Blocked, CheckUnavailable, UpstreamError
from guard.surface import Channel, ChannelKind
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE
from proxy.wire.answer import ERROR_OBJECT, OTHER, STRUCTURAL, Open, Pipe, Tally, error_object, load, malformed
from proxy.wire.request import WireRequest

PROMPT_ECHO = ("prompt_text", "prompt_token_ids", "prompt_logprobs")
"""What vLLM repeats of the prompt, at the top of an answer or in a choice (L4)."""

TOP = frozenset(
    (
        "id",
        "object",
        "created",
        "model",
        "choices",
        "usage",
        "system_fingerprint",
        "service_tier",
        "moderation",
        "error",
        "obfuscation",
        *PROMPT_ECHO,
    )
)
"""What stands at the top of an answer or a chunk and holds no text of a model's: whatever else does, is filtered."""

CHOICE = frozenset(
    (
        "index",
        "message",
        "delta",
        "text",
        "reasoning",
        "finish_reason",
        "stop_reason",
        "logprobs",
        "token_ids",
        *PROMPT_ECHO,
    )
)
"""What a choice holds that is filtered by name, or is no text, or goes where the text was changed."""


class Choice:
    """One choice of a stream: its channels, and the log-probabilities waiting for its text (L2)."""

    def __init__(self, index: int, open: Open) -> None:
        self.index = index
        self.ended = False
        self.begun = False
        self.changed = False
        self.restored = 0  # closed channels that were rewritten
        self.waiting: list[dict[str, Any]] = []
        self.pipes: dict[Channel, Pipe] = {}
        self._open = open

    @property
    def held(self) -> int:
        return sum(p.held for p in self.pipes.values()) if self.pipes else 0

    def pipe(self, kind: ChannelKind, index: int = 0, part: int = 0) -> Pipe:
        channel = Channel(kind, self.index, index, part)
        pipe = self.pipes.get(channel)
        if pipe is None:
            pipe = self.pipes[channel] = Pipe(self._open(channel))
        return pipe

    def once(self, text: str, index: int, part: int) -> str:
        """Text that comes in one piece (a tool's name)."""
        pipe = Pipe(self._open(Channel(ChannelKind.CONTENT, self.index, index, part)))
        out = pipe.feed(text) + pipe.close()
        self._closed(pipe)
        return out

    def close(self, channel: Channel) -> str:
        """What a channel still held; text that comes for it later opens a new filter."""
        pipe = self.pipes.pop(channel)
        rest = pipe.close()
        self._closed(pipe)
        return rest

    def _closed(self, pipe: Pipe) -> None:
        self.changed = self.changed or pipe.changed
        self.restored += pipe.changed

    def settle(self) -> bool:
        """Whether nothing is held; also takes over what the channels found changed."""
        self.changed = self.changed or any(p.changed for p in self.pipes.values())
        return self.held == 0


class CompletionStream:
    """Base of the stream filters for chat and completions. Subclasses say where text stands in a choice."""

    def __init__(self, open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> None:
        self.tally = Tally()
        self._open = open
        self._request = request
        self._moderation = moderation
        self._choices: dict[int, Choice] = {}
        self._head: dict[str, Any] = {}
        self._done = self._failed = False
        self._dirty = False
        self._loose = Choice(0, open)  # for what stands beside the choices

    # What differs between the endpoints

    def _text(self, choice: Choice, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Filter the text in `body` (a choice of a chunk) in place; returns choices to be sent before it."""
        raise NotImplementedError

    def _rest(self, choice: Choice, body: dict[str, Any]) -> dict[str, Any] | None:
        """Close all channels; the choice that carries what was held (and the text of `body`, emptied), or None."""
        raise NotImplementedError

    def _empty(self, body: dict[str, Any]) -> bool:
        """Whether a choice says nothing any more."""
        raise NotImplementedError

    def _blank(self, choice: Choice, finish_reason: str | None) -> dict[str, Any]:
        raise NotImplementedError

    # StreamFilter

    @property
    def held(self) -> int:
        if self._done or self._failed:
            return 0
        return sum(c.held for c in self._choices.values() if not c.ended)

    @property
    def finished(self) -> bool:
        """Whether every choice has ended, so that an upstream that goes on has nothing more to say."""
        return self._done or (len(self._choices) >= self._request.n and all(c.ended for c in self._choices.values()))

    def feed(self, event: Event) -> list[Event]:
        if self._done:
            return []
        if not event.data:
            return [event] if event.comment is not None else []
        if event.data == b"[DONE]":
            out = [] if self._failed else self._flush()
            self._done = True
            return [*out, DONE]
        if self._failed:
            return []
        chunk = load(event)
        if chunk.get("error"):
            self._failed = True
            self.tally.failure = ERROR_OBJECT
            return [event]
        self._dirty = False
        before, chunk_out = self._chunk(chunk)
        out = [self._encode(c) for c in before]
        if chunk_out is not None:
            out.append(Event(orjson.dumps(chunk_out), event.event) if self._dirty else event)
        return out

    def close(self, error: UpstreamError | None = None) -> list[Event]:
        if self._done:
            return []
        complete = bool(self._choices) and all(c.ended for c in self._choices.values())
        # Of a broken answer nothing more is let out: what is held is the beginning of a stand-in, not of a value.
        self._done = True
        for choice in self._choices.values():
            self._count(choice)
        if error is None and not complete and not self._failed:
            error = UpstreamError("the upstream ended the stream before the answer was complete", reason="early_close")
        if error is None or self._failed:
            return [DONE]
        self.tally.failure = error.reason
        return [Event(orjson.dumps({"error": error_object(error)})), DONE]

    # Chunks

    def _chunk(self, chunk: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        choices = chunk.get("choices")
        if choices is None:
            choices = []
        if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
            raise malformed("a chunk whose choices are no list of objects")
        if not self._head:
            self._head = {k: v for k, v in chunk.items() if k in ("id", "object", "created", "model")}
        self._usage(chunk)
        if self._request.rewritten:
            self._drop(chunk, PROMPT_ECHO)
        if not choices:
            # U3: a chunk without choices is only for those who asked for usage
            asked = self._request.include_usage and chunk.get("usage") is not None
            return [], chunk if asked else None
        self._others(chunk, TOP)
        before: list[dict[str, Any]] = []
        kept = []
        for body in choices:
            earlier, last = self._one(body, chunk)
            before += [self._wrap(e) for e in earlier]
            if last is not None:
                kept.append(last)
        self._dirty = self._dirty or len(kept) < len(choices)
        if self._dirty:
            chunk["choices"] = kept
            chunk.pop("obfuscation", None)
        return before, chunk if kept else None

    def _one(self, body: dict[str, Any], chunk: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        index = body.get("index", 0)
        if not isinstance(index, int):
            raise malformed("a choice whose index is no integer")
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = Choice(index, self._open)
        if choice.ended:
            return [], None
        if self._request.rewritten:
            self._drop(body, PROMPT_ECHO)
        try:
            out = self._filtered(choice, body)
        except (Blocked, CheckUnavailable) as error:
            # N2: this choice ends here, the others go on. What was held is never let out.
            self._dirty = True
            self.tally.blocked.append(error.check)
            choice.pipes.clear()
            out = [], self._blank(choice, "content_filter")
        last = out[1]
        reason = last.get("finish_reason") if last else None
        if last is not None and reason is not None:
            choice.ended = True
            self._count(choice)
            self.tally.finish_reasons[index] = str(reason)
            if self._moderation is not None and self.finished:
                chunk["moderation"] = self._moderation
                self._dirty = True
        return out

    def _filtered(self, choice: Choice, body: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        was_held = choice.held > 0 or bool(choice.waiting)
        dirty, self._dirty = self._dirty, False
        self._others(body, CHOICE)
        before = self._text(choice, body)
        touched = self._dirty or was_held or choice.changed
        self._dirty = self._dirty or dirty
        carrier = body
        if body.get("finish_reason") is not None:
            rest = self._rest(choice, body)
            if rest is not None:
                self._dirty = touched = True
                before.append(rest)
                carrier = rest
            if isinstance(body.get("stop_reason"), str):
                body["stop_reason"] = choice.once(body["stop_reason"], 0, 3)
                self._dirty = True
        if touched or choice.held:
            self._logprobs(choice, body, carrier)
        choice.begun = choice.begun or bool(before)
        if self._empty(body):
            self._dirty = True
            return before, None
        choice.begun = True
        return before, body

    def _logprobs(self, choice: Choice, body: dict[str, Any], carrier: dict[str, Any]) -> None:
        """Log-probabilities spell the text out: they wait until it is settled, and go when it was changed."""
        mine = {k: body.pop(k) for k in ("logprobs", "token_ids") if body.get(k) is not None}
        if mine:
            self._dirty = True
            choice.waiting.append(mine)
            if "logprobs" in mine:
                body["logprobs"] = None
        if not choice.settle() or not choice.waiting:
            return
        if choice.changed:
            self.tally.logprobs_stripped = True
        else:
            merged: dict[str, Any] = {}
            for waiting in choice.waiting:
                for key, value in waiting.items():
                    merged[key] = merge(merged.get(key), value)
            carrier.update(merged)
            self._dirty = True
        choice.waiting = []

    def _flush(self) -> list[Event]:
        """Everything held, as chunks."""
        out = []
        for choice in self._choices.values():
            if choice.ended:
                continue
            try:
                rest = self._rest(choice, self._blank(choice, None))
            except (Blocked, CheckUnavailable) as error:
                self.tally.blocked.append(error.check)
                choice.ended = True
                rest = self._blank(choice, "content_filter")
            self._count(choice)
            if rest is not None:
                out.append(self._encode(self._wrap(rest)))
        return out

    def _count(self, choice: Choice) -> None:
        choice.settle()
        if choice.changed:
            self.tally.changed.add(choice.index)
        self.tally.restored += choice.restored
        choice.restored = 0

    def _others(self, holder: dict[str, Any], known: frozenset[str]) -> None:
        """Filter what stands under names that no table knows; each text of it is whole."""
        for name in holder.keys() - known:
            value = holder[name]
            try:
                if isinstance(value, str) and value:
                    holder[name] = self._loose.once(value, 0, OTHER)
                elif isinstance(value, dict | list):
                    self._tree(value, self._loose)
            except (Blocked, CheckUnavailable) as error:
                self.tally.blocked.append(error.check)
                del holder[name]
                self._dirty = True
                continue
            self._dirty = self._dirty or holder[name] is not value

    def _tree(self, value: Any, choice: Choice) -> None:
        """Strings that come whole, somewhere in a tree (annotations, content parts)."""
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in list(items):
            if isinstance(inner, str) and key not in STRUCTURAL:
                value[key] = choice.once(inner, 0, 1)
                self._dirty = self._dirty or value[key] != inner
            elif isinstance(inner, dict | list):
                self._tree(inner, choice)

    def _usage(self, chunk: dict[str, Any]) -> None:
        if "usage" not in chunk:
            return
        if isinstance(chunk["usage"], dict):
            self.tally.usage = chunk["usage"]
        if not self._request.include_usage:
            del chunk["usage"]
            self._dirty = True

    def _drop(self, holder: dict[str, Any], names: tuple[str, ...]) -> None:
        for name in names:
            if holder.pop(name, None) is not None:
                self._dirty = self.tally.logprobs_stripped = True

    def _wrap(self, body: dict[str, Any]) -> dict[str, Any]:
        usage = {"usage": None} if self._request.include_usage else {}
        return {**self._head, "choices": [body], **usage}

    def _encode(self, chunk: dict[str, Any]) -> Event:
        return Event(orjson.dumps(chunk))


def merge(one: Any, other: Any) -> Any:
    """Log-probabilities of two stretches of text as one: lists are joined, objects key by key."""
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, list) and isinstance(other, list):
        return one + other
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merge(one.get(key), other.get(key)) for key in (*one, *(k for k in other if k not in one))}
    return other
