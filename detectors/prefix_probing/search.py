"""The offline search of "Prefix Probing" (arXiv 2512.16650): grow openings token by token from the empty one, rank
them by the gap Δ(s) = μ_harmless(s) − μ_harmful(s) of mean length-normalised log-probabilities, keep the largest |Δ|
of *each* sign at every depth. Prompts run in left-padded batches whose KV is kept from depth to depth, and the
openings' with it: a depth costs one token per opening and prompt, whatever the length of either. (Models that do not
take a tree compute the opening again: depth tokens. Those that cannot be padded take one prompt at a time.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.prefix_probing.score import Sign
from detectors.scorers.forward import rows_logits, run, takes, takes_a_tree
from detectors.scorers.layers import empty, fork, recurrent, repeat
from guard.errors import ArtifactError

Tokens = tuple[int, ...]
Progress = Callable[[int, int], None]  # (steps done, steps in all)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An opening with its gap Δ on the construction prompts, all of them or those in one `script`."""

    tokens: Tokens
    delta: float
    script: str = ""

    @property
    def sign(self) -> Sign:
        return Sign.AGREEMENT if self.delta > 0 else Sign.REFUSAL


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought and cost: tokens that went through the model for the prompts (once) and for the openings,
    and what it would have been without keeping KV, every opening joined to every prompt."""

    candidates: list[Candidate]
    prompt_tokens: int
    candidate_tokens: int
    tokens_without_kv: int


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """`width` openings of each sign survive a depth; each is grown by the `top_k` likeliest next tokens of either
    prompt set, as far as their mean probability is `min_p` or more: |Δ| alone would rank tokens that the model never
    says, whose log-probabilities differ most. `depth` is the longest opening in tokens; `batch` prompts run at a time.
    """

    width: int = 8
    top_k: int = 8
    depth: int = 6
    min_p: float = 0.01
    batch: int = 16

    def __post_init__(self) -> None:
        if min(self.width, self.top_k, self.depth, self.batch) < 1:
            raise ValueError("width, top_k, depth and batch must be at least 1")


class _Batch:
    """Prompts of one class prefilled together, left-padded. Behind each prompt stand the openings' tokens as a tree."""

    @torch.inference_mode()
    def __init__(self, model: Any, prompts: Sequence[Sequence[int]]) -> None:
        longest = max(map(len, prompts))
        ids = torch.tensor([[p[0]] * (longest - len(p)) + list(p) for p in prompts], device=model.device)
        self.mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=model.device)
        self.lengths = self.mask.sum(1)
        self.cache = empty(model)
        padding: dict[str, Any] = {}
        if len(prompts) > 1:
            padding = {"attention_mask": self.mask, "position_ids": (self.mask.cumsum(1) - 1).clamp(min=0)}
        logits = run(model, ids, self.cache, logits_to_keep=1, **padding)
        self.last = logits[:, -1].float().log_softmax(-1)
        self.tree = takes_a_tree(model, self.cache)
        self._nodes: dict[Tokens, int] = {}  # opening -> its last token's column behind the prompts

    def cost(self, beams: Sequence[Tokens]) -> int:
        """Tokens that `next_logprobs` computes."""
        return len(self.lengths) * len(beams) * (min(1, len(beams[0])) if self.tree else len(beams[0]))

    @torch.inference_mode()
    def next_logprobs(self, model: Any, beams: Sequence[Tokens]) -> Tensor:
        """log p(· | prompt, beam) for every prompt and beam: [prompts, beams, V], fp32; beams have equal length.

        Must be called for every depth in turn: the KV of a beam's beginning is that of the call before.
        """
        if not beams[0]:
            return self.last[:, None]
        return self._grow(model, beams) if self.tree else self._repeat(model, beams)

    def _grow(self, model: Any, beams: Sequence[Tokens]) -> Tensor:
        """One new token per beam, all in one row per prompt, each seeing the prompt and its own beginning."""
        n, k, depth, known = len(self.lengths), len(beams), len(beams[0]), len(self._nodes)
        self._nodes.update({beam: known + i for i, beam in enumerate(beams)})
        own = torch.zeros(k, known + k, dtype=torch.bool, device=self.mask.device)
        for i, beam in enumerate(beams):
            own[i, [self._nodes[beam[:d]] for d in range(1, depth + 1)]] = True
        seen = torch.cat([self.mask.bool()[:, None].expand(-1, k, -1), own.expand(n, -1, -1)], -1)[:, None]
        mask = torch.zeros(seen.shape, dtype=model.dtype, device=seen.device)
        logits = run(
            model,
            torch.tensor([[beam[-1] for beam in beams]], device=seen.device).expand(n, -1),
            self.cache,
            attention_mask=mask.masked_fill_(~seen, torch.finfo(model.dtype).min),
            position_ids=(self.lengths + depth - 1)[:, None].expand(-1, k),
        )
        return logits.float().log_softmax(-1)

    def _repeat(self, model: Any, beams: Sequence[Tokens]) -> Tensor:
        """Every beam whole, as a row of its own over a repeated KV; the cache stays as it was."""
        n, k, depth = len(self.lengths), len(beams), len(beams[0])
        if n == 1:
            logits = rows_logits(model, self.cache, torch.tensor(beams, device=self.mask.device))
            return logits[None, :, -1].float().log_softmax(-1)
        view = fork(self.cache)
        repeat(view, k)
        ids = torch.tensor(beams, device=self.mask.device).repeat(n, 1)
        mask = torch.cat([self.mask.repeat_interleave(k, 0), torch.ones_like(ids)], 1)
        positions = self.lengths.repeat_interleave(k)[:, None] + torch.arange(depth, device=ids.device)
        logits = run(model, ids, view, attention_mask=mask, position_ids=positions, logits_to_keep=1)
        return logits[:, -1].float().log_softmax(-1).view(n, k, -1)


