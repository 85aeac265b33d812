"""`/v1/chat/completions`, the streamed answer: one filter per choice, channel and tool call."""

from __future__ import annotations

from typing import Any

from guard.surface import ChannelKind
from proxy.wire.answer import OTHER, malformed
from proxy.wire.stream import Choice, CompletionStream

_CHANNELS = (
    ("reasoning", ChannelKind.REASONING, 0),
    ("reasoning_content", ChannelKind.REASONING, 1),
    ("content", ChannelKind.CONTENT, 0),
    ("refusal", ChannelKind.REFUSAL, 0),
)
_KEYS = {(kind, part): key for key, kind, part in _CHANNELS}
_DELTA = frozenset(("role", "tool_calls", "function_call", "audio", "annotations", *(key for key, _, _ in _CHANNELS)))
_TRANSCRIPT = 2
"""The part number of a spoken answer's transcript."""


class ChatStream(CompletionStream):
    """The `StreamFilter` of chat completions."""

    _keys = _KEYS

    def _text(self, choice: Choice, body: dict[str, Any]) -> list[dict[str, Any]]:
        delta = body.get("delta")
        if delta is None:
            return []
        if not isinstance(delta, dict):
            raise malformed("a delta that is no object")
        before: list[dict[str, Any]] = []
        if not choice.begun and "role" not in delta:
            delta["role"] = "assistant"
            self._dirty = True
        calls = delta.get("tool_calls")
        for key, kind, part in _CHANNELS:
            value = delta.get(key)
            if isinstance(value, str):
                if value:
                    self._switch(choice, kind, before)
                    self._put(delta, key, choice, kind, 0, part)
            elif value:
                self._tree(value, choice)
        if calls:
            if not isinstance(calls, list) or not all(isinstance(c, dict) for c in calls):
                raise malformed("tool calls that are no list of objects")
            self._switch(choice, ChannelKind.ARGUMENTS, before)
            kept = [c for c in calls if self._call(c, choice)]
            if len(kept) < len(calls):
                self._dirty = True
                delta["tool_calls"] = kept
                if not kept:
                    del delta["tool_calls"]
        function = delta.get("function_call")
        if isinstance(function, dict):
            self._function(function, choice, 0, part=1)
            if not any(function.values()):
                del delta["function_call"]
        audio = delta.get("audio")
        if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
            self._put(audio, "transcript", choice, ChannelKind.CONTENT, 0, _TRANSCRIPT)
        if delta.get("annotations"):
            self._tree(delta["annotations"], choice)
        for name in delta.keys() - _DELTA:
            if isinstance(delta[name], str):
                if delta[name]:
                    self._put(delta, name, choice, ChannelKind.CONTENT, 0, self._part(name))
            elif delta[name]:
                self._tree(delta[name], choice)
        if before and "role" in delta and not choice.begun:
            before[0]["delta"] = {"role": delta.pop("role"), **before[0]["delta"]}
        return before

    def _put(self, holder: dict[str, Any], key: str, choice: Choice, kind: ChannelKind, index: int, part: int) -> None:
        value = holder[key]
        out = choice.pipe(kind, index, part).feed(value)
        if out != value:
            self._dirty = True
            holder[key] = out

    def _part(self, name: str) -> int:
        """The channel of a text under a name that no table knows."""
        for (_, part), known in self._keys.items():
            if known == name:
                return part
        part = OTHER + len(self._keys)
        self._keys = {**self._keys, (ChannelKind.CONTENT, part): name}
        return part

    def _switch(self, choice: Choice, to: ChannelKind, before: list[dict[str, Any]]) -> None:
        """Reasoning ends where the answer begins, prose where a tool call begins: nothing held stays behind."""
        for channel, pipe in tuple(choice.pipes.items()):
            if not pipe.held or channel.kind is to or channel.part == _TRANSCRIPT or channel.index:
                continue
            if channel.kind is ChannelKind.ARGUMENTS:
                continue
            rest = choice.close(channel)
            if rest:
                self._dirty = True
                before.append(self._piece(choice, {self._keys[channel.kind, channel.part]: rest}))

    def _call(self, call: dict[str, Any], choice: Choice) -> bool:
        """Filter one tool-call delta; False when nothing is left of it (T3: id, type and name leave at once)."""
        index = call.get("index", 0)
        if not isinstance(index, int):
            raise malformed("a tool call whose index is no integer")
        function = call.get("function")
        if isinstance(function, dict):
            self._function(function, choice, index, part=0)
        custom = call.get("custom")
        if isinstance(custom, dict):
            if isinstance(custom.get("name"), str):
                self._name(custom, choice, index)
            if isinstance(custom.get("input"), str):
                self._put(custom, "input", choice, ChannelKind.CONTENT, index + 1, 0)
        named = any(isinstance(f, dict) and f.get("name") for f in (function, custom))
        texts = [f.get(k) for f, k in ((function, "arguments"), (custom, "input")) if isinstance(f, dict)]
        return bool(call.get("id") or named or not texts or any(texts))

    def _function(self, function: dict[str, Any], choice: Choice, index: int, part: int) -> None:
        if isinstance(function.get("name"), str):
            self._name(function, choice, index)
        if isinstance(function.get("arguments"), str):
            self._put(function, "arguments", choice, ChannelKind.ARGUMENTS, index, part)

    def _name(self, holder: dict[str, Any], choice: Choice, index: int) -> None:
        name = choice.once(holder["name"], index + 1, 1)
        if name != holder["name"]:
            self._dirty = True
            holder["name"] = name

    def _rest(self, choice: Choice, body: dict[str, Any]) -> dict[str, Any] | None:
        delta = body.get("delta") or {}
        rest: dict[str, Any] = {}
        calls: list[dict[str, Any]] = []
        for channel in tuple(choice.pipes):
            text = choice.close(channel)
            if not text:
                continue
            if channel.kind is ChannelKind.ARGUMENTS and channel.part:
                rest["function_call"] = {"arguments": text}
            elif channel.kind is ChannelKind.ARGUMENTS:
                calls.append({"index": channel.index, "function": {"arguments": text}})
            elif channel.index:
                calls.append({"index": channel.index - 1, "custom": {"input": text}})
            elif channel.part == _TRANSCRIPT:
                rest["audio"] = {"transcript": text}
            else:
                rest[self._keys[channel.kind, channel.part]] = text
        if not rest and not calls:
            return None
        if calls:
            rest["tool_calls"] = calls
        # the finish chunk's own text stands before what was held of it
        return self._piece(choice, _joined(delta, rest, body))

    def _piece(self, choice: Choice, delta: dict[str, Any]) -> dict[str, Any]:
        return {"index": choice.index, "delta": delta, "logprobs": None, "finish_reason": None}

    def _empty(self, body: dict[str, Any]) -> bool:
        if body.get("finish_reason") is not None or body.get("logprobs") or body.get("token_ids"):
            return False
        return not any(v not in (None, "", [], {}) for v in (body.get("delta") or {}).values())

    def _blank(self, choice: Choice, finish_reason: str | None) -> dict[str, Any]:
        role = {} if choice.begun else {"role": "assistant"}
        return {"index": choice.index, "delta": role, "logprobs": None, "finish_reason": finish_reason}


def _joined(delta: dict[str, Any], rest: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """One delta for what a finish chunk brought and what was still held; the finish chunk is left without text."""
    out = dict(delta)
    for key, value in rest.items():
        if isinstance(value, str):
            out[key] = (out.get(key) or "") + value
        elif key == "tool_calls":
            calls = list(out.get(key) or [])
            for call in value:
                _add_call(calls, call)
            out[key] = calls
        else:
            mine = dict(out.get(key) or {})
            for name, text in value.items():
                mine[name] = (mine.get(name) or "") + text
            out[key] = mine
    body["delta"] = {}
    return out


def _add_call(calls: list[dict[str, Any]], call: dict[str, Any]) -> None:
    for mine in calls:
        if mine.get("index", 0) == call["index"]:
            for part in ("function", "custom"):
                for name, text in call.get(part, {}).items():
                    mine[part] = {**(mine.get(part) or {}), name: ((mine.get(part) or {}).get(name) or "") + text}
            return
    calls.append(call)
