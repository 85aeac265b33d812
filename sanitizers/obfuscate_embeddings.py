"""Token embeddings of a Hugging Face model, read from its weights without loading the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guard.assets import resolve
from guard.errors import ConfigError

_NAMES = ("embed_tokens.weight", "wte.weight", "word_embeddings.weight", "tok_embeddings.weight")
_TYPES: Mapping[str, Any] = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
_LATIN = re.compile(r"[a-z]{4,}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,4}")


@dataclass(frozen=True, slots=True)
class Embeddings:
    """`matrix` (vocabulary, d) and the tokenizer that goes with it (`tokenizers.Tokenizer`)."""

    matrix: NDArray[np.float32]
    tokenizer: Any

    @classmethod
    def load(cls, model: str) -> Embeddings:
        """From `bundled:<name>`, a local directory or a hub id. Raises `ConfigError` when there is no such model."""
        from tokenizers import Tokenizer

        folder = _folder(resolve(model, "model"))
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            return cls(_matrix(folder), tokenizer)
        except (OSError, ValueError, KeyError, StopIteration) as error:
            raise ConfigError(f"no token embeddings can be read from {model!r} ({type(error).__name__})") from None
        except Exception:  # tokenizers raises bare ones
            raise ConfigError(f"{model!r} has no usable tokenizer.json") from None

    def vector(self, word: str) -> NDArray[np.float32]:
        """(d,) mean embedding of the tokens that a word has inside a sentence."""
        ids = self.tokenizer.encode(f" {word}", add_special_tokens=False).ids
        return np.asarray(self.matrix[ids].mean(axis=0))

    def words(self, most: int) -> tuple[Sequence[str], Sequence[str]]:
        """Whole words that are one token, the most frequent first (by token id): Latin ones, Chinese ones."""
        latin: dict[str, None] = {}
        chinese: dict[str, None] = {}
        for index in range(min(self.tokenizer.get_vocab_size(), len(self.matrix))):
            text = self.tokenizer.decode([index], skip_special_tokens=True)
            if text[:1] == " " and _LATIN.fullmatch(text[1:]):
                latin.setdefault(text[1:])
            elif _CHINESE.fullmatch(text):
                chinese.setdefault(text)
        return list(latin)[:most], list(chinese)[:most]

    def split(self, run: str) -> list[tuple[int, int]]:
        """Where the tokens of a run of Chinese characters lie, those of two characters and more."""
        offsets = self.tokenizer.encode(run, add_special_tokens=False).offsets
        return [(a, b) for a, b in offsets if b - a > 1]


def _folder(model: str) -> Path:
    folder = Path(model)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(model, allow_patterns=["*.safetensors", "*.safetensors.index.json", "tokenizer.json"])
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ConfigError(f"no model {model!r} here or on the hub ({type(error).__name__})") from None


def _matrix(folder: Path) -> NDArray[np.float32]:
    """The embedding table, also where the weights are spread over several files."""
    for file in sorted(folder.glob("*.safetensors")):
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
            name = next((n for n in header if n.endswith(_NAMES)), None)
            if name is None:
                continue
            start = stream.tell()
            entry = header[name]
            begin, end = entry["data_offsets"]
            stream.seek(start + begin)
            raw = np.frombuffer(stream.read(end - begin), dtype=_TYPES[entry["dtype"]]).reshape(entry["shape"])
        if entry["dtype"] == "BF16":  # the upper half of a float32
            return np.left_shift(raw.astype(np.uint32), 16).view(np.float32)
        return raw.astype(np.float32)
    raise StopIteration
