"""A scorer over a stock vLLM server: nothing installed there, only its public HTTP API.

A completion of one token with `logprob_token_ids` reads the exact log-probabilities of chosen tokens behind a prompt;
the prompt's KV comes out of the prefix cache, or is left there for the request that follows. The probes are merged into
a tree; every distinct beginning is one prompt of one completions call. (Scoring them with `prompt_logprobs` or `echo`
would compute the whole prompt again for each: vLLM does not read its prefix cache there.)

Model runner V1 is refused: there a request with `logprob_token_ids` overwrites the `top_logprobs` of whatever other
requests are in the same step (vllm/v1/sample/sampler.py).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import orjson
from transformers import AutoTokenizer

from detectors.scorers.base import Message, Scored, Tool
from detectors.scorers.template import ChatTemplate
from guard.errors import ArtifactError, CheckUnavailable, ConfigError
from guard.model_identity import ModelIdentity

log = logging.getLogger("detectors.vllm_stock")

_CHECK = "probe"
_NOTHING = -9999.0  # how vLLM writes minus infinity; no token of a softmax over floats gets there
_SAMPLE: list[Message] = [{"role": "system", "content": "a b"}, {"role": "user", "content": "Hello, 世界! 1 + 2"}]
# Nats between two log-probabilities, in the median, that numbers in 16 bits cannot explain: they make up to 0.07, with
# experts, of which a rounding may choose others, 0.16; other weights make 2 and more.
_DRIFT = 0.3
_CANARY_TOKENS, _CANARY_TRIES = 64, 3

Beginning = tuple[int, ...]


class VllmStockScorer:
    """Implements `detectors.scorers.base.Scorer` for a served model whose files also lie in `directory`.

    `base_url` is what an OpenAI SDK would be given (`http://host:8000/v1`). Tokenizer, template and identity come from
    `directory` and are compared with the server at the first use. `runner` "v2" states that the server runs model
    runner V2; "auto" finds out with two short requests, which on a V1 server may disturb others' log-probabilities
    for one step before it is refused. `max_logprobs` is the server's `--max-logprobs`: the more, the fewer calls.
    Every `verify_seconds`, and behind every new connection, which may lead to another process, a fixed prompt is read
    again, to see that the model is still the same.
    """

    reads_first_token = True

    def __init__(
        self,
        base_url: str,
        model: str,
        directory: Path | str,
        *,
        api_key: str | None = None,
        runner: Literal["auto", "v2"] = "auto",
        max_logprobs: int = 20,
        timeout_seconds: float = 30.0,
        verify_seconds: float = 60.0,
    ) -> None:
        """Raises `ArtifactError` when `directory` holds no model with a tokenizer and a chat template."""
        try:
            tokenizer = AutoTokenizer.from_pretrained(directory)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"cannot load a tokenizer from {directory}: {type(error).__name__}") from None
        self.identity = ModelIdentity.of(directory)
        self._directory = directory
        self.vocabulary_size = _vocabulary_size(Path(directory))
        self._template = ChatTemplate(tokenizer, skip_media=True)
        base = base_url.rstrip("/")
        self._url = base if urlsplit(base).path else f"{base}/v1"
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._stated = self._runner = runner
        self._most = min(max_logprobs, 128)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._verify_seconds = verify_seconds
        self._session: aiohttp.ClientSession | None = None
        self._starting = asyncio.Lock()
        self._verified = -math.inf
        self._opened = 0  # connections so far
        self._known = 0  # of which so many were open when the model was last seen to be the same
        # A prompt, probes and what the right model says of them; before that is known, of what the first look is kept.
        sample = self._template.render(_SAMPLE, None)
        self._asked: tuple[Sequence[int], Sequence[Sequence[int]]] = (sample, [sample[:8]])
        self._witness: Sequence[Sequence[float]] | None = None
        self._expected = False
        self._changed = False
        self._context: int | None = None

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> list[int]:
        """See `Scorer.render`. Parts that are no text are left out."""
        return self._template.answer_start(messages, tools)

    def refuse_too_long(self, messages: Sequence[Message], tools: Sequence[Tool] | None = None) -> None:
        """Raises `CheckUnavailable` `too_long` for what needs no tokenising to be known as that."""
        if self._context is not None and self._template.fewest(messages, tools) > self._context:
            raise CheckUnavailable(_CHECK, "too_long")

    def expect(
        self, prompt: Sequence[int], probes: Sequence[Sequence[int]], logprobs: Sequence[Sequence[float]]
    ) -> None:
        """The server's weights cannot be seen. From now on it must answer so, but for numbers in 16 bits."""
        if not self._expected:
            self._asked, self._witness, self._expected = (prompt, probes), logprobs, True
            self._verified = -math.inf

    async def score(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        """See `Scorer.score`; `tokens_computed` is exact for one beginning and an upper bound for more, since the
        server tells what it had cached of the last prompt only, and nothing without `--enable-prompt-tokens-details`.

        Raises `CheckUnavailable`: `empty_prompt`, `too_long`, `unreachable`, `timeout`, `queue_full`, `status_…`,
        `garbage`, `model_changed`; `ConfigError` or `ArtifactError` when the server cannot be used at all.
        """
        await self._ready()
        if not prompt:
            raise CheckUnavailable(_CHECK, "empty_prompt")
        if self._context is not None and len(prompt) + max(map(len, probes), default=0) + 1 > self._context:
            raise CheckUnavailable(_CHECK, "too_long")
        scored = await self._read(prompt, probes)
        await self._ready()  # the answer counts only once it is known whose it is
        return scored

    async def start(self) -> None:
        """Compare tokenizer and template with the server's and refuse model runner V1.

        Raises `ArtifactError` for another tokenizer or template, `ConfigError` for V1 or an unknown model.
        """
        models = await self._call("GET", f"{self._url}/models")
        card = next((m for m in models.get("data", ()) if m.get("id") == self._model), None)
        if card is None:
            raise ConfigError(f"the vLLM server does not serve {self._model!r}")
        length = card.get("max_model_len")
        self._context = length if isinstance(length, int) else None
        served = await self._call(
            "POST",
            f"{self._url.removesuffix('/v1')}/tokenize",
            {
                "model": self._model,
                "messages": _SAMPLE,
                "add_generation_prompt": True,
                "chat_template_kwargs": {"enable_thinking": False},
            },
        )
        if served.get("tokens") != self._template.render(_SAMPLE, None):
            raise ArtifactError(
                f"the vLLM server's tokenizer or chat template for {self._model!r} differs from that of the model "
                "directory, so prompts would not be scored as they are served"
            )
        if self._runner == "auto" and await self._is_v1():
            raise ConfigError(
                "the vLLM server runs model runner V1, where reading chosen log-probabilities overwrites those of "
                "other requests; start it with VLLM_USE_V2_MODEL_RUNNER=1, or use the plugin"
            )
        self._runner = "v2"

    def outdated(self) -> bool:
        """Whether the directory holds another model by now; False where it cannot be read."""
        try:
            return ModelIdentity.of(self._directory) != self.identity
        except (ArtifactError, OSError, ValueError):
            return False

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ready(self) -> None:
        """Start once; then look now and then, and behind new connections, whether the model still answers as it did."""
        if self._is_known():
            return
        async with self._starting:
            if self._is_known():
                return
            await self.start()
            opened = self._opened
            asked = None
            while asked is not self._asked:  # `expect` may come meanwhile
                asked = self._asked
                found = (await self._read(*asked)).logprobs
            if self._witness is None:
                self._witness = found
            elif _apart(found, self._witness) > _DRIFT:
                self._verified = -math.inf
                if not self._changed:
                    log.error(
                        "the vLLM server does not answer as the model %r it %s (weights %s): no scores", self._model,
                        "should be" if self._expected else "was", self.identity.weights)  # fmt: skip
                self._changed = True
                raise CheckUnavailable(_CHECK, "model_changed")
            self._changed = False
            self._verified, self._known = time.monotonic(), opened

    def _is_known(self) -> bool:
        return self._known == self._opened and time.monotonic() - self._verified < self._verify_seconds

    async def _read(self, prompt: Sequence[int], probes: Sequence[Sequence[int]]) -> Scored:
        wanted: dict[Beginning, list[int]] = {}
        for probe in probes:
            for n, token in enumerate(probe):
                nexts = wanted.setdefault(tuple(probe[:n]), [])
                if token not in nexts:
                    nexts.append(token)
        found: dict[Beginning, dict[int, float]] = {}
        computed = cached = 0
        calls = [self._completions(prompt, group, ids) for group, ids in packed(wanted, self._most)]
        for values, total, known in await asyncio.gather(*calls):
            for beginning, row in values.items():
                found.setdefault(beginning, {}).update(row)
            computed += max(0, total - known * max(1, len(values) - 1))
            cached = known if not cached else min(cached, known)
        try:
            rows = [[found[tuple(p[:n])][t] for n, t in enumerate(p)] for p in probes]
        except KeyError:
            raise CheckUnavailable(_CHECK, "garbage") from None
        return Scored(rows, computed, min(cached, len(prompt)))

    async def _completions(
        self, prompt: Sequence[int], beginnings: Sequence[Beginning], ids: Sequence[int]
    ) -> tuple[dict[Beginning, dict[int, float]], int, int]:
        """(log-probabilities per beginning, prompt tokens of the call, of which cached for the last prompt)."""
        answer = await self._call(
            "POST", f"{self._url}/completions", self._body([[*prompt, *b] for b in beginnings], logprob_token_ids=ids)
        )
        try:
            rows = {beginnings[c["index"]]: _row(c["logprobs"]["top_logprobs"][0]) for c in answer["choices"]}
            usage = answer["usage"]
            details = usage.get("prompt_tokens_details") or {}
            total = max(0, int(usage["prompt_tokens"]))
            known = min(total, max(0, int(details.get("cached_tokens") or 0)))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise CheckUnavailable(_CHECK, "garbage") from None
        if len(rows) != len(beginnings):
            raise CheckUnavailable(_CHECK, "garbage")
        return rows, total, known

    def _body(self, prompts: Sequence[Sequence[int]], **more: Any) -> dict[str, Any]:
        return {
            "model": self._model,
            "prompt": prompts,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": 1,
            "return_tokens_as_token_ids": True,
            **more,
        }

    async def _is_v1(self) -> bool:
        """Whether reading chosen log-probabilities changes those of a request that runs beside it.

        A stream of our own runs; while it does, one such read happens; on V1 the step they share shows in the stream.
        Raises `CheckUnavailable` when the two never met.
        """
        prompt = self._template.render(_SAMPLE, None)
        for _ in range(_CANARY_TRIES):
            body = self._body([prompt], max_tokens=_CANARY_TOKENS, ignore_eos=True, stream=True)
            read: asyncio.Task[Any] | None = None
            met = spoilt = False
            async for choice in self._stream(f"{self._url}/completions", body):
                met = met or (read is not None and read.done())  # the stream went on behind the read
                if read is None:
                    read = asyncio.ensure_future(self._completions(prompt, [()], prompt[:8]))
                for row in (choice.get("logprobs") or {}).get("top_logprobs") or ():
                    spoilt = spoilt or any(v <= _NOTHING for v in (row or {}).values())
            if read is not None:
                await asyncio.gather(read, return_exceptions=True)
            if spoilt:
                return True
            if met:
                return False
        raise CheckUnavailable(_CHECK, "runner_unknown")

    async def _call(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        text = await self._sent(method, url, None if body is None else orjson.dumps(body))
        try:
            answer = orjson.loads(text)
        except ValueError:
            raise CheckUnavailable(_CHECK, "garbage") from None
        if not isinstance(answer, dict):
            raise CheckUnavailable(_CHECK, "garbage")
        return answer

    async def _sent(self, method: str, url: str, body: bytes | None) -> bytes:
        """The answer's body. Sent twice at most: a server may close a kept connection just as it is used again, and
        reading log-probabilities a second time does no harm."""
        for attempt in (1, 2):
            try:
                async with self._http().request(method, url, data=body) as reply:
                    if reply.status == 429:
                        raise CheckUnavailable(_CHECK, "queue_full")
                    if reply.status != 200:
                        raise CheckUnavailable(_CHECK, f"status_{reply.status}")
                    return await reply.read()
            except TimeoutError:
                raise CheckUnavailable(_CHECK, "timeout") from None
            except aiohttp.ClientError:
                if attempt == 2:
                    break
        self._runner = self._stated  # whoever answers next may run another
        raise CheckUnavailable(_CHECK, "unreachable")

    async def _stream(self, url: str, body: Mapping[str, Any]) -> Any:
        """The choices of a streamed completion."""
        try:
            async with self._http().post(url, data=orjson.dumps(body)) as reply:
                if reply.status != 200:
                    raise CheckUnavailable(_CHECK, f"status_{reply.status}")
                async for line in reply.content:
                    if line.startswith(b"data: {"):
                        for choice in orjson.loads(line[6:]).get("choices") or ():
                            yield choice
        except TimeoutError:
            raise CheckUnavailable(_CHECK, "timeout") from None
        except aiohttp.ClientError:
            raise CheckUnavailable(_CHECK, "unreachable") from None
        except ValueError:
            raise CheckUnavailable(_CHECK, "garbage") from None

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {**self._headers, "Content-Type": "application/json"}
            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(self._count)
            self._session = aiohttp.ClientSession(timeout=self._timeout, headers=headers, trace_configs=[trace])
        return self._session

    async def _count(self, *_: object) -> None:
        self._opened += 1


def packed(wanted: Mapping[Beginning, Sequence[int]], most: int) -> Iterator[tuple[list[Beginning], list[int]]]:
    """Beginnings in groups whose next tokens are together at most `most`: a call names one list for all its prompts."""
    group: list[Beginning] = []
    ids: list[int] = []
    for beginning, nexts in wanted.items():
        for at in range(0, len(nexts), most):
            new = [t for t in nexts[at : at + most] if t not in ids]
            if len(ids) + len(new) > most or beginning in group:
                yield group, ids
                group, ids, new = [], [], list(nexts[at : at + most])
            group.append(beginning)
            ids += new
    if group:
        yield group, ids


def _apart(found: Sequence[Sequence[float]], wanted: Sequence[Sequence[float]]) -> float:
    """The median difference between two log-probabilities of one token."""
    return median(abs(a - b) for one, other in zip(found, wanted, strict=True) for a, b in zip(one, other, strict=True))


def _row(top: Mapping[str, float]) -> dict[int, float]:
    """`{"token_id:17": -1.5, …}` by id. Raises ValueError for anything that is no log-probability."""
    row = {}
    for name, value in top.items():
        if not isinstance(value, float | int) or not _NOTHING < value <= 1e-4:
            raise ValueError("not a log-probability")
        row[int(name.removeprefix("token_id:"))] = float(value)
    return row


def _vocabulary_size(directory: Path) -> int | None:
    """As the config says, which counts the rows that pad the tokenizer's vocabulary. None where it does not say."""
    config = orjson.loads((directory / "config.json").read_bytes())
    size = config.get("vocab_size") or (config.get("text_config") or {}).get("vocab_size")
    return size if isinstance(size, int) else None
