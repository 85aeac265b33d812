"""The embedded upstream: OpenAI's endpoints served by a model in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from guard.assets import resolve
from guard.errors import ConfigError, RequestError, UpstreamError
from proxy.upstream.base import Call, Event, Reply
from proxy.upstream.embedded import answer, chat_api, completions_api, embeddings_api, responses_api
from proxy.upstream.embedded.engine import Engine
from proxy.upstream.embedded.generation import Generation
from proxy.upstream.embedded.jobs import Embed
from proxy.upstream.embedded.model import LoadedModel, digests, load_model
from proxy.upstream.embedded.options import EmbeddedOptions
from proxy.upstream.embedded.params import Budget
from proxy.upstream.embedded.scorer import EmbeddedScorer
from proxy.upstream.listed import Listed

if TYPE_CHECKING:
    from steering.hooks import Steerer


class _Answer(Protocol):
    async def whole(self) -> dict[str, Any]: ...

    def events(self) -> AsyncIterator[Event]: ...


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """How one generating endpoint reads its body, answers, and how long by default (None: the options' length)."""

    parse: Callable[..., Any]
    answer: Callable[..., _Answer]
    max_tokens: int | None = None


_EMBEDDINGS = "/v1/embeddings"
_ENDPOINTS = {
    "/v1/chat/completions": _Endpoint(chat_api.parse, chat_api.ChatAnswer),
    "/v1/completions": _Endpoint(
        completions_api.parse, completions_api.CompletionAnswer, completions_api.DEFAULT_MAX_TOKENS
    ),
    "/v1/responses": _Endpoint(responses_api.parse, responses_api.ResponseAnswer),
}


def _path(call: Call) -> str:
    return "/v1/" + call.endpoint.removeprefix("/").removeprefix("v1/")


class EmbeddedUpstream:
    """Implements `proxy.upstream.base.Upstream` over one in-process model, and lends it as a `Scorer`.

    `send` raises `RequestError` for what the client got wrong, `UpstreamError` for a full queue (429) or a model
    that failed.
    """

    def __init__(self, options: EmbeddedOptions, *, loaded: LoadedModel | None = None) -> None:
        """`loaded` serves a model that is already in memory instead of loading `options.model`."""
        self.name = options.name
        self.listed = Listed()
        self.can_steer = options.steering is not None
        self._options = options
        self._loaded = loaded
        self._engine: Engine | None = None
        self._files: tuple[str, ...] | None = None  # what was read; None: nothing
        self._warm = False
        self._started_at = answer.now()

    @property
    def loaded(self) -> LoadedModel:
        """The model, once started. Raises `UpstreamError` 503 before."""
        if self._loaded is None:
            raise UpstreamError("the embedded model is not loaded", reason="not_started", status=503)
        return self._loaded

    @property
    def engine(self) -> Engine:
        """The scheduler, once started. Raises `UpstreamError` 503 before."""
        if self._engine is None:
            raise UpstreamError("the embedded model is not running", reason="not_started", status=503)
        return self._engine

    @property
    def scorer(self) -> EmbeddedScorer:
        """Scores prompts with this model, sharing prompt KV with its generations."""
        return EmbeddedScorer(self.loaded, self.engine)

    async def start(self) -> None:
        """Load the model off the event loop, start the engine, warm it up.

        Raises `ConfigError` or `ArtifactError` saying what to do when the model or the subspace does not fit.
        """
        loaded, steerer = await asyncio.to_thread(self._load)
        self._loaded = loaded
        self._engine = Engine(
            loaded.model,
            max_queue=self._options.max_queue,
            max_active=self._options.max_active,
            cache_tokens=self._options.cache_tokens,
            threads=self._options.threads,
            steerer=steerer,
        )
        self._engine.start()
        # The first pass pays for lazy initialisation in torch; it must not be a user's.
        await self._warm_up()
        self._warm = True

    async def outdated(self) -> bool:
        """See `Filed`."""
        return self._files is not None and await asyncio.to_thread(digests, self._options) not in (None, self._files)

    async def ready(self) -> bool:
        return self._warm and self._engine is not None and self._engine.alive

    async def close(self) -> None:
        self._warm = False
        if self._engine is not None:
            await asyncio.to_thread(self._engine.close)

    async def send(self, call: Call) -> Reply:
        endpoint = _path(call)
        if endpoint == "/v1/models" or endpoint.startswith("/v1/models/"):
            return self._models(endpoint.removeprefix("/v1/models").removeprefix("/"))
        if call.method != "POST" or endpoint not in (*_ENDPOINTS, _EMBEDDINGS):
            raise RequestError("This path is not served by the embedded model.", status=404, code="unknown_url")
        if not 0.0 <= call.strength <= 1.0 or (call.strength > 0 and not self.engine.can_steer):
            raise UpstreamError("the embedded model cannot steer as asked", reason="cannot_steer", status=500)
        if endpoint == _EMBEDDINGS:
            return await self._embed(call)
        return await self._generate(_ENDPOINTS[endpoint], call)

    async def vet(self, call: Call) -> None:
        """Raise the `RequestError` that `send` would raise for this call; costs a tokenisation and no model time.

        For callers that could not have a request scored and want to say whether the request itself is why.
        """
        endpoint = _ENDPOINTS.get(_path(call))
        if endpoint is not None:
            await self._parse(endpoint, call)

    async def _generate(self, endpoint: _Endpoint, call: Call) -> Reply:
        request = await self._parse(endpoint, call)
        generation = Generation(self.engine, self.loaded.vocabulary, request.plan)
        await generation.start()
        reply = endpoint.answer(request, generation, self.loaded.vocabulary, self._options.public_name)
        if not call.stream:
            try:
                return answer.whole(await reply.whole())
            finally:
                generation.cancel()

        async def close() -> None:
            # Not the iterator's `aclose`: whoever iterates may stand in the middle of a step of it.
            generation.cancel()

        return Reply(status=200, headers=answer.SSE, events=reply.events(), close=close)

    async def _parse(self, endpoint: _Endpoint, call: Call) -> Any:
        most = self._options.max_tokens
        return await asyncio.to_thread(
            endpoint.parse,
            call.body or {},
            self.loaded,
            Budget(self.loaded.context, endpoint.max_tokens or most, most),
            stream=call.stream,
            strength=call.strength,
        )

    async def _embed(self, call: Call) -> Reply:
        if call.strength > 0:
            raise UpstreamError("embeddings cannot be steered", reason="cannot_steer", status=500)
        inputs, encoding = await asyncio.to_thread(embeddings_api.parse, call.body or {}, self.loaded)
        job = Embed(inputs)
        self.engine.submit(job)
        try:
            vectors = await asyncio.wrap_future(job.future)
        finally:
            job.cancel()
        return answer.whole(embeddings_api.body_of(vectors, encoding, self._options.public_name, sum(map(len, inputs))))

    def _models(self, wanted: str) -> Reply:
        card = {
            "id": self._options.public_name,
            "object": "model",
            "created": self._started_at,
            "owned_by": "guardchain",
        }
        if not wanted:
            return answer.whole({"object": "list", "data": [card]})
        if wanted != self._options.public_name:
            raise RequestError("The model does not exist.", status=404, param="model", code="model_not_found")
        return answer.whole(card)

    def _load(self) -> tuple[LoadedModel, Steerer | None]:
        if self._loaded is None:
            self._files = digests(self._options)
        loaded = self._loaded or load_model(self._options)
        if self._options.steering is None:
            return loaded, None
        from steering.artifact import Subspace
        from steering.hooks import Steerer

        path = resolve(self._options.steering, "steering")
        try:
            subspace = Subspace.load(path, identity=loaded.identity)
        except OSError as error:
            raise ConfigError(f"steering {self._options.steering!r} is not a subspace file") from error
        return loaded, Steerer(loaded.model, subspace)

    async def _warm_up(self) -> None:
        call = Call(
            "/v1/chat/completions", {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2, "n": 2}
        )
        try:
            await self.send(call)
        except BaseException:
            await self.close()
            raise
