"""`/v1/responses`, the streamed answer: deltas are held and rewritten, snapshots agree with them (R1 to R5)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from guard.errors import Blocked, CheckUnavailable, UpstreamError
from proxy.upstream.base import Event
from proxy.wire.answer import ERROR_OBJECT, Open, Tally, load, malformed
from proxy.wire.request import WireRequest
from proxy.wire.responses_items import DELTAS, DONES, REFUSAL, TEXT, Family, Items, Key

_TERMINAL = frozenset(("response.completed", "response.incomplete", "response.failed"))
_SNAPSHOTS = _TERMINAL | {"response.created", "response.queued", "response.in_progress"}
_PARTS = ("response.content_part.", "response.reasoning_summary_part.", "response.reasoning_part.")
_SHELL_OUTPUT = "response.shell_call_output_content"
_ECHOED = (
    "instructions",
    "tools",
    "tool_choice",
    "metadata",
    "text",
    "prompt",
    "user",
    "safety_identifier",
    "prompt_cache_key",
)
_VLLM_ECHOED = ("input_messages", "output_messages")
_KNOWN = frozenset(
    (
        *_ECHOED,
        *_VLLM_ECHOED,
        "id",
        "object",
        "model",
        "status",
        "output",
        "usage",
        "moderation",
        "error",
        "incomplete_details",
        "conversation",
        "previous_response_id",
        "reasoning",
        "service_tier",
        "truncation",
        "prompt_cache_options",
        "prompt_cache_retention",
        "prompt_cache_diagnostics",
        "access_programs",
        "context_management",
        "image",
        "input_transformations",
        "tool_usage",
    )
)
"""What a Response holds that is filtered by name, given back as it was asked, or no text of a model's."""


def note(tally: Tally) -> Callable[[int], None]:
    """What `Items` calls for each text it rewrote."""

    def changed(output: int) -> None:
        tally.changed.add(output)
        tally.restored += 1

    return changed


def echoes(response: dict[str, Any], request: WireRequest | None, tally: Tally) -> None:
    """Give request fields that the upstream repeats their original text; note usage and how it ended."""
    if isinstance(response.get("usage"), dict):
        tally.usage = response["usage"]
    if response.get("status") not in (None, "in_progress", "queued"):
        details = response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        tally.finish_reasons[0] = str(reason or response["status"])
    originals = request.originals() if request is not None else {}
    if not originals:
        return
    for name in _ECHOED:
        _replace(response, name, originals)
    for name in _VLLM_ECHOED:
        if response.pop(name, None) is not None:
            tally.logprobs_stripped = True


def others(response: dict[str, Any], items: Items) -> None:
    """Filter what stands under names that no table knows: some servers have fields of their own (`output_text`)."""
    for name in response.keys() - _KNOWN:
        items.strings({name: response[name]}, 0, into=response)


def keep_known(response: dict[str, Any]) -> None:
    """Take out what `others` would filter."""
    for name in response.keys() - _KNOWN:
        del response[name]


def _replace(holder: Any, key: Any, originals: Mapping[str, str]) -> None:
    value = holder.get(key) if isinstance(holder, dict) else holder[key]
    if isinstance(value, str):
        holder[key] = originals.get(value, value)
    elif isinstance(value, dict | list):
        for inner in list(value) if isinstance(value, dict) else range(len(value)):
            _replace(value, inner, originals)