def _padded(model: Any) -> bool:
    """Whether prompts of different lengths may share a batch: padding would enter a recurrent state, and where
    positions cannot be given, those behind it would be counted from the padding on."""
    return "position_ids" in takes(model) and not recurrent(empty(model))


class _Class:
    """One prompt set: mean next-token log-probabilities and probabilities per beam."""

    def __init__(self, model: Any, prompts: Sequence[Sequence[int]], batch: int) -> None:
        self._model = model
        order = sorted(prompts, key=len)  # neighbours of like length need little padding
        batch = batch if _padded(model) else 1
        self._batches = [_Batch(model, order[i : i + batch]) for i in range(0, len(order), batch)]
        self._n = len(order)
        self.prompt_tokens = sum(map(len, order))
        self.candidate_tokens = 0
        self.tokens_without_kv = self.prompt_tokens

    def __len__(self) -> int:
        return len(self._batches)

    def means(self, beams: Sequence[Tokens], tick: Callable[[], None]) -> tuple[NDArray[Any], NDArray[Any]]:
        """(mean log p, mean p) over the prompts, each [beams, V] in float64."""
        log_p: Any = 0.0
        p: Any = 0.0
        for batch in self._batches:
            values = batch.next_logprobs(self._model, beams)
            log_p = log_p + values.sum(0, dtype=torch.float64)
            p = p + values.exp().sum(0, dtype=torch.float64)
            self.candidate_tokens += batch.cost(beams)
            tick()
        if beams[0]:
            self.tokens_without_kv += len(beams) * (self.prompt_tokens + self._n * len(beams[0]))
        return (log_p / self._n).cpu().numpy(), (p / self._n).cpu().numpy()


