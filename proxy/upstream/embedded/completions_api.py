"""`/v1/completions`: raw prompts in, text out."""

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

DEFAULT_MAX_TOKENS = 16  # OpenAI's default for this endpoint
_MAX_PROMPTS = 128


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A completions request that was found servable. `echo`: each choice's text starts with its prompt."""

    plan: Plan
    echo: bool
    stream: bool
    include_usage: bool


def parse(body: Body, loaded: LoadedModel, budget: Budget, *, stream: bool, strength: float) -> CompletionRequest:
    """Raises `RequestError` for every field that is wrong or asks for what this model cannot do."""
    params.refuse_shaped_output(body)
    if body.get("suffix"):
        raise params.unsupported("suffix", "it only continues text, it cannot fill a gap.")
    n = params.integer(body, "n", 1, params.MAX_CHOICES) or 1
    if (params.integer(body, "best_of", 1, params.MAX_CHOICES) or n) != n:
        raise params.unsupported("best_of", "use 'n'.")
    echo = params.boolean(body, "echo")
    usage = params.include_usage(body, stream)
    sampling = params.sampling(body, loaded)
    stops = params.stops(body)
    wanted = params.integer(body, "max_tokens", 0 if echo else 1)
    top = params.integer(body, "logprobs", 0, params.MAX_TOP_LOGPROBS)
    eos = frozenset() if params.boolean(body, "ignore_eos") else loaded.eos
    prompts = read_inputs(body, "prompt", loaded, _MAX_PROMPTS)
    limits = [Limits(budget.of(wanted, len(p), "prompt"), eos, stops, top) for p in prompts]
    plan = Plan(prompts, n, sampling, limits, strength, top if echo else None)
    return CompletionRequest(plan, echo, stream, usage)


def read_inputs(body: Body, key: str, loaded: LoadedModel, most: int) -> list[list[int]]:
    """Token ids of a field that is a string, a list of strings, a token list or a list of token lists."""
    value = body.get(key)
    if isinstance(value, list) and value and all(_is_token(v) for v in value):
        value = [value]
    values = value if isinstance(value, list) else [value]
    if not values or len(values) > most:
        raise RequestError(f"'{key}' must hold 1 to {most} entries.", param=key, code="invalid_value")
    return [_ids(v, key, loaded) for v in values]


def _is_token(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _ids(value: object, key: str, loaded: LoadedModel) -> list[int]:
    if isinstance(value, str):
        ids: list[int] = loaded.tokenizer(value, verbose=False)["input_ids"]
    elif isinstance(value, list) and value and all(_is_token(v) for v in value):
        ids = list(value)
        if not all(0 <= i < loaded.vocabulary_size for i in ids):
            raise RequestError(f"'{key}' has a token id out of range.", param=key, code="invalid_value")
    else:
        raise RequestError(
            f"'{key}' must be a string, a list of strings, a list of tokens or a list of token lists.",
            param=key,
            code="invalid_type",
        )
    # An empty prompt means: begin a document.
    return ids or [next(i for i in (loaded.tokenizer.bos_token_id, *sorted(loaded.eos)) if i is not None)]


class CompletionAnswer:
    """The answer to one completions request, whole or as events."""

    def __init__(self, request: CompletionRequest, generation: Generation, vocabulary: Vocabulary, model: str) -> None:
        self._request = request
        self._generation = generation
        self._vocabulary = vocabulary
        self._wants_logprobs = request.plan.limits[0].top_logprobs is not None
        self._envelope = {
            "id": answer.new_id("cmpl-"),
            "object": "text_completion",
            "created": answer.now(),
            "model": model,
            "system_fingerprint": None,
        }
        self._echoes: dict[int, tuple[str, list[TokenLogprob]]] = {}

    async def whole(self) -> dict[str, Any]:
        pieces: dict[int, list[Piece]] = {i: [] for i in range(self._total)}
        async for piece in self._generation.pieces():
            pieces[piece.index].append(piece)
        return {
            **self._envelope,
            "choices": [self._whole_choice(i, ps) for i, ps in pieces.items()],
            "usage": answer.usage_body(self._generation.usage),
        }

    async def events(self) -> AsyncIterator[Event]:
        if self._request.echo:
            for i in range(self._total):
                text, entries = self._echo(i)
                yield self._chunk([self._choice(i, text, entries, None, echoed=True)])
        async for piece in self._generation.pieces():
            yield self._chunk([self._choice(piece.index, piece.text, piece.logprobs, piece.finish)])
        if self._request.include_usage:
            yield self._chunk([], answer.usage_body(self._generation.usage))
        yield answer.DONE

    @property
    def _total(self) -> int:
        return self._request.plan.n * len(self._request.plan.prompts)

    def _echo(self, index: int) -> tuple[str, list[TokenLogprob]]:
        """A choice's prompt as text, and its tokens with offsets (the first has no log-probability: NaN)."""
        p = index // self._request.plan.n
        known = self._echoes.get(p)
        if known is None:
            prompt = self._request.plan.prompts[p]
            detokeniser = self._vocabulary.detokeniser()
            heard = self._generation.prompt_logprobs.get(p, ())
            first = TokenLogprob(prompt[0], float("nan"), ())
            text, entries = "", []
            for token, entry in zip(prompt, (first, *heard) if heard else [first] * len(prompt), strict=True):
                entries.append(TokenLogprob(token, entry.logprob, entry.top, len(text)))
                text += detokeniser.push(token)
            known = self._echoes[p] = text + detokeniser.close(), entries
        return known

    def _whole_choice(self, index: int, pieces: Sequence[Piece]) -> dict[str, Any]:
        text = "".join(p.text for p in pieces)
        entries = [e for p in pieces for e in p.logprobs]
        choice = self._choice(index, text, entries, pieces[-1].finish)
        if self._request.echo:
            echoed = self._choice(index, *self._echo(index), None, echoed=True)
            choice["text"] = echoed["text"] + choice["text"]
            if self._wants_logprobs:
                choice["logprobs"] = {
                    key: echoed["logprobs"][key] + choice["logprobs"][key] for key in choice["logprobs"]
                }
        return choice

    def _choice(
        self, index: int, text: str, entries: Sequence[TokenLogprob], finish: str | None, *, echoed: bool = False
    ) -> dict[str, Any]:
        shift = len(self._echo(index)[0]) if self._request.echo and not echoed else 0
        logprobs = self._logprobs(entries, shift) if self._wants_logprobs else None
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}

    def _logprobs(self, entries: Sequence[TokenLogprob], shift: int) -> dict[str, Any]:
        """Completions form. `text_offset` counts characters of the choice's own text, its echo included."""
        spell = self._vocabulary.text_of
        known = [e.logprob == e.logprob for e in entries]
        return {
            "tokens": [spell(e.token) for e in entries],
            "token_logprobs": [max(e.logprob, -9999.0) if k else None for e, k in zip(entries, known, strict=True)],
            "top_logprobs": [
                {spell(t): max(lp, -9999.0) for t, lp in (*reversed(e.top), (e.token, e.logprob))} if k else None
                for e, k in zip(entries, known, strict=True)
            ],
            "text_offset": [e.offset + shift for e in entries],
        }

    def _chunk(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> Event:
        body = {**self._envelope, "choices": choices}
        if self._request.include_usage:
            body["usage"] = usage
        return answer.event(body)
