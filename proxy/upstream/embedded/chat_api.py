"""`/v1/chat/completions`: OpenAI JSON to a plan, pieces to messages or chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from guard.errors import RequestError
from proxy.upstream.base import Event
from proxy.upstream.embedded import answer, params
from proxy.upstream.embedded.generation import Generation, Plan
from proxy.upstream.embedded.model import LoadedModel
from proxy.upstream.embedded.params import Body, Budget
from proxy.upstream.embedded.sequence import Limits, Piece, TokenLogprob
from proxy.upstream.embedded.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat request that was found servable."""

    plan: Plan
    stream: bool
    include_usage: bool


def parse(body: Body, loaded: LoadedModel, budget: Budget, *, stream: bool, strength: float) -> ChatRequest:
    """Raises `RequestError` for every field that is wrong or asks for what this model cannot do."""
    _refuse(body)
    tools = _tools(body)
    usage = params.include_usage(body, stream)
    sampling = params.sampling(body, loaded)
    stops = params.stops(body)
    n = params.integer(body, "n", 1, params.MAX_CHOICES) or 1
    wanted = params.integer(body, "max_completion_tokens", 1) or params.integer(body, "max_tokens", 1)
    top = _top_logprobs(body)
    eos = frozenset() if params.boolean(body, "ignore_eos") else loaded.eos
    prompt = loaded.template.render(body.get("messages") or [], tools)
    limits = Limits(budget.of(wanted, len(prompt), "messages"), eos, stops, top)
    return ChatRequest(Plan([prompt], n, sampling, [limits], strength), stream, usage)


def _refuse(body: Body) -> None:
    params.refuse_shaped_output(body)
    modalities = body.get("modalities")
    if body.get("audio") is not None or (modalities is not None and modalities != ["text"]):
        raise params.unsupported("modalities", "it answers in text only.")
    if body.get("web_search_options") is not None:
        raise params.unsupported("web_search_options", "it cannot search.")


def _tools(body: Body) -> list[dict[str, Any]] | None:
    tools = body.get("tools")
    if tools is None and body.get("functions") is not None:
        functions = body["functions"]
        if not isinstance(functions, list):
            raise RequestError("'functions' must be a list.", param="functions", code="invalid_type")
        tools = [{"type": "function", "function": f} for f in functions]
    key = "tool_choice" if body.get("tool_choice") is not None else "function_call"
    choice = body.get(key)
    if choice is not None and choice not in ("auto", "none"):
        raise params.unsupported(key, "it cannot be made to call a tool; use 'auto' or 'none'.")
    if tools is None:
        return None
    if not isinstance(tools, list):
        raise RequestError("'tools' must be a list.", param="tools", code="invalid_type")
    for n, tool in enumerate(tools):
        if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(tool.get("function"), dict):
            raise params.unsupported(f"tools[{n}]", "it takes tools of type 'function' only.")
    return tools


def _top_logprobs(body: Body) -> int | None:
    wanted = params.boolean(body, "logprobs")
    top = params.integer(body, "top_logprobs", 0, params.MAX_TOP_LOGPROBS)
    if top and not wanted:
        raise RequestError(
            "'top_logprobs' is only allowed when 'logprobs' is true.", param="top_logprobs", code="invalid_value"
        )
    return (top or 0) if wanted else None


def token_body(entry: TokenLogprob, vocabulary: Vocabulary) -> dict[str, Any]:
    """A token's log-probabilities in the form chat and Responses share."""

    def one(token: int, logprob: float) -> dict[str, Any]:
        return {
            "token": vocabulary.text_of(token),
            "logprob": max(logprob, -9999.0),
            "bytes": list(vocabulary.bytes_of(token)),
        }

    return {**one(entry.token, entry.logprob), "top_logprobs": [one(t, lp) for t, lp in entry.top]}


def _logprobs(entries: Sequence[TokenLogprob], vocabulary: Vocabulary) -> dict[str, Any]:
    return {"content": [token_body(e, vocabulary) for e in entries], "refusal": None}


class ChatAnswer:
    """The answer to one chat request, whole or as events. One id, time and model name on all of it."""

    def __init__(self, request: ChatRequest, generation: Generation, vocabulary: Vocabulary, model: str) -> None:
        self._request = request
        self._generation = generation
        self._vocabulary = vocabulary
        self._wants_logprobs = request.plan.limits[0].top_logprobs is not None
        self._envelope = {"id": answer.new_id("chatcmpl-"), "created": answer.now(), "model": model}

    async def whole(self) -> dict[str, Any]:
        texts: dict[int, list[Piece]] = {i: [] for i in range(self._request.plan.n)}
        async for piece in self._generation.pieces():
            texts[piece.index].append(piece)
        return {
            **self._envelope,
            "object": "chat.completion",
            "choices": [self._choice(i, pieces) for i, pieces in texts.items()],
            "usage": answer.usage_body(self._generation.usage),
            "system_fingerprint": None,
        }

    async def events(self) -> AsyncIterator[Event]:
        for i in range(self._request.plan.n):
            yield self._chunk([self._delta(i, {"role": "assistant", "content": "", "refusal": None})])
        async for piece in self._generation.pieces():
            if piece.text or piece.logprobs:
                yield self._chunk([self._delta(piece.index, {"content": piece.text}, piece.logprobs)])
            if piece.finish:
                yield self._chunk([self._delta(piece.index, {}, finish=piece.finish)])
        if self._request.include_usage:
            yield self._chunk([], answer.usage_body(self._generation.usage))
        yield answer.DONE

    def _choice(self, index: int, pieces: Sequence[Piece]) -> dict[str, Any]:
        entries = [entry for piece in pieces for entry in piece.logprobs]
        return {
            "index": index,
            "message": {"role": "assistant", "content": "".join(p.text for p in pieces), "refusal": None},
            "logprobs": _logprobs(entries, self._vocabulary) if self._wants_logprobs else None,
            "finish_reason": pieces[-1].finish,
        }

    def _delta(
        self, index: int, delta: dict[str, Any], entries: Sequence[TokenLogprob] = (), finish: str | None = None
    ) -> dict[str, Any]:
        logprobs = _logprobs(entries, self._vocabulary) if entries else None
        return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> Event:
        body = {**self._envelope, "object": "chat.completion.chunk", "choices": choices, "system_fingerprint": None}
        if self._request.include_usage:
            body["usage"] = usage
        return answer.event(body)
