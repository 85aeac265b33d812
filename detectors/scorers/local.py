"""A scorer over a transformers model in this process: for libraries, the CLI, and upstreams that cannot score."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from detectors.scorers.base import Message, Scored, Tool
from detectors.scorers.examine import examine
from detectors.scorers.forward import prefill, probe_logprobs, probe_tokens
from detectors.scorers.layers import croppable, fork
from detectors.scorers.template import ChatTemplate
from guard.errors import ArtifactError, CheckUnavailable
from guard.model_identity import ModelIdentity

_CHECK = "probe"
_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]


class LocalScorer:
    """Scores with a transformers causal LM; remembers the KV of recent prompts.

    The model runs in one worker thread of its own, never on the event loop. A prompt that begins like a remembered
    one pays for its new tokens only. `cache_tokens` bounds the remembered tokens, `max_queue` the waiting calls
    (beyond it: `CheckUnavailable("probe", "queue_full")`). A call that was cancelled before its turn costs nothing.
    """

    reads_first_token = True

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        identity: ModelIdentity,
        *,
        cache_tokens: int = 8192,
        max_queue: int = 64,
    ) -> None:
        """Raises `ArtifactError` when the tokenizer has no chat template, or one without an assistant header, and when
        the model's cache cannot be scored on (see `examine`)."""
        self.model = model.eval()
        self._continues = examine(self.model, identity.name).continues
        self.tokenizer = tokenizer
        self.identity = identity
        self.dtype = str(model.dtype).removeprefix("torch.")
        self.vocabulary_size = int(model.config.get_text_config().vocab_size)
        self.tokens_computed = 0
        self.cached_tokens = 0
        self._limit = getattr(model.config, "max_position_embeddings", None)
        self._max_queue = max_queue
        self._template = ChatTemplate(tokenizer, skip_media=True)
        self._waiting = 0
        self._prompts = _Prompts(cache_tokens, continues=self._continues)
        self._tokenizing = threading.Lock()  # fast tokenizers refuse to be borrowed twice
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="scorer")

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        dtype: str = "float32",
        device: str = "cpu",
        threads: int | None = None,
        **options: Any,
    ) -> LocalScorer:
        """Load a model directory, or a hub id that transformers can find. Other options go to the constructor.

        Raises `ArtifactError` when there is no such model, and as the constructor does.
        """
        from huggingface_hub import snapshot_download
        from transformers import AutoModelForCausalLM, AutoTokenizer

        name = str(path)
        try:
            root = Path(path) if Path(path).is_dir() else Path(snapshot_download(name, allow_patterns=_FILES))
            tokenizer = AutoTokenizer.from_pretrained(root)
            model = AutoModelForCausalLM.from_pretrained(root, dtype=getattr(torch, dtype)).to(device)
        except (OSError, ValueError, AttributeError, KeyError, RuntimeError, ImportError) as error:
            raise ArtifactError(f"cannot load model {name!r}: {type(error).__name__}: {error}") from None
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(model, tokenizer, ModelIdentity.of(root, name=Path(name).name), **options)

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> list[int]:
        """See `Scorer.render`. Parts that are no text are left out: this model cannot see them."""
        with self._tokenizing:
            return self._template.answer_start(messages, tools)

    def fits(self, tokens: int) -> bool:
        """Whether the model takes so many."""
        return self._limit is None or tokens <= self._limit

    def refuse_too_long(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> None:
        """Raises `CheckUnavailable` `too_long` for what needs no tokenising to be known as that."""
        if self._limit is not None and self._template.fewest(messages, tools) > self._limit:
            raise CheckUnavailable(_CHECK, "too_long")

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """See `Scorer.score`. Raises `CheckUnavailable` with reason `queue_full` or `too_long`."""
        if not self.fits(len(prompt) + max(map(len, probes), default=0)):
            raise CheckUnavailable(_CHECK, "too_long")
        if self._waiting >= self._max_queue:
            raise CheckUnavailable(_CHECK, "queue_full")
        future = self._worker.submit(self.score_now, tuple(prompt), probes)
        self._waiting += 1
        # Counted until the worker is done with it, not until the caller stops waiting: a deadline must not
        # let an unbounded backlog grow behind it.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: _quietly(loop, self._done))
        return await asyncio.wrap_future(future)

    def score_now(self, prompt: tuple[int, ...], probes: Sequence[Sequence[int]]) -> Scored:
        """The same in the calling thread; for scripts that have no event loop and share the scorer with nobody."""
        cache, last, cached = self._prompt(prompt)
        rows = probe_logprobs(self.model, cache, last, probes)
        computed = len(prompt) - cached + probe_tokens(probes)
        self.tokens_computed += computed
        self.cached_tokens += cached
        return Scored(rows, computed, cached)

    def first_token(self, prompt: tuple[int, ...]) -> NDArray[np.float32]:
        """Log-probabilities of the first answer token, [V]; in the calling thread, like `score_now`."""
        _, last, _ = self._prompt(prompt)
        return np.asarray(last.float().log_softmax(-1).cpu().numpy(), dtype=np.float32)

    def _prompt(self, prompt: tuple[int, ...]) -> tuple[Any, Tensor, int]:
        """(cache, last logits, tokens that were cached) of a prompt."""
        cache, last, cached = self._prompts.longest(prompt)
        if last is None:
            cache, last = prefill(self.model, prompt[cached:], cache)
            self._prompts.put(prompt, cache, last)
        return cache, last, cached

    def forget(self) -> None:
        """Drop all remembered prompts: what is scored next does not depend on what was scored before, to the last bit.

        In the calling thread, like `score_now`.
        """
        self._prompts = _Prompts(self._prompts.max_tokens, continues=self._continues)

    def close(self) -> None:
        """Stop the worker; calls that wait are cancelled."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _done(self) -> None:
        self._waiting -= 1


class _Prompts:
    """Least-recently-used memory of prompt KV, bounded by tokens. Without `continues` only whole prompts are found."""

    def __init__(self, max_tokens: int, *, continues: bool = True) -> None:
        self.max_tokens = max_tokens
        self._continues = continues
        self._entries: OrderedDict[tuple[int, ...], tuple[Any, Tensor]] = OrderedDict()

    def longest(self, prompt: tuple[int, ...]) -> tuple[Any, Tensor | None, int]:
        """(cache, last logits or None, tokens) for the longest remembered beginning of `prompt`; the cache is private
        unless the whole prompt was remembered."""
        if (hit := self._entries.get(prompt)) is not None:
            self._entries.move_to_end(prompt)
            return *hit, len(prompt)
        # The last token is computed again in any case: its logits are what the first probe token needs.
        best, shared = None, 0
        for known in self._entries if self._continues else ():
            n = _shared(known, prompt, at_most=len(prompt) - 1)
            if n > shared and (n == len(known) or croppable(self._entries[known][0])):
                best, shared = known, n
        if best is None:
            return None, None, 0
        self._entries.move_to_end(best)
        cache = fork(self._entries[best][0])
        if shared < len(best):
            cache.crop(shared - len(best))
        return cache, None, shared

    def put(self, prompt: tuple[int, ...], cache: Any, last: Tensor) -> None:
        if len(prompt) > self.max_tokens:
            return
        self._entries[prompt] = (cache, last)
        total = sum(map(len, self._entries))
        while total > self.max_tokens:
            total -= len(self._entries.popitem(last=False)[0])


def _shared(a: tuple[int, ...], b: tuple[int, ...], at_most: int) -> int:
    n = 0
    for x, y in zip(a[:at_most], b, strict=False):
        if x != y:
            break
        n += 1
    return n


def _quietly(loop: asyncio.AbstractEventLoop, callback: Any) -> None:
    """Run `callback` on the loop; a loop that is gone needs no bookkeeping."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
