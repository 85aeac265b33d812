"""One generated choice: picks tokens, makes text of them, knows when to stop."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from torch import Tensor

from proxy.upstream.embedded.sampling import Sampler
from proxy.upstream.embedded.stops import StopScanner
from proxy.upstream.embedded.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token's log-probability under the model (before temperature, penalties and bias) and its best rivals.

    `offset`: where its text starts, in characters of the choice's text.
    """

    token: int
    logprob: float
    top: tuple[tuple[int, float], ...]
    offset: int = 0


@dataclass(slots=True)
class Piece:
    """News of one choice: text, the log-probabilities of its tokens, and `finish` (stop, length) with the last."""

    index: int
    text: str = ""
    logprobs: list[TokenLogprob] = field(default_factory=list)
    tokens: int = 0
    finish: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """When a choice ends: at an end token, a stop string, or after `max_tokens` (0: at once).

    `top_logprobs`: how many rivals to name per token; None: no log-probabilities wanted.
    """

    max_tokens: int
    eos: frozenset[int]
    stops: tuple[str, ...] = ()
    top_logprobs: int | None = None


def token_logprobs(logits: Tensor, token: int, top: int, offset: int = 0) -> TokenLogprob:
    """Log-probability of `token` under logits [V] (fp32) and the `top` best ones."""
    logprobs = logits.log_softmax(-1)
    best = logprobs.topk(top) if top else None
    rivals = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True)) if best is not None else ()
    return TokenLogprob(token, float(logprobs[token]), rivals, offset)


class Sequence:
    """Feed it the logits after its last token until `finished`."""

    def __init__(self, index: int, vocabulary: Vocabulary, sampler: Sampler, limits: Limits) -> None:
        self.index = index
        self.tokens: list[int] = []
        self.finished = False
        self._sampler = sampler
        self._limits = limits
        self._detokeniser = vocabulary.detokeniser()
        self._stops = StopScanner(limits.stops)
        self._decoded = 0
        self._released = 0
        self._waiting: deque[TokenLogprob] = deque()

    def push(self, logits: Tensor) -> Piece:
        """Choose the next token from logits [V] (fp32); what can be shown because of it (maybe nothing)."""
        if not self._limits.max_tokens:
            return self._finish("length", "")
        token = self._sampler.pick(logits)
        self.tokens.append(token)
        if token in self._limits.eos:
            return self._finish("stop", "")
        if self._limits.top_logprobs is not None:
            self._waiting.append(token_logprobs(logits, token, self._limits.top_logprobs, self._decoded))
        text = self._detokeniser.push(token)
        self._decoded += len(text)
        text = self._stops.feed(text)
        if self._stops.stopped:
            return self._finish("stop", text)
        if len(self.tokens) >= self._limits.max_tokens:
            return self._finish("length", text)
        return self._piece(text, None)

    def _finish(self, reason: str, text: str) -> Piece:
        self.finished = True
        if not self._stops.stopped:
            # The tail of an unfinished character may still complete a stop string.
            text += self._stops.feed(self._detokeniser.close())
            text += self._stops.close()
        return self._piece(text, "stop" if self._stops.stopped else reason)

    def _piece(self, text: str, finish: str | None) -> Piece:
        self._released += len(text)
        shown: list[TokenLogprob] = []
        # A token goes out with the text it starts; tokens wholly inside a stop string never do.
        while self._waiting and (self._waiting[0].offset < self._released or (finish and not self._stops.stopped)):
            shown.append(self._waiting.popleft())
        return Piece(self.index, text, shown, len(self.tokens), finish)
