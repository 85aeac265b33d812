"""What the engine can be asked to do. A job's `run` is cut into slices, so that running streams keep moving."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from detectors.scorers.base import Scored
from detectors.scorers.forward import probe_logprobs, probe_tokens
from guard.errors import UpstreamError
from proxy.upstream.embedded.kv import PromptState, cache_of, layers_of
from proxy.upstream.embedded.sequence import Piece, TokenLogprob, token_logprobs
from proxy.upstream.embedded.sequence import Sequence as Choice

if TYPE_CHECKING:
    from proxy.upstream.embedded.engine import Engine

Slices = Generator[None, None, None]


class Job:
    """Work for the engine thread. `rows`: batch rows it takes when it is admitted."""

    rows = 0

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Callable from any thread; the engine drops the job before its next slice or step."""
        self.cancelled = True

    def run(self, engine: Engine) -> Slices:
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Started:
    """A generation left the queue: its prompt has `prompt_tokens`, of which `cached_tokens` were not computed again.

    `prompt_logprobs` holds one entry per prompt token after the first, when asked for.
    """

    prompt_tokens: int
    cached_tokens: int
    prompt_logprobs: tuple[TokenLogprob, ...] = ()


News = Started | list[Piece] | Exception


class Generate(Job):
    """Generate `choices` for one prompt, rotated with `strength` from the prompt's last token on when above 0."""

    def __init__(
        self,
        prompt: Sequence[int],
        choices: Sequence[Choice],
        sink: Callable[[News], None],
        *,
        strength: float = 0.0,
        prompt_top_logprobs: int | None = None,
    ) -> None:
        super().__init__()
        self.prompt = tuple(prompt)
        self.choices = list(choices)
        self.rows = len(self.choices)
        self.strength = strength
        self.sink = sink
        self._prompt_top = prompt_top_logprobs

    def run(self, engine: Engine) -> Slices:
        heard: list[TokenLogprob] = []
        if self._prompt_top is None:
            state, cached = yield from engine.prefill(self.prompt)
        else:
            state, cached = yield from engine.prefill(self.prompt, heard, self._prompt_top)
        if self.strength > 0:
            engine.require_steerer()
        self.sink(Started(len(self.prompt), cached, tuple(heard)))
        if self.strength > 0:
            engine.join(self, state.before_last(), self.choices)
        else:
            self.sink([choice.push(state.last_logits) for choice in self.choices])
            engine.join(self, state, [c for c in self.choices if not c.finished])

    def fail(self, error: Exception) -> None:
        self.sink(error)


class _Answering(Job):
    """A job whose result is one value."""

    def __init__(self) -> None:
        super().__init__()
        self.future: Future[Any] = Future()

    def fail(self, error: Exception) -> None:
        try:
            self.future.set_exception(error)
        except InvalidStateError:
            self.cancelled = True

    def _answer(self, value: object) -> None:
        try:
            self.future.set_result(value)
        except InvalidStateError:
            self.cancelled = True


class Score(_Answering):
    """Conditional log-probabilities of K probes after a prompt; leaves the prompt's KV behind for the generation."""

    def __init__(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.prompt = tuple(prompt)
        self.probes = [list(p) for p in probes]

    def run(self, engine: Engine) -> Slices:
        state, cached = yield from engine.prefill(self.prompt)
        logprobs = probe_logprobs(engine.model, state.cache(), state.last_logits, self.probes)
        self._answer(Scored(logprobs, len(self.prompt) - cached + probe_tokens(self.probes), cached))


class Embed(_Answering):
    """Mean of the last hidden states of each text, L2-normalised: [d] fp32 per text."""

    def __init__(self, texts: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.texts = [list(t) for t in texts]

    def run(self, engine: Engine) -> Slices:
        vectors: list[list[float]] = []
        for tokens in self.texts:
            ids = torch.tensor([tokens], device=engine.model.device)
            hidden = engine.model.base_model(input_ids=ids, use_cache=False).last_hidden_state
            mean = hidden[0].float().mean(0)
            vectors.append((mean / mean.norm().clamp_min(1e-12)).tolist())
            yield
        self._answer(vectors)


def prefill(
    model: Any,
    found: PromptState | None,
    shared: int,
    tokens: tuple[int, ...],
    chunk: int,
    hear: tuple[list[TokenLogprob], int] | None,
) -> Generator[None, None, PromptState]:
    """Compute the KV of `tokens` from the `shared` first ones of `found`, `chunk` tokens a slice.

    With `hear` = (list, k), every position's log-probability and its k best rivals are appended to the list.
    """
    cache = cache_of(found.layers if found else (), shared)
    logits: Tensor | None = None
    for start in range(shared, len(tokens), chunk):
        if start > shared:
            yield
        ids = tokens[start : start + chunk]
        out = model(
            input_ids=torch.tensor([ids], device=model.device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=0 if hear else 1,
        )
        logits = out.logits[0, -1].float()
        if hear:
            following = tokens[start + 1 : start + 1 + len(ids)]
            rows = out.logits[0, : len(following)].float()
            hear[0].extend(token_logprobs(row, t, hear[1]) for row, t in zip(rows, following, strict=True))
    if logits is None:
        raise UpstreamError("a prompt needs at least one token", reason="empty_prompt", status=500)
    # A copy: the row would keep its whole chunk of logits alive.
    return PromptState(tokens, layers_of(cache), logits.clone())
