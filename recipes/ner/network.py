"""The network of `sanitizers.detect.ner_tagger` in PyTorch, for training; and its export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

DILATIONS = (1, 2, 4, 8, 1)


class Network(nn.Module):
    """Token features [batch, time] to log-probabilities of tags [batch, time, tags]."""

    def __init__(self, rows: int, width: int, dense: int, tags: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(rows, width, mode="sum")
        nn.init.normal_(self.table.weight, std=0.1)
        self.project = nn.Linear(dense, width, bias=False)
        self.mix = nn.ModuleList(nn.Linear(3 * width, width) for _ in DILATIONS)
        self.out = nn.Linear(width, tags)
        self.rate = dropout
        self.width = width

    def embed(self, ids: Tensor, dense: Tensor, keep: Tensor | None = None) -> Tensor:
        """ids [tokens, columns], dense [tokens, width]; `keep` [tokens, columns] drops single features."""
        embedded: Tensor = self.table(ids, per_sample_weights=keep) + self.project(dense)
        return embedded

    def _drop(self, x: Tensor) -> Tensor:
        """Dropout of whole channels of a text: as good, and without a random number for every value."""
        if not self.training:
            return x
        return x * ((torch.rand(x.shape[0], 1, self.width) > self.rate).to(x.dtype) / (1 - self.rate))

    def forward(self, x: Tensor, mask: Tensor, half: bool = False) -> Tensor:
        """x [batch, time, width], mask [batch, time] of 1 where there is a token. `half`: products in bfloat16."""
        x = self._drop(x)
        weight = mask[..., None]
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            for mix, d in zip(self.mix, DILATIONS, strict=True):
                h = nnf.layer_norm(x, (self.width,)) * weight
                h = h.bfloat16() if half else h
                before = nnf.pad(h, (0, 0, d, 0))[:, : h.shape[1]]
                behind = nnf.pad(h, (0, 0, 0, d))[:, d:]
                x = x + self._drop(nnf.relu(mix(torch.cat((before, h, behind), -1))))
            scores = self.out(nnf.layer_norm(x, (self.width,)))
        return nnf.log_softmax(scores.float(), -1)

    def restore(self, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Take the weights that `arrays` wrote; those of the features are passed over."""
        given = {k: torch.from_numpy(np.asarray(v).astype(np.float32)) for k, v in arrays.items() if "." not in k}
        with torch.no_grad():
            self.table.weight.copy_(given["table"] * given["table_scale"][:, None])
            self.project.weight.copy_(given["project"].T)
            self.out.weight.copy_(given["out"].T)
            self.out.bias.copy_(given["out_shift"])
            for i, mix in enumerate(self.mix):
                mix.weight.copy_(given[f"mix_{i}"].T)
                mix.bias.copy_(given[f"shift_{i}"])

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Weights as the tagger reads them: the table in int8 with one scale a row, the rest in float16."""
        table = self.table.weight.detach().numpy()
        scale = np.maximum(np.abs(table).max(1), 1e-6) / 127
        out: dict[str, Any] = {
            "table": np.round(table / scale[:, None]).astype(np.int8),
            "table_scale": scale.astype(np.float16),
            "project": self.project.weight.detach().numpy().T,
            "out": self.out.weight.detach().numpy().T,
            "out_shift": self.out.bias.detach().numpy(),
        }
        for i, mix in enumerate(self.mix):
            out[f"mix_{i}"] = mix.weight.detach().numpy().T
            out[f"shift_{i}"] = mix.bias.detach().numpy()
        return {
            k: np.ascontiguousarray(v.astype(np.float16) if v.dtype == np.float32 else v) for k, v in out.items()
        }  # fmt: skip
