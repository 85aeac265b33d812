"""Model runner V1: writes each token's strength before every step. It has no seam, so one method is wrapped."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from steering.vllm_plugin.orders import Orders

_MODULE = "vllm.v1.worker.gpu_model_runner"
_MARK = "_guardchain_installed"


def install() -> None:
    """Idempotent; called when a steered model is built, which happens in workers only. Does nothing under V2."""
    module = sys.modules.get(_MODULE)
    if module is None or hasattr(module.GPUModelRunner, _MARK):
        return
    runner = module.GPUModelRunner
    runner._preprocess = _writing(runner._preprocess)
    setattr(runner, _MARK, True)


def token_strengths(orders: Orders, computed: int, scheduled: int) -> NDArray[np.float32]:
    """Strength of the `scheduled` tokens behind the first `computed` ones, [scheduled]."""
    out = np.zeros(scheduled, dtype=np.float32)
    first = max(orders.start - computed, 0)
    last = min(orders.end - computed, scheduled)
    if last > first:
        out[first : int(last)] = orders.strength
    return out


def _writing(original: Any) -> Any:
    @functools.wraps(original)
    def _preprocess(self: Any, scheduler_output: Any, num_input_tokens: int, *args: Any, **kwargs: Any) -> Any:
        decoder = getattr(self.get_model(), "model", None)
        strengths = getattr(decoder, "strengths", None)
        if strengths is not None:
            self._guardchain_steering = _write(
                self, scheduler_output, num_input_tokens, strengths, getattr(self, "_guardchain_steering", True)
            )
        return original(self, scheduler_output, num_input_tokens, *args, **kwargs)

    return _preprocess


def _write(runner: Any, scheduler_output: Any, padded: int, strengths: torch.Tensor, dirty: bool) -> bool:
    """Fill the buffer for this step; returns whether anything but zeros stands in it now."""
    batch, scheduled = runner.input_batch, scheduler_output.num_scheduled_tokens
    parts, steering = [], False
    for request, computed in zip(batch.req_ids, batch.num_computed_tokens_cpu, strict=False):
        params = runner.requests[request].sampling_params
        orders = Orders.trusted(params.extra_args if params is not None else None)
        steering = steering or orders.strength > 0
        parts.append((orders, int(computed), scheduled.get(request, 0)))
    if not steering:
        if dirty:
            strengths.zero_()
        return False
    values = np.concatenate([token_strengths(*part) for part in parts])
    strengths[: len(values)].copy_(torch.from_numpy(values))
    strengths[len(values) : max(padded, len(values))].zero_()
    return True
