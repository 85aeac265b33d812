"""Model runner V1: writes each token's strength before every step. It has no seam, so one method is wrapped."""

from __future__ import annotations

import functools
import sys
from typing import Any

import numpy as np
import torch

from steering.vllm_plugin.orders import Orders

_MODULE = "vllm.v1.worker.gpu_model_runner"
_MARK = "_guardchain_installed"
_WRITER = "_guardchain_writer"


def install() -> None:
    """Idempotent; called when a steered model is built, which happens in workers only. Does nothing under V2."""
    module = sys.modules.get(_MODULE)
    if module is None or hasattr(module.GPUModelRunner, _MARK):
        return
    runner = module.GPUModelRunner
    runner._preprocess = _writing(runner._preprocess)
    setattr(runner, _MARK, True)


def span(orders: Orders, computed: int, scheduled: int) -> slice:
    """Which of the `scheduled` tokens behind the first `computed` ones are turned; empty when none is."""
    first = max(orders.start - computed, 0)
    return slice(first, max(int(min(orders.end - computed, scheduled)), first))


class Writer:
    """Fills one model's buffer of strengths. It remembers the steered requests only, and whether the buffer is clean:
    a step that turns nobody looks at no request and writes nothing."""

    def __init__(self, strengths: torch.Tensor) -> None:
        self._strengths = strengths
        self._orders: dict[str, Orders] = {}
        self._clean = False

    def write(self, runner: Any, scheduler_output: Any, padded: int) -> None:
        """For the step that `runner` is about to take, `padded` tokens long."""
        for new in scheduler_output.scheduled_new_reqs:
            orders = Orders.trusted(new.sampling_params.extra_args if new.sampling_params is not None else None)
            self._orders.pop(new.req_id, None)  # an id may come again
            if orders.strength > 0:
                self._orders[new.req_id] = orders
        values = self._values(runner, scheduler_output.num_scheduled_tokens) if self._orders else None
        if values is not None:
            self._strengths[: len(values)].copy_(torch.from_numpy(values))
            self._strengths[len(values) : max(padded, len(values))].zero_()
            self._clean = False
        elif not self._clean:
            self._strengths.zero_()
            self._clean = True

    def _values(self, runner: Any, scheduled: dict[str, int]) -> np.ndarray[Any, np.dtype[np.float32]] | None:
        """A strength per token of the step; None when all are 0."""
        batch, turned = runner.input_batch, []
        for request, orders in list(self._orders.items()):
            if request not in runner.requests:
                del self._orders[request]
                continue
            row = batch.req_id_to_index.get(request)  # None: preempted, and comes again
            if row is not None:
                where = span(orders, int(batch.num_computed_tokens_cpu[row]), scheduled.get(request, 0))
                if where.start < where.stop:
                    turned.append((row, where, orders.strength))
        if not turned:
            return None
        ends = np.cumsum([scheduled.get(request, 0) for request in batch.req_ids])
        values = np.zeros(ends[-1], dtype=np.float32)
        for row, where, strength in turned:
            begin = ends[row - 1] if row else 0
            values[begin + where.start : begin + where.stop] = strength
        return values


def _writing(original: Any) -> Any:
    @functools.wraps(original)
    def _preprocess(self: Any, scheduler_output: Any, num_input_tokens: int, *args: Any, **kwargs: Any) -> Any:
        writer = self.__dict__.get(_WRITER) or _writer_of(self)
        if writer is not None:
            writer.write(self, scheduler_output, num_input_tokens)
        return original(self, scheduler_output, num_input_tokens, *args, **kwargs)

    return _preprocess


def _writer_of(runner: Any) -> Writer | None:
    """Made at the runner's first step; None when its model is not one of ours."""
    strengths = getattr(getattr(runner.get_model(), "model", None), "strengths", None)
    if strengths is None:
        return None
    writer = Writer(strengths)
    setattr(runner, _WRITER, writer)
    return writer
