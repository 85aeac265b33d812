"""OpenAI messages to prompt tokens, through the model's own chat template; and where its answer begins."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from jinja2 import TemplateError

from detectors.scorers.bound import Bound
from guard.errors import ArtifactError, RequestError

_ROLES = {"developer": "system", "function": "tool"}
_TEXT_PARTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
_SAMPLE = [{"role": "user", "content": "x"}]
# Models that can do without thinking answer at once: probes are read where the answer begins.
_SETTINGS = {"enable_thinking": False}
# What opens a block of thoughts, and what ends it. A template may leave it open: then the answer begins behind it.
_TAG = re.compile(r"([<\[◁])([\w:]*(?:think|reason|thought)[\w:]*)([>\]▷])", re.IGNORECASE)
_THOUGHTS = {
    "<|START_THINKING|>": "<|END_THINKING|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
}
# openai-harmony: a message names its channel, and answers to users are in `final`.
_CHANNEL, _MESSAGE = "<|channel|>", "<|message|>"
_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters that stand around the number of a control token
_NUMBERED = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


class ChatTemplate:
    """Renders conversations that end at the assistant header.

    Names of control tokens (`<|im_end|>`) inside messages and tools are spelled as plain text, never obeyed: a
    message cannot end its own turn or open another. With `skip_media` parts that are no text are left out, else they
    are refused. Raises `ArtifactError` when the model has no template or one without a header.
    """

    def __init__(self, tokenizer: Any, *, skip_media: bool = False) -> None:
        self._tokenizer = tokenizer
        self._skip_media = skip_media
        self._bound = Bound(tokenizer)
        if not tokenizer.chat_template:
            raise ArtifactError("the tokenizer has no chat template; /v1/chat/completions needs one")
        names = {str(t) for t in tokenizer.added_tokens_decoder.values() if t.special}
        # The longest first, so that no name hides behind the start of another; `_OPEN` keeps the numbering reversible.
        self._control = [*sorted(names, key=len, reverse=True), _OPEN]
        self._named = re.compile("|".join(map(re.escape, self._control)))
        whole = self._text(_SAMPLE, None)
        bare = self._text(_SAMPLE, None, header=False)
        self._header = whole.removeprefix(bare)
        if not whole.startswith(bare) or not self._header:
            raise ArtifactError("the chat template adds no assistant header for add_generation_prompt")
        self._answer = self._plain(self._thoughts_end())

    def answer_start(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None
    ) -> list[int]:
        """`render`, and behind it what ends a block of thoughts that the header leaves open: probes stand after it.

        The prompt as it is served is a beginning of this one, so the two share its state. Raises as `render` does.
        """
        return self.render(messages, tools) + self._answer

    def render(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None) -> list[int]:
        """Token ids of the conversation up to and with the assistant header.

        Raises `RequestError` for messages the model cannot take (media, roles its template refuses).
        """
        return self._encode(self._rendered(messages, tools))

    def fewest(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None) -> int:
        """The conversation has no fewer tokens than this: for refusing what is far too long, which would take long to
        tokenise. 0 where nothing is certain. Raises as `render` does."""
        parts = _NUMBERED.split(self._rendered(messages, tools))
        return sum(map(self._bound.fewest, parts[::2]))

    def _rendered(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] | None) -> str:
        plain = normalise(messages, skip_media=self._skip_media)
        try:
            text = self._text(self._disarmed(plain), self._disarmed(list(tools)) if tools else None)
        except TemplateError as error:
            raise RequestError(
                "The model's chat template does not accept this order of roles or these fields.",
                param="messages",
                code="unsupported_messages",
            ) from error
        if not text.endswith(self._header):
            raise ArtifactError("the chat template did not end at the assistant header")
        return text

    def _thoughts_end(self) -> str:
        """What must follow the header for the answer to begin: nothing, unless the header opens thoughts."""
        tags = {m[0]: f"{m[1]}/{m[2]}{m[3]}" for m in _TAG.finditer(self._header)}
        for begin, end in (tags | _THOUGHTS).items():
            at = self._header.rfind(begin)
            if at >= 0 and end not in self._header[at:]:
                return end + "\n\n" if self._header.endswith("\n") else f"\n\n{end}\n\n"
        if {_CHANNEL, _MESSAGE} <= set(self._control) and _CHANNEL not in self._header:
            return f"{_CHANNEL}final{_MESSAGE}"
        return ""

    def _disarmed(self, value: Any) -> Any:
        """A copy of a JSON value with the names of control tokens numbered, wherever they stand in a string."""
        if isinstance(value, str):
            return self._named.sub(lambda m: f"{_OPEN}{self._control.index(m[0])}{_CLOSE}", value)
        if isinstance(value, Mapping):
            return {self._disarmed(k): self._disarmed(v) for k, v in value.items()}
        return [self._disarmed(v) for v in value] if isinstance(value, list | tuple) else value

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for n, part in enumerate(_NUMBERED.split(text)):
            if n % 2:
                name = self._control[int(part)]
                # Cut in two, neither half is the token.
                ids += self._plain(name[:1]) + self._plain(name[1:])
            else:
                ids += self._plain(part)
        return ids

    def _plain(self, text: str) -> list[int]:
        # Not verbose: the library would warn of prompts that are too long, which a `RequestError` says already.
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]) if text else []

    def _text(
        self, messages: Sequence[Mapping[str, Any]], tools: list[dict[str, Any]] | None, header: bool = True
    ) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                messages, tools=tools, tokenize=False, add_generation_prompt=header, **_SETTINGS
            )
        )


def normalise(messages: Sequence[Mapping[str, Any]], *, skip_media: bool = False) -> list[dict[str, Any]]:
    """Messages as templates expect them: string content, plain roles, tool arguments as objects."""
    if not isinstance(messages, list | tuple) or not messages:
        raise RequestError("'messages' must be a non-empty list.", param="messages", code="invalid_type")
    return [check_message(m, f"messages[{n}]", skip_media=skip_media) for n, m in enumerate(messages)]


def check_message(message: Mapping[str, Any], path: str, *, skip_media: bool = False) -> dict[str, Any]:
    """One message as templates expect it. Raises `RequestError` naming `path` for what this model cannot take."""
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise RequestError(f"'{path}' must be an object with a 'role'.", param=path, code="invalid_type")
    role = message["role"]
    content = _content(message.get("content"), f"{path}.content", skip_media)
    if not content and isinstance(message.get("refusal"), str):
        content = message["refusal"]
    out: dict[str, Any] = {"role": _ROLES.get(role, role), "content": content}
    for key in ("name", "tool_call_id"):
        if isinstance(message.get(key), str):
            out[key] = message[key]
    calls = message.get("tool_calls")
    if not calls and isinstance(message.get("function_call"), Mapping):
        calls = [{"type": "function", "function": message["function_call"]}]
    if calls:
        out["tool_calls"] = [_tool_call(call, f"{path}.tool_calls[{n}]") for n, call in enumerate(calls)]
    return out


def _content(content: object, path: str, skip_media: bool) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RequestError(f"'{path}' must be a string or a list of parts.", param=path, code="invalid_type")
    texts = []
    for n, part in enumerate(content):
        kind = part.get("type") if isinstance(part, Mapping) else None
        if skip_media and kind not in _TEXT_PARTS:
            continue
        text = part.get(_TEXT_PARTS[kind]) if kind in _TEXT_PARTS else None
        if not isinstance(text, str):
            raise RequestError(
                f"'{path}[{n}]': this model takes text parts only.", param=f"{path}[{n}]", code="unsupported_content"
            )
        texts.append(text)
    return "\n".join(texts)


def _tool_call(call: object, path: str) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise RequestError(f"'{path}' must be a function call.", param=path, code="unsupported_content")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):
        # Half a call, as a model wrote it, stays a string: templates print strings as they are.
        with suppress(ValueError):
            arguments = json.loads(arguments or "{}")
    out: dict[str, Any] = {"type": "function", "function": {"name": function["name"], "arguments": arguments}}
    if isinstance(call, Mapping) and isinstance(call.get("id"), str):
        out["id"] = call["id"]
    return out
