"""`/v1/responses`, bridged onto chat: items to messages, pieces to the Responses event sequence.

Nothing is stored: every response is answered once and forgotten.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detectors.scorers.template import check_message
from guard.errors import RequestError
from proxy.upstream.base import Event
from proxy.upstream.embedded import answer, params
from proxy.upstream.embedded.chat_api import token_body
from proxy.upstream.embedded.generation import Generation, Plan
from proxy.upstream.embedded.model import LoadedModel
from proxy.upstream.embedded.params import Body, Budget
from proxy.upstream.embedded.sequence import Limits, Piece, TokenLogprob
from proxy.upstream.embedded.vocabulary import Vocabulary
from proxy.wire.responses_request import template_messages

_LOGPROBS = "message.output_text.logprobs"
_REFERENCES = ("previous_response_id", "conversation", "prompt")


@dataclass(frozen=True, slots=True)
class ResponseRequest:
    """A Responses request that was found servable; `body` is repeated in the response object."""

    plan: Plan
    body: Body
    stream: bool


def parse(body: Body, loaded: LoadedModel, budget: Budget, *, stream: bool, strength: float) -> ResponseRequest:
    """Raises `RequestError` for every field that is wrong or asks for what this model cannot do."""
    _refuse(body)
    messages = _messages(body)
    tools = [_tool(t, n) for n, t in enumerate(body.get("tools") or [])]
    top = params.integer(body, "top_logprobs", 0, params.MAX_TOP_LOGPROBS)
    wanted = params.integer(body, "max_output_tokens", 1)
    prompt = loaded.template.render(messages, tools)
    limits = Limits(
        budget.of(wanted, len(prompt), "input"),
        loaded.eos,
        params.stops(body),
        (top or 0) if top or _LOGPROBS in (body.get("include") or []) else None,
    )
    return ResponseRequest(Plan([prompt], 1, params.sampling(body, loaded), [limits], strength), body, stream)


def _refuse(body: Body) -> None:
    for key in _REFERENCES:
        if body.get(key) is not None:
            raise params.unsupported(key, "it keeps nothing between requests; send the whole conversation.")
    if params.boolean(body, "background"):
        raise params.unsupported("background", "it answers in the foreground only.")
    choice = body.get("tool_choice")
    if choice not in (None, "auto", "none"):
        raise params.unsupported("tool_choice", "it cannot be made to call a tool; use 'auto' or 'none'.")
    if body.get("tools") is not None and not isinstance(body["tools"], list):
        raise RequestError("'tools' must be a list.", param="tools", code="invalid_type")
    for entry in body.get("include") or []:
        if entry not in (_LOGPROBS, "reasoning.encrypted_content"):
            raise params.unsupported("include", f"of what can be included it only has '{_LOGPROBS}'.")
    text = body.get("text")
    form = text.get("format") if isinstance(text, Mapping) else None
    if form is not None and (not isinstance(form, Mapping) or form.get("type") != "text"):
        raise params.unsupported("text.format", "it answers in plain text only.")


def _messages(body: Body) -> list[dict[str, Any]]:
    """The conversation as the guard rendered it: what was scored is what is answered."""
    instructions, given = body.get("instructions"), body.get("input")
    if instructions is not None and not isinstance(instructions, str):
        raise RequestError("'instructions' must be a string.", param="instructions", code="invalid_type")
    if not isinstance(given, str):
        if not isinstance(given, list) or not given:
            raise RequestError("'input' must be a string or a non-empty list.", param="input", code="invalid_type")
        for n, item in enumerate(given):
            _check_item(item, f"input[{n}]")
    return template_messages(dict(body))


def _check_item(item: object, path: str) -> None:
    if not isinstance(item, Mapping):
        raise RequestError(f"'{path}' must be an object.", param=path, code="invalid_type")
    kind = item.get("type", "message")
    if kind == "message":
        check_message(item, path)
    elif kind == "function_call_output":
        check_message({"role": "tool", "content": item.get("output")}, path)
    elif kind not in ("function_call", "reasoning"):
        raise RequestError(
            f"'{path}': this model does not take items of this type.", param=path, code="unsupported_item"
        )


def _tool(tool: object, n: int) -> dict[str, Any]:
    if not isinstance(tool, Mapping) or tool.get("type") != "function" or not isinstance(tool.get("name"), str):
        raise params.unsupported(f"tools[{n}]", "it takes tools of type 'function' only.")
    function = {k: tool[k] for k in ("name", "description", "parameters", "strict") if tool.get(k) is not None}
    return {"type": "function", "function": function}


class ResponseAnswer:
    """The answer to one Responses request, whole or as events with strictly rising `sequence_number`."""

    def __init__(self, request: ResponseRequest, generation: Generation, vocabulary: Vocabulary, model: str) -> None:
        self._request = request
        self._generation = generation
        self._vocabulary = vocabulary
        self._model = model
        self._wants_logprobs = request.plan.limits[0].top_logprobs is not None
        self._id = answer.new_id("resp_")
        self._item_id = answer.new_id("msg_")
        self._created = answer.now()
        self._sent = 0

    async def whole(self) -> dict[str, Any]:
        pieces = [piece async for piece in self._generation.pieces()]
        return self._finished(pieces)

    async def events(self) -> AsyncIterator[Event]:
        where = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        for kind in ("created", "in_progress"):
            yield self._event(f"response.{kind}", response=self._response("in_progress", []))
        yield self._event("response.output_item.added", output_index=0, item=self._item("in_progress", None))
        yield self._event("response.content_part.added", **where, part=self._part("", []))
        pieces: list[Piece] = []
        async for piece in self._generation.pieces():
            pieces.append(piece)
            if piece.text or piece.logprobs:
                delta = {"delta": piece.text, "logprobs": self._logprobs(piece.logprobs)}
                yield self._event("response.output_text.delta", **where, **delta)
        response = self._finished(pieces)
        item = response["output"][0]
        part = item["content"][0]
        done = {"text": part["text"], "logprobs": part["logprobs"]}
        yield self._event("response.output_text.done", **where, **done)
        yield self._event("response.content_part.done", **where, part=part)
        yield self._event("response.output_item.done", output_index=0, item=item)
        yield self._event(f"response.{response['status']}", response=response)

    def _event(self, kind: str, **fields: Any) -> Event:
        number = self._sent
        self._sent += 1
        return answer.event({"type": kind, "sequence_number": number, **fields}, kind)

    def _finished(self, pieces: Sequence[Piece]) -> dict[str, Any]:
        text = "".join(p.text for p in pieces)
        entries = [e for p in pieces for e in p.logprobs]
        status = "incomplete" if pieces[-1].finish == "length" else "completed"
        usage = self._generation.usage
        response = self._response(status, [self._item(status, self._part(text, entries))])
        if status == "incomplete":
            response["incomplete_details"] = {"reason": "max_output_tokens"}
        else:
            response["completed_at"] = answer.now()
        response["usage"] = {
            "input_tokens": usage.prompt_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": usage.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        }
        return response

    def _part(self, text: str, entries: Sequence[TokenLogprob]) -> dict[str, Any]:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": self._logprobs(entries)}

    def _item(self, status: str, part: dict[str, Any] | None) -> dict[str, Any]:
        content = [] if part is None else [part]
        return {"id": self._item_id, "type": "message", "role": "assistant", "status": status, "content": content}

    def _logprobs(self, entries: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
        return [token_body(e, self._vocabulary) for e in entries] if self._wants_logprobs else []

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        body, sampling = self._request.body, self._request.plan.sampling
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created,
            "completed_at": None,
            "status": status,
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "metadata": body.get("metadata") or {},
            "model": self._model,
            "output": output,
            "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": False,
            "temperature": sampling.temperature,
            "text": {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
            "top_logprobs": self._request.plan.limits[0].top_logprobs or 0,
            "top_p": sampling.top_p,
            "truncation": "disabled",
            "usage": None,
            "user": body.get("user"),
        }
