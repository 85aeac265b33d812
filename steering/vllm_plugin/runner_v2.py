"""Model runner V2: the model brings a state of its own, which the runner asks before every step."""

from __future__ import annotations

from typing import Any

import torch
from vllm.v1.worker.gpu.buffer_utils import UvaBackedTensor
from vllm.v1.worker.gpu.model_states.default import DefaultModelState

from steering.vllm_plugin.orders import Orders

_NEVER = 1 << 62


class SteeredModelState(DefaultModelState):
    """Strength, first and last position of every request slot; spread over the tokens of each step on the device.

    Steps that turn nobody are told from what the host knows, and write nothing.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._strength = UvaBackedTensor(self.max_num_reqs, dtype=torch.float32)
        self._start = UvaBackedTensor(self.max_num_reqs, dtype=torch.int64)
        self._end = UvaBackedTensor(self.max_num_reqs, dtype=torch.int64)
        self._staged = True
        self._clean = False

    def add_request(self, req_index: int, new_req_data: Any) -> None:
        super().add_request(req_index, new_req_data)
        params = new_req_data.sampling_params
        orders = Orders.trusted(params.extra_args if params is not None else None)
        self._strength.np[req_index] = orders.strength
        self._start.np[req_index] = orders.start
        self._end.np[req_index] = _NEVER if orders.window is None else orders.start + orders.window
        self._staged = True

    def apply_staged_writes(self) -> None:
        super().apply_staged_writes()
        if self._staged:
            for tensor in (self._strength, self._start, self._end):
                tensor.copy_to_uva()
            self._staged = False

    def prepare_inputs(self, input_batch: Any, req_states: Any) -> dict[str, Any]:
        if self._turns(input_batch):
            self._fill(input_batch)
            self._clean = False
        elif not self._clean:
            self.model.model.strengths.zero_()
            self._clean = True
        inputs: dict[str, Any] = super().prepare_inputs(input_batch, req_states)
        return inputs

    def _turns(self, input_batch: Any) -> bool:
        """Whether any token of this step is turned. The host's count of computed tokens is exact without speculative
        decoding, which `admission` refuses."""
        slots = input_batch.idx_mapping_np
        steered = self._strength.np[slots] > 0
        if not steered.any():
            return False
        first = input_batch.num_computed_tokens_np
        last = first + input_batch.num_scheduled_tokens
        return bool((steered & (self._start.np[slots] < last) & (self._end.np[slots] > first)).any())

    def _fill(self, input_batch: Any) -> None:
        strengths, n = self.model.model.strengths, input_batch.num_tokens
        ends = input_batch.query_start_loc[1 : input_batch.num_reqs + 1]
        token = torch.arange(n, device=self.device, dtype=ends.dtype)
        slot = input_batch.idx_mapping[torch.searchsorted(ends, token, right=True)]
        position = input_batch.positions[:n]
        turned = (position >= self._start.gpu[slot]) & (position < self._end.gpu[slot])
        strengths[:n] = torch.where(turned, self._strength.gpu[slot], 0.0)
        strengths[n : input_batch.num_tokens_after_padding].zero_()