def search(
    model: Any,
    harmful: Sequence[Sequence[int]],
    harmless: Sequence[Sequence[int]],
    *,
    forbidden: Iterable[int],
    options: SearchOptions | None = None,
    progress: Progress | None = None,
    known: Sequence[Candidate] = (),
    save: Callable[[Sequence[Candidate]], None] | None = None,
) -> Found:
    """All openings that survived, of every depth, ordered by depth, then sign (agreement first), then |Δ|.

    `harmful` and `harmless` are rendered prompts ending at the assistant header. `forbidden` tokens (special ones, end
    of turn) never stand in an opening. Deterministic: ties go to the smaller token ids. `save` is called with all
    openings so far after each depth; given back as `known`, the search goes on behind them and ends with the same.
    Raises `ArtifactError` when a set is empty or when no opening of one sign exists: the model does not tell the
    sets apart.
    """
    options = options or SearchOptions()
    if not harmful or not harmless:
        raise ArtifactError("the search needs both harmful and harmless prompts")
    good, bad = (_Class(model, prompts, options.batch) for prompts in (harmless, harmful))
    steps, done = options.depth * (len(good) + len(bad)), 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps)

    out: list[Candidate] = []
    beams: list[Tokens] = [()]
    gaps = np.zeros(1)  # Δ · length of each beam
    banned: NDArray[np.intp] | None = None
    for depth in range(1, options.depth + 1):
        good_log, good_p = good.means(beams, tick)
        bad_log, bad_p = bad.means(beams, tick)
        found = [c for c in known if len(c.tokens) == depth]
        if not found:
            if banned is None:
                vocabulary = good_log.shape[1]
                banned = np.array(sorted(t for t in set(forbidden) if t < vocabulary), dtype=np.intp)
                if len(banned) == vocabulary:
                    raise ArtifactError("every token is forbidden inside an opening")
            delta = (gaps[:, None] + good_log - bad_log) / depth
            likely = _top(good_p, banned, options.top_k) | _top(bad_p, banned, options.top_k)
            likely &= np.maximum(good_p, bad_p) >= options.min_p
            allowed = np.ones_like(likely)
            allowed[:, banned] = False
            chosen = _best(delta, likely, allowed, options.width)
            found = [Candidate((*beams[b], int(t)), float(delta[b, t])) for b, t in chosen]
        gaps = np.array([c.delta * depth for c in found])
        beams = [c.tokens for c in found]
        out += found
        if save is not None:
            save(out)
    return Found(
        out,
        good.prompt_tokens + bad.prompt_tokens,
        good.candidate_tokens + bad.candidate_tokens,
        good.tokens_without_kv + bad.tokens_without_kv,
    )


def _top(p: NDArray[Any], banned: NDArray[np.intp], k: int) -> NDArray[np.bool_]:
    """Per beam, a mask over the `k` likeliest tokens that are not banned."""
    p = p.copy()
    p[:, banned] = -1.0
    out = np.zeros(p.shape, dtype=bool)
    order = np.argsort(-p, axis=1, kind="stable")[:, : min(k, p.shape[1] - len(banned))]
    np.put_along_axis(out, order, True, axis=1)
    return out


def _best(
    delta: NDArray[Any], likely: NDArray[np.bool_], allowed: NDArray[np.bool_], width: int
) -> list[tuple[int, int]]:
    """(beam, token) of the `width` largest Δ > 0, then of the `width` most negative.

    When the likely tokens hold none of a sign, all allowed tokens are looked at: one sign must never starve.
    """
    out: list[tuple[int, int]] = []
    for sign, name in ((1.0, "agreement"), (-1.0, "refusal")):
        signed = sign * delta
        pool = likely & (signed > 0)
        if not pool.any():
            pool = allowed & (signed > 0)
        if not pool.any():
            raise ArtifactError(f"no {name} opening found: the model does not tell the harmful prompts apart")
        beams, tokens = np.nonzero(pool)
        order = np.argsort(-signed[beams, tokens], kind="stable")[:width]
        out += [(int(beams[i]), int(tokens[i])) for i in order]
    return out
