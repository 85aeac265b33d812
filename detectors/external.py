"""Other people's guards behind an HTTP API: guard models in chat form, and `/v1/moderations`.

A guard model (Llama Guard, Qwen3Guard, ShieldGemma, ...) gets the conversation as it is: its own chat template, on its
server, turns it into its prompt. What it answers is `detectors.guard_formats`; where the server gives log-probabilities
the label's place holds a score that can be ranked, not a verdict alone.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit, urlunsplit

import aiohttp
import orjson

from detectors.guard_formats import FORMATS, GUIDELINES, LABELS, Format, Judgement, Kind, moderation
from detectors.messages import text_of
from detectors.scorers.base import Message
from guard.errors import CheckUnavailable, ConfigError

NAME = "external"
FLAGGED = 0.5
"""The score from which on an answer in chat form is a flag, unless somebody says otherwise."""

GIVE_UP = 5
"""Failed requests in a row after which a guard is not asked any more when many texts are judged."""

_MAX_BYTES = 1 << 20
_MAX_TOKENS = 64  # labels come first, and a few categories behind them
_TOP = 5  # what servers give without being asked to raise a limit

Post = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class ExternalGuard:
    """Judges conversations by way of `post`, which takes a request body and returns the answer's JSON object.

    `labels` gives each word that a guard of kind `chat` may answer its score; `guidelines` are what ShieldGemma is
    asked about; `logprobs` asks for log-probabilities.
    """

    def __init__(
        self,
        post: Post,
        *,
        kind: Kind | str,
        model: str | None = None,
        labels: Mapping[str, float] = LABELS,
        guidelines: Sequence[str] = GUIDELINES,
        logprobs: bool = True,
    ) -> None:
        """Raises `ConfigError` for a chat guard without a model, labels without a score in [0, 1], no guidelines."""
        self.kind = Kind(kind)
        if self.kind is not Kind.MODERATIONS and not model:
            raise ConfigError("an external guard in chat form needs the name of its model")
        if not labels or not all(0.0 <= v <= 1.0 for v in labels.values()):
            raise ConfigError("an external guard needs labels with scores between 0 and 1")
        if not guidelines:
            raise ConfigError("an external guard that is asked by guidelines needs one")
        self._post = post
        self._model = model
        self._logprobs = logprobs
        self._format = Format.of_words(labels) if self.kind is Kind.CHAT else FORMATS.get(self.kind)
        if self.kind is Kind.SHIELDGEMMA:
            self._format = replace(FORMATS[self.kind], guidelines=tuple(guidelines))

    async def judge(self, messages: Sequence[Message]) -> Judgement:
        """Raises `CheckUnavailable`: what `post` raises, or `malformed` for an answer without a judgement."""
        try:
            if self._format is None:
                return moderation(await self._post(self._body({"input": spoken(messages)})))
            body = {"messages": [dict(m) for m in messages], "temperature": 0, "max_tokens": _MAX_TOKENS}
            if self._logprobs:
                body |= {"logprobs": True, "top_logprobs": _TOP}
            return await self._chat(self._format, self._body(body))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            # Their messages may quote the answer, and with it the conversation.
            raise CheckUnavailable(NAME, "malformed") from None

    def _body(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "model": self._model} if self._model else body

    async def _chat(self, form: Format, body: dict[str, Any]) -> Judgement:
        """One request, or one for each guideline at once; what any of them finds is found."""
        if not form.guidelines:
            return self._read(form, await self._post(body))
        asked = [
            {**body, "messages": [{"role": "system", "content": text}, *body["messages"]]} for text in form.guidelines
        ]
        answers = await asyncio.gather(*(self._post(b) for b in asked))
        found = [self._read(form, answer) for answer in answers]
        names = tuple(_title(text) for text, j in zip(form.guidelines, found, strict=True) if j.flagged)
        worst = max(found, key=lambda j: j.score)
        return Judgement(worst.score, worst.flagged, names, sum(j.tokens for j in found))

    def _read(self, form: Format, answer: Mapping[str, Any]) -> Judgement:
        choice = answer["choices"][0]
        text = choice["message"]["content"]
        found = form.label.search(text)
        if found is None:
            raise ValueError("no label")
        tokens = int((answer.get("usage") or {}).get("total_tokens") or 0)
        places = (choice.get("logprobs") or {}).get("content") or []
        ranked = _ranked(form, places, found.start(1))
        score = form.labels[found.group(1).lower()] if ranked is None else ranked
        return Judgement(score, score >= FLAGGED, form.categories_of(text), tokens)


def _ranked(form: Format, places: Sequence[Mapping[str, Any]], at: int) -> float | None:
    """The mean score of the labels that could have begun at character `at`, weighed by their probabilities."""
    seen = 0
    for place in places:
        token = str(place["token"])
        if seen + len(token) <= at:
            seen += len(token)
            continue
        mass = total = 0.0
        for other in place.get("top_logprobs") or []:
            label = _begun(form, str(other["token"]))
            p = math.exp(min(0.0, float(other["logprob"])))
            if label is not None and math.isfinite(p):
                mass, total = mass + p, total + p * form.labels[label]
        return total / mass if mass > 0 else None
    return None


def _begun(form: Format, token: str) -> str | None:
    """The one label that `token` begins, if there is one."""
    word = token.strip().lower()
    fits = [k for k in form.labels if word and (k.startswith(word) or word.startswith(k))]
    return fits[0] if len(fits) == 1 else None


def _title(guideline: str) -> str:
    """What stands in quotes before it, without "No"; else its first words."""
    quoted = re.match(r'\W*"(?:No )?([^"]{1,60})"', guideline)
    return quoted.group(1) if quoted else guideline[:40]


def spoken(messages: Sequence[Message]) -> str:
    """What everybody but the operator said, one text."""
    said = (text_of(m) for m in messages if m.get("role") not in ("system", "developer"))
    return "\n".join(filter(None, said))


class HttpPost:
    """A `Post` to one URL. No redirects (the key would travel with them), no proxy from the environment."""

    def __init__(self, url: str, *, key: str | None = None, seconds: float = 60.0) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=self._timeout, headers=self._headers, trust_env=False)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: Any, trace: TracebackType | None) -> None:
        assert self._session is not None
        await self._session.close()

    async def __call__(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises `CheckUnavailable`: `connect`, `timeout`, `status_…` or `malformed`."""
        assert self._session is not None
        try:
            async with self._session.post(self._url, json=dict(body), allow_redirects=False) as response:
                if response.status != 200:
                    raise CheckUnavailable(NAME, f"status_{response.status}")
                raw = b""
                async for piece in response.content.iter_any():  # `read(n)` gives what has arrived so far
                    raw += piece
                    if len(raw) > _MAX_BYTES:
                        raise CheckUnavailable(NAME, "malformed")
        except TimeoutError:
            raise CheckUnavailable(NAME, "timeout") from None
        except aiohttp.ClientError:
            raise CheckUnavailable(NAME, "connect") from None
        return parsed(raw)


