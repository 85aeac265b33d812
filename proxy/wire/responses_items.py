"""Output items of a Responses answer: where their text stands, for whole answers and for snapshots in a stream.

Text is addressed by a `Key`: the event family it streams under, the item's index in `output`, and the index of part,
summary or command inside. One key has one text, whatever event shows it (R1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guard.surface import Channel, ChannelKind
from proxy.wire.answer import Open, Pipe, whole
from proxy.wire.responses_request import KEEP

_KEPT = KEEP | {"model", "action"}


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of streamed text. `field` is the name of the whole text in the family's `.done` event, `index` the event
    field that tells parts apart."""

    name: str
    kind: ChannelKind
    field: str
    index: str = ""
    offset: int = 0  # keeps channels of different families apart


TEXT = Family("response.output_text", ChannelKind.CONTENT, "text", "content_index")
REFUSAL = Family("response.refusal", ChannelKind.REFUSAL, "refusal", "content_index")
ARGUMENTS = Family("response.function_call_arguments", ChannelKind.ARGUMENTS, "arguments")
MCP = Family("response.mcp_call_arguments", ChannelKind.ARGUMENTS, "arguments", offset=1)
CUSTOM = Family("response.custom_tool_call_input", ChannelKind.CONTENT, "input", offset=1)
REASONING = Family("response.reasoning_text", ChannelKind.REASONING, "text", "content_index")
SUMMARY = Family("response.reasoning_summary_text", ChannelKind.REASONING, "text", "summary_index", offset=1)
CODE = Family("response.code_interpreter_call_code", ChannelKind.CONTENT, "code", offset=2)
COMMAND = Family("response.shell_call_command", ChannelKind.CONTENT, "command", "command_index", offset=3)
TRANSCRIPT = Family("response.audio.transcript", ChannelKind.CONTENT, "transcript", offset=4)

FAMILIES = (TEXT, REFUSAL, ARGUMENTS, MCP, CUSTOM, REASONING, SUMMARY, CODE, COMMAND, TRANSCRIPT)
DELTAS = {f"{f.name}.delta": f for f in FAMILIES}
DONES = {f"{f.name}.done": f for f in FAMILIES}

_PARTS = {"output_text": TEXT, "refusal": REFUSAL, "reasoning_text": REASONING, "summary_text": SUMMARY}
_STRINGS = {
    "function_call": ARGUMENTS,
    "mcp_call": MCP,
    "mcp_approval_request": MCP,
    "custom_tool_call": CUSTOM,
    "code_interpreter_call": CODE,
}


@dataclass(frozen=True, slots=True)
class Key:
    family: Family
    output: int
    part: int = 0

    @property
    def channel(self) -> Channel:
        return Channel(self.family.kind, self.output, self.family.offset, self.part)


class Track:
    """The text of one key: what came, what left, and whether they differ."""

    def __init__(self, open: Open, channel: Channel) -> None:
        self._open, self._channel = open, channel
        self.pipe: Pipe | None = Pipe(open(channel))
        self.raw: list[str] = []
        self.out: list[str] = []
        self.changed = False

    @property
    def text(self) -> str:
        return "".join(self.out)

    @property
    def held(self) -> int:
        return self.pipe.held if self.pipe else 0

    def feed(self, text: str) -> str:
        if self.pipe is None:  # text after its end: a stream of its own
            self.pipe = Pipe(self._open(self._channel))
        self.raw.append(text)
        out = self.pipe.feed(text)
        self.out.append(out)
        return out

    def close(self) -> str:
        if self.pipe is None:
            return ""
        rest = self.pipe.close()
        self.changed = self.changed or self.pipe.changed
        self.pipe = None
        self.out.append(rest)
        return rest

    def moved(self, offset: int) -> int:
        """Where an offset into the raw text lies in the filtered one (O5)."""
        return len(whole(self._open(self._channel), "".join(self.raw)[:offset]))


class Items:
    """Filters output items, remembering each key's text. `restored` counts rewritten keys and strings."""

    def __init__(self, open: Open, on_change: Callable[[int], None]) -> None:
        self._open = open
        self._on_change = on_change
        self.tracks: dict[Key, Track] = {}

    def track(self, key: Key) -> Track:
        track = self.tracks.get(key)
        if track is None:
            track = self.tracks[key] = Track(self._open, key.channel)
        return track

    def close(self, key: Key) -> str:
        """End a key's text; what was held."""
        track = self.tracks[key]
        ended = track.pipe is not None
        rest = track.close()
        if ended and track.changed:
            self._on_change(key.output)
        return rest

    def settled(self, key: Key, text: str) -> str:
        """The filtered form of a whole text: what streamed, or, when nothing did, the text filtered now."""
        track = self.track(key)
        if not track.raw and text:
            track.feed(text)
        self.close(key)
        return track.text

    def once(self, text: str, output: int) -> str:
        out = whole(self._open(Channel(ChannelKind.CONTENT, output, 9)), text)
        if out != text:
            self._on_change(output)
        return out

    def item(self, item: Any, output: int) -> None:
        """Filter a finished item in place."""
        if not isinstance(item, dict):
            return
        kind = item.get("type")
        done: set[str] = set()
        for field in ("content", "summary"):
            parts = item.get(field)
            if isinstance(parts, list) and kind in ("message", "reasoning"):
                done.add(field)
                for i, part in enumerate(parts):
                    self.part(part, output, i)
        family = _STRINGS.get(kind) if isinstance(kind, str) else None
        if family is not None and isinstance(item.get(family.field), str):
            done.add(family.field)
            item[family.field] = self.settled(Key(family, output), item[family.field])
        commands = item["action"].get("commands") if isinstance(item.get("action"), dict) else None
        if kind == "shell_call" and isinstance(commands, list):
            for i, command in enumerate(commands):
                if isinstance(command, str):
                    commands[i] = self.settled(Key(COMMAND, output, i), command)
            done.add("action")
        if kind == "image_generation_call":
            done.add("result")  # media
        self.strings({k: v for k, v in item.items() if k not in done}, output, into=item)

    def part(self, part: Any, output: int, index: int) -> None:
        """Filter a finished part in place; log-probabilities of changed text go, offsets move."""
        if not isinstance(part, dict):
            return
        kind = part.get("type")
        family = _PARTS.get(kind) if isinstance(kind, str) else None
        if family is None:
            self.strings(part, output)
            return
        key = Key(family, output, index)
        if isinstance(part.get(family.field), str):
            part[family.field] = self.settled(key, part[family.field])
        changed = self.track(key).changed
        if changed and part.get("logprobs"):
            part["logprobs"] = []
        annotations = part.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else ():
            self.annotation(annotation, key)

    def annotation(self, annotation: Any, key: Key) -> None:
        self.strings(annotation, key.output)
        track = self.track(key)
        if isinstance(annotation, dict) and track.text != "".join(track.raw):
            for field in ("start_index", "end_index"):
                if isinstance(annotation.get(field), int):
                    annotation[field] = track.moved(annotation[field])

    def strings(self, value: Any, output: int, into: Any = None) -> None:
        """Every string in a tree but ids, media and switches."""
        target = value if into is None else into
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, inner in list(pairs):
            if isinstance(inner, str):
                if inner and name not in _KEPT:
                    target[name] = self.once(inner, output)
            elif isinstance(inner, dict | list):
                self.strings(inner, output)