class ResponseStream:
    """The `StreamFilter` of Responses."""

    def __init__(self, open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> None:
        self.tally = Tally()
        self._request = request
        self._moderation = moderation
        self._items = Items(open, note(self.tally))
        self._where: dict[Key, dict[str, Any]] = {}  # the ids of a key's events, for deltas made here
        self._open_items: dict[int, dict[str, Any]] = {}
        self._ended_items: dict[int, dict[str, Any]] = {}
        self._open_parts: dict[tuple[int, int, str], dict[str, Any]] = {}
        self._response: dict[str, Any] | None = None
        self._next = 0
        self._done = False

    @property
    def held(self) -> int:
        return 0 if self._done else sum(t.held for t in self._items.tracks.values())

    @property
    def finished(self) -> bool:
        return self._done

    def feed(self, event: Event) -> list[Event]:
        if not event.data:
            return [event] if event.comment is not None and not self._done else []
        if event.data == b"[DONE]":
            return self.close()
        if self._done:
            return []
        data = load(event)
        kind = data.get("type")
        if not isinstance(kind, str):
            raise malformed("an event without a type")
        try:
            out = self._event(kind, data)
        except (Blocked, CheckUnavailable) as error:
            self.tally.blocked.append(error.check)
            out = self._block()
        return [self._encode(e) for e in out]

    def close(self, error: UpstreamError | None = None) -> list[Event]:
        if self._done:
            return []
        # Of a broken answer nothing more is let out: what is held is the beginning of a stand-in, not of a value.
        self._done = True
        error = error or UpstreamError(
            "the upstream ended the stream before the answer was complete", reason="early_close"
        )
        self.tally.failure = error.reason
        # R5: flat, all keys
        return [self._encode({"type": "error", "code": error.reason, "message": str(error), "param": None})]

    # Events

    def _event(self, kind: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        if "sequence_number" in data and not self._next and self._response is None:
            number = data["sequence_number"]
            self._next = number if isinstance(number, int) and number >= 0 else 0
        if kind in DELTAS:
            return self._delta(DELTAS[kind], data)
        if kind in DONES:
            return self._text_done(DONES[kind], data)
        if kind in _SNAPSHOTS:
            return self._snapshot(kind, data)
        if kind in ("error", "response.failed"):
            self.tally.failure = ERROR_OBJECT
        if kind == "error":
            self._done = True
            return [data]
        output = _index(data, "output_index")
        if kind == f"{_SHELL_OUTPUT}.delta" or kind == f"{_SHELL_OUTPUT}.done":
            # both streams come in pieces that end where the tool flushed; the whole is in the item
            self._items.strings({k: data.get(k) for k in ("delta", "output")}, output, into=data)
        elif kind in ("response.output_item.added", "response.output_item.done"):
            return self._item(kind, data, output)
        elif kind.startswith(_PARTS):
            return self._part(kind, data, output)
        elif kind == "response.output_text.annotation.added":
            self._items.annotation(data.get("annotation"), Key(TEXT, output, _index(data, "content_index")))
        elif kind == "response.shell_call_command.added":
            if data.get("command"):
                data["command"] = self._items.once(str(data["command"]), output)
        elif not kind.startswith("response."):
            raise malformed("an event of an unknown type")
        elif kind != "response.audio.delta" and any(data.get(k) for k in ("delta", "text", "item", "part")):
            # text of a family no table knows: nothing unguarded leaves
            raise malformed("a text event of an unknown type")
        return [data]

    def _delta(self, family: Family, data: dict[str, Any]) -> list[dict[str, Any]]:
        text = data.get("delta")
        if not isinstance(text, str):
            raise malformed("a delta that is no text")
        key = self._key(family, data)
        track = self._items.track(key)
        self._where.setdefault(key, {k: v for k, v in data.items() if k not in ("delta", "logprobs", "obfuscation")})
        out = track.feed(text)
        if out != text:
            data["delta"] = out
            data.pop("obfuscation", None)
            if "logprobs" in data:
                data["logprobs"] = []
        return [data] if out or not text else []

    def _text_done(self, family: Family, data: dict[str, Any]) -> list[dict[str, Any]]:
        key = self._key(family, data)
        before = self._rest(key)
        if isinstance(data.get(family.field), str):
            data[family.field] = self._items.settled(key, data[family.field])
        if self._items.track(key).changed and data.get("logprobs"):
            data["logprobs"] = []
            self.tally.logprobs_stripped = True
        if isinstance(data.get("name"), str):
            data["name"] = self._items.once(data["name"], key.output)
        return [*before, data]

    def _part(self, kind: str, data: dict[str, Any], output: int) -> list[dict[str, Any]]:
        by = "summary_index" if "summary" in kind else "content_index"
        index = _index(data, by)
        where = (output, index, by)
        if kind.endswith(".added"):
            self._open_parts[where] = copy.deepcopy(data)
            self._fresh(data.get("part"), output)
            return [data]
        before = self._close_where(lambda key: key.output == output and key.part == index)
        self._open_parts.pop(where, None)
        self._items.part(data.get("part"), output, index)
        return [*before, data]

    def _item(self, kind: str, data: dict[str, Any], output: int) -> list[dict[str, Any]]:
        item = data.get("item")
        if not isinstance(item, dict):
            raise malformed("an item that is no object")
        if kind.endswith(".added"):
            self._fresh(item, output)
            self._open_items[output] = copy.deepcopy(item)
            return [data]
        before = self._close_where(lambda key: key.output == output)
        self._items.item(item, output)
        self._open_items.pop(output, None)
        self._ended_items[output] = item
        return [*before, data]

    def _snapshot(self, kind: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        response = data.get("response")
        if not isinstance(response, dict):
            raise malformed("a response event without a response")
        before: list[dict[str, Any]] = []
        if kind in _TERMINAL:
            before = self._flush()
            output_items = response.get("output")
            for output, item in enumerate(output_items if isinstance(output_items, list) else ()):
                self._items.item(item, output)
            if self._moderation is not None:
                response["moderation"] = self._moderation
            self._done = True
        else:
            self._response = response
        others(response, self._items)
        echoes(response, self._request, self.tally)
        return [*before, data]

    def _fresh(self, value: Any, output: int) -> None:
        """A part or item at its start: mostly empty, its name is not."""
        if isinstance(value, dict):
            self._items.strings(value, output)

    # Holding and ending

    def _key(self, family: Family, data: dict[str, Any]) -> Key:
        part = _index(data, family.index) if family.index else 0
        return Key(family, _index(data, "output_index"), part)

    def _rest(self, key: Key) -> list[dict[str, Any]]:
        """What a key still held, as a delta of its own."""
        if key not in self._items.tracks:
            return []
        rest = self._items.close(key)
        if not rest or key not in self._where:
            return []
        event = {**self._where[key], "delta": rest}
        if key.family is TEXT:
            event["logprobs"] = []
        return [event]

    def _close_where(self, chosen: Callable[[Key], bool]) -> list[dict[str, Any]]:
        return [event for key in tuple(self._items.tracks) if chosen(key) for event in self._rest(key)]

    def _flush(self) -> list[dict[str, Any]]:
        return self._close_where(lambda key: True)

    def _block(self) -> list[dict[str, Any]]:
        """R4: close every open part and item, then `response.incomplete`. What is held is never let out."""
        self._done = True
        out: list[dict[str, Any]] = []
        shown: dict[tuple[int, int], dict[str, Any]] = {}
        for (output, index, _), added in self._open_parts.items():
            begun = added["part"] if isinstance(added.get("part"), dict) else {}
            family = REFUSAL if begun.get("type") == "refusal" else TEXT
            track = self._items.tracks.get(Key(family, output, index))
            text = track.text if track else ""
            part = {**begun, family.field: text}
            shown[output, index] = part
            ids = {k: v for k, v in added.items() if k not in ("type", "part", "sequence_number")}
            if "content_part" in added["type"]:
                logprobs: dict[str, Any] = {"logprobs": []} if family is TEXT else {}
                out.append({"type": f"{family.name}.done", **ids, family.field: text, **logprobs})
            out.append({"type": added["type"].replace(".added", ".done"), **ids, "part": part})
        for output, item in self._open_items.items():
            ended = {**item, "status": "incomplete"}
            if item.get("type") == "message":
                ended["content"] = [p for (o, _), p in sorted(shown.items(), key=lambda s: s[0]) if o == output]
            self._ended_items[output] = ended
            out.append({"type": "response.output_item.done", "output_index": output, "item": ended})
        response = {
            **(self._response or {"object": "response", "model": self._request.model}),
            "status": "incomplete",
            "incomplete_details": {"reason": "content_filter"},
            "output": [self._ended_items[i] for i in sorted(self._ended_items)],
        }
        if self._moderation is not None:
            response["moderation"] = self._moderation
        self.tally.finish_reasons[0] = "content_filter"
        return [*out, {"type": "response.incomplete", "response": response}]

    def _encode(self, data: dict[str, Any]) -> Event:
        data["sequence_number"] = self._next  # R2
        self._next += 1
        return Event(orjson.dumps(data), event=str(data["type"]))


def _index(data: dict[str, Any], name: str) -> int:
    value = data.get(name, 0)
    if not isinstance(value, int):
        raise malformed(f"an event whose {name} is no integer")
    return value
