"""Loading a causal LM and everything that belongs to it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from detectors.scorers.examine import examine
from detectors.scorers.layers import empty, recurrent
from detectors.scorers.template import ChatTemplate
from guard.assets import resolve
from guard.errors import ArtifactError, ConfigError, GuardError
from guard.model_identity import ModelIdentity
from proxy.upstream.embedded.kv import check_batches
from proxy.upstream.embedded.options import EmbeddedOptions
from proxy.upstream.embedded.vocabulary import Vocabulary

_FILES = ["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to run, its tokenizer, and the numbers that bound requests.

    `eos` are the ids that end an answer, `context` the most tokens of prompt and answer together.
    `defaults` are the model's own sampling settings (temperature, top_p, top_k), for requests that name none;
    a generation_config that says `do_sample: false` means temperature 0.
    """

    model: Any
    tokenizer: Any
    identity: ModelIdentity
    template: ChatTemplate
    vocabulary: Vocabulary
    eos: frozenset[int]
    context: int
    vocabulary_size: int
    defaults: dict[str, float]


def load_model(options: EmbeddedOptions) -> LoadedModel:
    """Load what `options.model` names; blocks for seconds to minutes.

    Only a hub id reaches out to the network, and only when its files are not in the local hub cache.
    Raises `ConfigError` for a reference that names nothing, `ArtifactError` for a model that cannot serve.
    """
    directory = locate(options.model)
    identity = ModelIdentity.of(directory, name=options.public_name)
    disable_progress_bar()  # a server's log is no place for one
    try:
        tokenizer = AutoTokenizer.from_pretrained(directory)
        # With the attention its authors chose: not every architecture has the fused one.
        model = AutoModelForCausalLM.from_pretrained(directory, dtype=getattr(torch, options.dtype))
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise ArtifactError(
            f"{options.model} could not be loaded as a causal language model ({type(error).__name__}): "
            "it needs config.json, tokenizer files and *.safetensors of an architecture that transformers knows"
        ) from error
    return assemble(model, tokenizer, identity)


def assemble(model: Any, tokenizer: Any, identity: ModelIdentity) -> LoadedModel:
    """Check that a model in memory can be served and read its limits. Raises `ArtifactError` when it cannot."""
    model.eval()
    config = model.config.get_text_config(decoder=True)
    examine(model, identity.name)
    if recurrent(empty(model)):
        raise ArtifactError(f"{identity.name} keeps a recurrent state, which prompt sharing cannot copy; use another")
    check_batches(model, identity.name)
    context = getattr(config, "max_position_embeddings", None)
    if not context:
        raise ArtifactError(f"{identity.name} does not say its context length (max_position_embeddings)")
    generation = getattr(model, "generation_config", None)
    # Only settings the model's authors wrote down count, not the library's fallbacks.
    written = generation.to_diff_dict() if generation is not None else {}
    defaults = {key: float(written[key]) for key in ("temperature", "top_p", "top_k") if written.get(key) is not None}
    if written.get("do_sample") is False:
        defaults = {"temperature": 0.0}
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        identity=identity,
        template=ChatTemplate(tokenizer),
        vocabulary=Vocabulary(tokenizer),
        eos=_end_tokens(generation, config, tokenizer, identity.name),
        context=int(context),
        vocabulary_size=int(config.vocab_size),
        defaults=defaults,
    )


def digests(options: EmbeddedOptions) -> tuple[str, ...] | None:
    """What tells the files of a model and its subspace from others under their names; None: they cannot be read.

    What a hub id names is not looked at: its files never change.
    """
    try:
        directory = Path(resolve(options.model, "model")).expanduser()
        of = ModelIdentity.of(directory) if directory.is_dir() else None
        subspace = Path(resolve(options.steering, "steering")).read_bytes() if options.steering is not None else b""
    except (GuardError, OSError, ValueError):
        return None
    return (*(of.to_dict().values() if of else ()), hashlib.sha256(subspace).hexdigest())


def locate(reference: str) -> Path:
    """The local directory of a model. Raises `ConfigError` saying what to do when there is none."""
    path = Path(resolve(reference, "model")).expanduser()
    if path.is_dir():
        return path
    if path.is_absolute() or reference.startswith((".", "~")) or reference.count("/") != 1:
        raise ConfigError(f"model {reference!r} is not a directory; give one, a hub id (owner/name) or bundled:<name>")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(reference, allow_patterns=_FILES))
    except Exception as error:
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise ConfigError(
            f"model {reference!r} is neither a directory nor could it be fetched from the hub{offline}: "
            f"{type(error).__name__}; download it first or check name and network"
        ) from error


def _end_tokens(generation: Any, config: Any, tokenizer: Any, name: str) -> frozenset[int]:
    for source in (generation, config, tokenizer):
        ids = getattr(source, "eos_token_id", None)
        if ids is not None and ids != []:
            return frozenset(ids if isinstance(ids, list | tuple) else [ids])
    raise ArtifactError(f"{name} names no end token (eos_token_id); its answers would never end")