def parsed(raw: bytes) -> Mapping[str, Any]:
    """The JSON object in `raw`. Raises `CheckUnavailable` `malformed`."""
    try:
        answer = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise CheckUnavailable(NAME, "malformed") from None
    if not isinstance(answer, dict):
        raise CheckUnavailable(NAME, "malformed")
    return answer


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of some texts: judgements and milliseconds of those that got one, in their order; for the others how
    many failed for which reason. Texts behind `GIVE_UP` failures in a row were not asked about."""

    judgements: list[Judgement] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A guard named on the command line: `name=URL`. The URL ends in `/chat/completions` or `/moderations`; `?model=…`
    `?kind=llama_guard` and `?labels=safe:0,unsafe:1` in it are for us and not sent. The key stands in
    GUARD_KEY_<NAME>."""

    name: str
    url: str
    kind: Kind
    model: str | None
    labels: Mapping[str, float]

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Raises `ConfigError` saying what is wrong."""
        name, _, rest = text.partition("=")
        url = urlsplit(rest)
        if not name.isidentifier() or url.scheme not in ("http", "https") or not url.netloc:
            raise ConfigError("an external guard is given as name=http://host/v1/chat/completions?model=…")
        end = next((e for e in _ENDS if url.path.rstrip("/").endswith(e)), None)
        if end is None:
            raise ConfigError(f"the URL of guard {name!r} must end in {' or '.join(_ENDS)}")
        options = parse_qs(url.query)
        if unknown := options.keys() - {"model", "kind", "labels"}:
            raise ConfigError(
                f"guard {name!r}: only model, kind and labels are known, not {', '.join(sorted(unknown))}"
            )
        kind = options.get("kind", [_ENDS[end][0]])[0]
        if kind not in _ENDS[end]:
            raise ConfigError(f"guard {name!r}: behind {end} its kind is {' or '.join(_ENDS[end])}, not {kind!r}")
        try:
            pairs = [p.rsplit(":", 1) for p in options["labels"][0].split(",")] if "labels" in options else None
            labels = LABELS if pairs is None else {word: float(score) for word, score in pairs}
        except ValueError:
            raise ConfigError(f"guard {name!r}: labels are given as safe:0,unsafe:1") from None
        bare = urlunsplit((url.scheme, url.netloc, url.path, "", ""))
        return cls(name, bare, Kind(kind), options.get("model", [None])[0], labels)

    def judge(self, texts: Sequence[str], tick: Callable[[int], None] = lambda _: None) -> Judged:
        """Each text by itself, one after the other. A request that fails does not end it, `GIVE_UP` in a row do."""

        async def run() -> Judged:
            out = Judged()
            row = 0
            async with HttpPost(self.url, key=os.environ.get(f"GUARD_KEY_{self.name.upper()}")) as post:
                guard = ExternalGuard(post, kind=self.kind, model=self.model, labels=self.labels)
                for n, text in enumerate(texts, 1):
                    started = time.perf_counter()
                    try:
                        out.judgements.append(await guard.judge([{"role": "user", "content": text}]))
                        out.milliseconds.append((time.perf_counter() - started) * 1000)
                        row = 0
                    except CheckUnavailable as error:
                        out.failures[error.reason] += 1
                        row += 1
                        if row == GIVE_UP:
                            break
                    tick(n)
            return out

        return asyncio.run(run())


_ENDS = {
    "/chat/completions": (Kind.CHAT, Kind.LLAMA_GUARD, Kind.QWEN3GUARD, Kind.SHIELDGEMMA),
    "/moderations": (Kind.MODERATIONS,),
}
