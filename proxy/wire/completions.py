"""`/v1/completions`: text prompts in, text out; streamed and whole answers share one shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import Blocked, CheckUnavailable
from guard.surface import ChannelKind, Role
from proxy.wire.answer import Filters, Open, StreamFilter, Tally, malformed
from proxy.wire.blocked import blocked_body as blocked
from proxy.wire.blocked import blocked_events as blocked_stream
from proxy.wire.fields import JsonSchema, Node, Object, Rejected, Scalar, Text, Walk, invalid, wrong_type
from proxy.wire.parsing import build, walked
from proxy.wire.request import DEFAULTS, Options, WireRequest
from proxy.wire.stream import CHOICE, Choice, CompletionStream
from proxy.wire.tables import COUNT, META, METADATA, MODEL, SAMPLING, VLLM
from proxy.wire.trees import AnyText
from proxy.wire.whole import finish, strip

__all__ = ["PATH", "TABLE", "TextStream", "blocked", "blocked_stream", "filter_body", "parse", "stream_filter"]

PATH = "/v1/completions"


class Prompt(Text):
    """A string or a list of strings. Token ids are refused: text checks cannot read them. Each is a turn of its own."""

    note = "string or strings; token ids are rejected"

    def walk(self, w: Walk, holder: Any, key: Any, path: str, role: Role, turn: int) -> None:
        value = holder[key]
        if isinstance(value, str):
            w.text(holder, key, path, role, 0)
        elif isinstance(value, list):
            if not value:
                raise invalid(path, "it must not be empty.")
            for i, item in enumerate(value):
                if isinstance(item, int | list) and not isinstance(item, bool):
                    raise invalid(path, "token ids are not accepted by this proxy: send text.", "unsupported_token_ids")
                if not isinstance(item, str):
                    raise wrong_type(f"{path}[{i}]", "a string", item)
                w.text(value, i, f"{path}[{i}]", role, i)
        else:
            raise wrong_type(path, "a string or an array of strings", value)

    def schema(self) -> JsonSchema:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


_ECHO: dict[str, Node] = {"echo": Rejected("it hands the masked prompt back", harmless=(False,))}

TABLE = Object(
    {
        **SAMPLING,
        **VLLM,
        **_ECHO,
        "model": MODEL,
        "prompt": Prompt(),
        "best_of": Scalar("integer", low=1),
        "logprobs": COUNT,
        "suffix": Text(Role.USER),
        "metadata": METADATA,
        "safety_identifier": META,
        "response_format": AnyText(Role.DEFINITION, keep=frozenset(("type",))),
    },
    required=("prompt",),
)


def _prompts(body: dict[str, Any]) -> list[str]:
    prompt = body["prompt"]
    return [prompt] if isinstance(prompt, str) else list(prompt)


def parse(body: object, options: Options = DEFAULTS) -> WireRequest:
    """Take a text completion request apart. Raises `RequestError` (400) naming the field."""
    fields, walk = walked(TABLE, body, options)
    request = build(PATH, fields, walk)
    request.n *= len(_prompts(fields))
    request._prompts = _prompts
    return request


def filter_body(
    answer: dict[str, Any],
    open: Open,
    request: WireRequest | None = None,
    *,
    tally: Tally | None = None,
    moderation: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Filter a whole answer in place. Raises `UpstreamError` (reason `malformed`) when it has no choices."""
    tally = tally if tally is not None else Tally()
    filters = Filters(open, tally)
    choices = answer.get("choices")
    if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
        raise malformed("an answer without choices")
    for position, choice in enumerate(choices):
        index = choice.get("index")
        filters.choice = index if isinstance(index, int) else position
        try:
            filters.put(choice, "text", ChannelKind.CONTENT)
            filters.put(choice, "reasoning", ChannelKind.REASONING)
            filters.put(choice, "stop_reason", ChannelKind.CONTENT, 0, 3)
            filters.others(choice, CHOICE)
        except (Blocked, CheckUnavailable) as error:
            tally.blocked.append(error.check)
            tally.changed.add(filters.choice)
            choice["text"], choice["finish_reason"] = "", "content_filter"
            choice.pop("reasoning", None)
        strip(choice, request, tally, filters.choice in tally.changed)
        if choice.get("finish_reason") is not None:
            tally.finish_reasons[filters.choice] = str(choice["finish_reason"])
    finish(answer, request, filters, moderation)
    return answer


def stream_filter(open: Open, request: WireRequest, *, moderation: Mapping[str, Any] | None = None) -> StreamFilter:
    """A fresh filter for one streamed answer."""
    return TextStream(open, request, moderation=moderation)


class TextStream(CompletionStream):
    """The `StreamFilter` of text completions."""

    def _text(self, choice: Choice, body: dict[str, Any]) -> list[dict[str, Any]]:
        text = body.get("text")
        if isinstance(text, str) and text:
            out = choice.pipe(ChannelKind.CONTENT).feed(text)
            if out != text:
                self._dirty = True
                body["text"] = out
        return []

    def _rest(self, choice: Choice, body: dict[str, Any]) -> dict[str, Any] | None:
        rest = "".join([choice.close(channel) for channel in tuple(choice.pipes)])
        if not rest:
            return None
        out = {**self._blank(choice, None), "text": (body.get("text") or "") + rest}
        body["text"] = ""
        return out

    def _empty(self, body: dict[str, Any]) -> bool:
        return not (
            body.get("finish_reason") is not None or body.get("text") or body.get("logprobs") or body.get("token_ids")
        )

    def _blank(self, choice: Choice, finish_reason: str | None) -> dict[str, Any]:
        return {"index": choice.index, "text": "", "logprobs": None, "finish_reason": finish_reason}
