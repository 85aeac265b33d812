"""What the transformer of `recipes.ner.transformer` thinks of texts that nobody annotated, for the small tagger to learn from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModelForTokenClassification, PreTrainedTokenizerFast

from recipes.ner.text import LABELS, Example, recased
from sanitizers.detect.ner_text import clear

_BATCH = 6_000  # word pieces, padding included
Opinion = tuple[npt.NDArray[np.int32], npt.NDArray[np.float16]]


def opinions(folder: Path, texts: Sequence[str], half: bool = False) -> list[Opinion]:
    """For each text, where its word pieces begin, and the probabilities of no label and of each label [pieces, 7]."""
    own = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
    model = AutoModelForTokenClassification.from_pretrained(folder, local_files_only=True).float().eval()
    made = [own(clear(t), truncation=True, max_length=256, return_offsets_mapping=True) for t in texts]
    order = sorted(range(len(texts)), key=lambda i: len(made[i]["input_ids"]))
    out: dict[int, Opinion] = {}
    at = 0
    while at < len(order):
        group = [order[at]]
        while (
            at + len(group) < len(order) and (len(group) + 1) * len(made[order[at + len(group)]]["input_ids"]) <= _BATCH
        ):
            group.append(order[at + len(group)])
        at += len(group)
        longest = max(len(made[i]["input_ids"]) for i in group)
        ids = torch.zeros(len(group), longest, dtype=torch.long)
        for row, i in enumerate(group):
            ids[row, : len(made[i]["input_ids"])] = torch.tensor(made[i]["input_ids"])
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
            scores = model(input_ids=ids, attention_mask=(ids != 0).long()).logits.float().softmax(-1)
        by_label = torch.cat((scores[..., :1], scores[..., 1:].unflatten(-1, (len(LABELS), 2)).sum(-1)), -1).numpy()
        for row, i in enumerate(group):
            n = len(made[i]["input_ids"])
            starts = np.array([a for a, _ in made[i]["offset_mapping"][1 : n - 1]], np.int32)
            out[i] = starts, by_label[row, 1 : n - 1].astype(np.float16)
    return [out[i] for i in range(len(texts))]


class Teacher:
    """Texts with opinions on them, kept in `cache` between runs."""

    def __init__(self, folder: Path, texts: Sequence[Example], cache: Path, half: bool = False) -> None:
        self.examples = list(texts)
        if cache.exists():
            kept = np.load(cache)
            cuts = kept["cuts"]
            held = list(zip(np.split(kept["starts"], cuts), np.split(kept["held"], cuts), strict=True))
        else:
            held = opinions(folder, [e.text for e in self.examples], half)
            cuts = np.cumsum([len(starts) for starts, _ in held])[:-1]
            np.savez(
                cache, cuts=cuts, starts=np.concatenate([s for s, _ in held]), held=np.concatenate([h for _, h in held])
            )
        if len(held) != len(self.examples):
            raise SystemExit(f"{cache} was made for other texts: delete it")
        self._held = {e.text.lower(): opinion for e, opinion in zip(self.examples, held, strict=True)}

    def sample(self, rng: random.Random, count: int) -> list[Example]:
        """Some of the texts, a tenth of them in lower case: there the teacher's opinion is of the text as it was."""
        found = []
        for example in rng.sample(self.examples, min(count, len(self.examples))):
            if rng.random() < 0.1:
                text, spans = recased((example.text, list(example.spans)), "lower")
                example = Example(text, tuple(spans), example.unsaid, example.unknown)
            found.append(example)
        return found

    def __call__(self, example: Example, tokens: Sequence[tuple[int, int, str]]) -> npt.NDArray[np.float16] | None:
        """The opinion on each token [tokens, 1 + labels]: that on the piece in which it begins."""
        opinion = self._held.get(example.text.lower())
        if opinion is None or not len(opinion[0]):
            return None
        starts, held = opinion
        begins = np.array([t[0] for t in tokens])
        row = np.searchsorted(starts, begins, side="right") - 1
        out = held[np.maximum(row, 0)].copy()
        out[(row < 0) | (begins > starts[-1])] = np.nan  # before the first piece, or behind what was read
        return out
