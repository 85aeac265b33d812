"""Whether a model can be scored in this process at all: measured, once, on a few made-up tokens.

Hybrid and recurrent architectures differ in what they do with a state they are given: some leave it out of account
when several tokens follow, some keep it in the model and not in the cache, some compute other numbers step by step
than at once. None of that can be read off a config, and all of it makes wrong scores without an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from detectors.scorers.forward import prefill, probe_logprobs, takes
from detectors.scorers.layers import empty, fork, recurrent, unknown
from guard.errors import ArtifactError

_PROMPT, _BEGINNING, _PROBE = 24, 17, 5
_BRANCH = (0, 0, 0, 2)  # where each of the four probes leaves the first one
# Experts may be chosen otherwise after a rounding, at a token or two; what is wrong is wrong nearly everywhere.
_FEW = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """`continues`: a remembered beginning can be gone on from, many tokens at a time."""

    continues: bool


@torch.inference_mode()
def examine(model: Any, name: str) -> Found:
    """Compare scoring from a cache with a plain forward of the whole. Raises `ArtifactError` when the model `name`
    cannot be scored, or only with wrong numbers."""
    accepted = takes(model)
    if not accepted & {"past_key_values", "cache_params"}:
        raise _refusal(name, "it takes no cache")
    try:
        cache = empty(model)
        strange = unknown(cache)
    except Exception as error:
        raise _refusal(name, f"transformers makes no cache for it ({type(error).__name__})") from None
    if strange:
        raise _refusal(name, f"its cache has layers of a kind that is not supported: {', '.join(sorted(strange))}")
    try:
        return _measured(model, name)
    except ArtifactError:
        raise
    except Exception as error:
        raise _refusal(name, f"it fails on a prompt that continues a cache ({type(error).__name__})") from error


def _measured(model: Any, name: str) -> Found:
    size = model.get_input_embeddings().weight.shape[0]
    prompt = _ids(_PROMPT, size, 1)
    first = _ids(_PROBE, size, 2)
    probes = [first[:at] + _ids(_PROBE - at, size, 3 + i) if i else first for i, at in enumerate(_BRANCH)]
    cache, last = prefill(model, prompt)
    # The reference is computed in between: a state that is kept in the model instead of the cache is lost by that.
    logits = model(input_ids=torch.tensor([prompt + p for p in probes], device=model.device)).logits
    behind = logits[:, _PROMPT - 1 : -1].float()
    expected = behind.log_softmax(-1).gather(-1, torch.tensor(probes, device=behind.device).unsqueeze(-1)).squeeze(-1)
    tolerance = 2e-3 + 8 * torch.finfo(logits.dtype).eps * float(behind.abs().max())
    for _ in range(2):  # the second time shows whether the first wrote to the cache
        if not _same(probe_logprobs(model, cache, last, probes), expected, tolerance):
            raise _refusal(name, "transformers computes other numbers for it from a cache than without one")
    beginning, _ = prefill(model, prompt[:_BEGINNING])
    view, last = prefill(model, prompt[_BEGINNING:], fork(beginning))
    continues = _same(probe_logprobs(model, view, last, probes), expected, tolerance)
    if not continues and not recurrent(cache):
        raise _refusal(name, "transformers computes other numbers for it when a prompt continues a cache")
    return Found(continues)


def _same(got: list[list[float]], expected: Tensor, tolerance: float) -> bool:
    wrong = ~((torch.tensor(got) - expected.cpu()).abs() <= tolerance)  # NaN is wrong
    return float(wrong.float().mean()) <= _FEW


def _ids(n: int, size: int, seed: int) -> list[int]:
    """Distinct-looking token ids, the same on every machine; the lowest are mostly control tokens."""
    low = min(size // 4, 1000)
    return [low + (7919 * (31 * seed + i)) % (size - low) for i in range(n)]


def _refusal(name: str, why: str) -> ArtifactError:
    return ArtifactError(f"model {name!r} cannot be scored in this process: {why}; serve it with vLLM instead")
