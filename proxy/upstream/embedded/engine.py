"""The thread that owns the model: admits jobs, shares prompt KV, steps all running sequences together."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from guard.errors import GuardError, UpstreamError
from proxy.upstream.embedded.jobs import Generate, Job, Score, Slices, prefill
from proxy.upstream.embedded.kv import BatchState, PromptState
from proxy.upstream.embedded.prefix_cache import PrefixCache
from proxy.upstream.embedded.sequence import Piece, TokenLogprob
from proxy.upstream.embedded.sequence import Sequence as Choice

if TYPE_CHECKING:
    from steering.hooks import Steerer

_log = logging.getLogger(__name__)

PREFILL_CHUNK = 512  # prompt tokens computed between two steps of the running streams
SCORES_PER_PLACE = 4  # scores that may wait for each request that may
RETRY_AFTER = 1.0  # seconds a client is told to wait when the queue is full


class Engine:
    """Iteration-level scheduler over one model.

    Each round runs one slice of the job in front (a prefill chunk, the probes of a prompt, one text to embed) and
    one step of the batch of all running sequences, whatever request they belong to. `submit` and `Job.cancel`
    may be called from any thread; everything else happens on the engine's own.
    """

    def __init__(
        self,
        model: Any,
        *,
        max_queue: int,
        max_active: int,
        cache_tokens: int,
        threads: int = 1,
        steerer: Steerer | None = None,
    ) -> None:
        self.model = model
        self.cache = PrefixCache(cache_tokens)
        self.max_active = max_active
        self._steerer = steerer
        self._max_queue = max_queue
        self._threads = threads
        self._queue: deque[Job] = deque()
        self._front: tuple[Job, Slices] | None = None
        self._batch = BatchState()
        self._running: list[tuple[Generate, Choice]] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._live, name="embedded-engine", daemon=True)

    def start(self) -> None:
        if self._steerer is not None:
            self._steerer.install()
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._stopping

    @property
    def active(self) -> int:
        """Sequences generating now."""
        return len(self._running)

    @property
    def can_steer(self) -> bool:
        return self._steerer is not None

    def submit(self, *jobs: Job) -> None:
        """Queue jobs, all or none. Raises `UpstreamError` 429 when the queue is full, 503 when the engine is down."""
        with self._wake:
            if not self.alive:
                raise UpstreamError("the embedded model is not running", reason="stopped", status=503)
            self._queue = deque(job for job in self._queue if not job.cancelled)
            # Scores wait in a longer queue of their own: a request is scored before it generates, and were it refused
            # there, its client would hear of a guard that failed (503) and not of a model that is busy (429).
            scores = all(isinstance(job, Score) for job in jobs)
            waiting = sum(isinstance(job, Score) == scores for job in self._queue)
            bound = self._max_queue * (SCORES_PER_PLACE if scores else 1)
            # Every waiting job counts, but an empty queue takes a request with any number of prompts.
            if waiting and waiting + len(jobs) > bound:
                raise UpstreamError(
                    "the embedded model's queue is full", reason="queue_full", status=429, retry_after=RETRY_AFTER
                )
            self._queue.extend(jobs)
            self._wake.notify()

    def close(self, timeout: float = 10.0) -> None:
        """Stop the thread; jobs that still run fail with `UpstreamError` 503."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)
        if self._steerer is not None:
            self._steerer.remove()

    # --- for jobs, on the engine thread ---

    def prefill(
        self, tokens: tuple[int, ...], heard: list[TokenLogprob] | None = None, top: int = 0
    ) -> Generator[None, None, tuple[PromptState, int]]:
        """The unsteered state of a prompt and how many of its tokens came from the cache; the state is kept there.

        With `heard`, nothing is read from the cache and each prompt token's log-probability is appended.
        """
        found, shared = self.cache.lookup(tokens) if heard is None else (None, 0)
        if found is not None and found.tokens == tokens:
            return found, shared
        # Logits are kept for the last token only: a prompt that is the start of a longer one repeats that token.
        shared = min(shared, len(tokens) - 1)
        hear = None if heard is None else (heard, top)
        state = yield from prefill(self.model, found, shared, tokens, PREFILL_CHUNK, hear)
        self.cache.store(state)
        return state, shared

    def require_steerer(self) -> None:
        """Raises `UpstreamError` where there is nothing to steer by."""
        if self._steerer is None:
            raise UpstreamError("the embedded model has no subspace to steer by", reason="cannot_steer", status=500)

    def join(self, job: Generate, state: PromptState, choices: Sequence[Choice]) -> None:
        """Let choices go on in the batch from `state`. One without a token yet is fed the prompt's last one.

        Rotated KV lives in rows of the batch only, so none of it is ever stored.
        """
        if choices:
            self._batch.join(state, len(choices))
            self._running += [(job, choice) for choice in choices]

    # --- the loop ---

    def _live(self) -> None:
        torch.set_num_threads(self._threads)
        error: Exception = UpstreamError("the embedded model was shut down", reason="stopped", status=503)
        try:
            with torch.inference_mode():
                while not self._stopping:
                    self._wait()
                    self._advance_front()
                    self._step()
        except BaseException as broken:
            _log.critical("the embedded engine died: %s", type(broken).__name__)
            error = UpstreamError("the embedded model died", reason="engine_died", status=503)
            raise
        finally:
            self._stopping = True
            self._abandon(error)

    def _wait(self) -> None:
        with self._wake:
            while not (self._stopping or self._queue or self._front or self._running):
                self._wake.wait()

    def _advance_front(self) -> None:
        if self._front is None:
            job = self._next()
            if job is None:
                return
            self._front = job, job.run(self)
        job, slices = self._front
        if job.cancelled:
            slices.close()
            self._front = None
            return
        try:
            next(slices)
        except StopIteration:
            self._front = None
        except Exception as error:
            self._front = None
            job.fail(_for_client(error))

    def _next(self) -> Job | None:
        """The first waiting job that fits. Generations keep their order; scores and embeddings may pass them."""
        with self._wake:
            room = self.max_active - len(self._running)
            blocked = False
            for at, job in enumerate(self._queue):
                # A request with more choices than may ever be active runs when nothing else does.
                if job.rows and not job.cancelled and (blocked or (self._running and job.rows > room)):
                    blocked = True
                    continue
                del self._queue[at]
                return job
            return None

    def _step(self) -> None:
        self._drop([n for n, (job, _) in enumerate(self._running) if job.cancelled])
        if not self._running:
            return
        try:
            logits = self._forward()
        except Exception as error:
            # The KV of all rows may be half written: nobody can go on.
            failed = {id(job): job for job, _ in self._running}
            self._drop(range(len(self._running)))
            for job in failed.values():
                job.fail(_for_client(error))
            return
        news: dict[int, tuple[Generate, list[Piece]]] = {}
        for (job, choice), row in zip(self._running, logits, strict=True):
            if job.cancelled:
                continue
            try:
                piece = choice.push(row)
                if piece.text or piece.logprobs or piece.finish:
                    news.setdefault(id(job), (job, []))[1].append(piece)
            except Exception as error:
                job.cancel()
                job.fail(_for_client(error))
        for job, pieces in news.values():
            if not job.cancelled:
                job.sink(pieces)
        self._drop([n for n, (job, choice) in enumerate(self._running) if choice.finished or job.cancelled])

    def _forward(self) -> torch.Tensor:
        tokens = [choice.tokens[-1] if choice.tokens else job.prompt[-1] for job, choice in self._running]
        rotated: AbstractContextManager[None] = nullcontext()
        strengths = [self._strength(job, at) for (job, _), at in zip(self._running, self._batch.lengths, strict=True)]
        if self._steerer is not None and any(strengths):
            last = torch.tensor([len(job.prompt) - 1 for job, _ in self._running])
            rotated = self._steerer.strengths(
                torch.tensor(strengths, device=self.model.device), start=last, offset=torch.tensor(self._batch.lengths)
            )
        with rotated:
            return self._batch.step(self.model, tokens)

    def _strength(self, job: Generate, position: int) -> float:
        """By which the token at `position` is turned: 0 behind the subspace's window, so that most steps turn nobody
        and run without the hooks' work."""
        window = None if self._steerer is None else self._steerer.subspace.window
        return job.strength if window is None or position < len(job.prompt) - 1 + window else 0.0

    def _drop(self, rows: Sequence[int]) -> None:
        if rows:
            gone = set(rows)
            stay = [n for n in range(len(self._running)) if n not in gone]
            self._batch.keep(stay)
            self._running = [self._running[n] for n in stay]

    def _abandon(self, error: Exception) -> None:
        with self._wake:
            jobs = [*self._queue, *([self._front[0]] if self._front else []), *(job for job, _ in self._running)]
            self._queue.clear()
        for job in {id(job): job for job in jobs}.values():
            job.fail(error)


def _for_client(error: Exception) -> Exception:
    """Errors of ours pass; others are logged by type only, since their text may hold what users wrote."""
    if isinstance(error, GuardError):
        return error
    _log.error("a request failed in the embedded model: %s", type(error).__name__)
    return UpstreamError(f"the embedded model failed: {type(error).__name__}", reason="engine_error", status=500)
