"""A gateway on a free port: real sockets, small upstreams and checks that say what reached them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import orjson
import uvicorn

from guard.audit import Audit
from guard.chain import Chain, Link
from guard.check import Exchange, OutputFilter
from guard.config import Config
from guard.errors import CheckUnavailable, UpstreamError
from guard.metrics import Metrics
from guard.surface import Channel
from guard.verdict import Finding, Mode, OnError, Verdict
from proxy.assembly import Assembly, Guarded
from proxy.auth import Authenticator
from proxy.handler import Gateway
from proxy.limits import Limiter
from proxy.live import Live
from proxy.store import MemoryStore
from proxy.upstream.base import Call, Event, Reply
from proxy.upstream.listed import Listed

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


class Echo:
    """An upstream in this process that says back what it got. The last user message chooses a misbehaviour."""

    can_steer = True

    def __init__(self, name: str = "echo") -> None:
        self.name = name
        self.listed = Listed()
        self.calls: list[Call] = []
        self.cancelled = threading.Event()
        self.closed = threading.Event()
        self.shut = False
        self.is_ready = True

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def ready(self) -> bool:
        return self.is_ready

    async def close(self) -> None:
        self.shut = True

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        body = dict(call.body or {})
        if call.endpoint.startswith("/v1/models"):
            return _json({"object": "list", "data": [{"id": "echo", "object": "model", "created": 1, "owned_by": "t"}]})
        if call.endpoint == "/v1/embeddings":
            data = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
            return _json({"object": "list", "data": data, "model": body["model"], "usage": USAGE})
        text = _said(body)
        if "refuse" in text:
            raise UpstreamError("the upstream is busy", reason="queue_full", status=429, retry_after=7)
        if "crash" in text:
            raise RuntimeError(f"a bug that quotes {text}")
        if "teapot" in text:
            return Reply(418, [("content-type", "text/html")], body=b"<html>short and stout</html>")
        if "upstream-error" in text:
            return _json({"error": {"message": "m", "type": "t", "param": None, "code": 7}}, 400)
        if "garbage" in text:
            return Reply(200, (), body=b'{"choices": [')
        if "hang" in text:
            await self._forever()
        if call.stream:
            return Reply(200, (), events=self._events(body, text), close=self._close)
        if call.endpoint == "/v1/completions":
            choice: dict[str, Any] = {"index": 0, "text": text, "finish_reason": "stop", "logprobs": None}
        else:
            message = {"role": "assistant", "content": text, "refusal": None}
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return _json(
            {"id": "x-1", "object": "o", "created": 1, "model": body["model"], "choices": [choice], "usage": USAGE}
        )

    async def _events(self, body: dict[str, Any], text: str) -> AsyncIterator[Event]:
        head = {"id": "x-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}

        def chunk(delta: dict[str, Any], finish: str | None = None) -> Event:
            return Event(orjson.dumps({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}))

        if "die-first" in text:
            raise UpstreamError("gone", reason="reset")
        yield chunk({"role": "assistant", "content": ""})
        for i in range(0, len(text), 2):
            yield chunk({"content": text[i : i + 2]})
        if "die-mid" in text:
            raise UpstreamError("gone", reason="reset")
        if "not-json" in text:
            yield Event(b'{"choices"')
        if "stall" in text:
            await self._forever()
        if "flood" in text:
            while True:
                yield chunk({"content": "x" * 4096})
        yield chunk({}, "stop")
        yield Event(b"[DONE]")
        if "linger" in text:
            await self._forever()

    async def _forever(self) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _close(self) -> None:
        self.closed.set()


def _json(data: Any, status: int = 200) -> Reply:
    return Reply(status, [("content-type", "application/json"), ("x-ratelimit-limit", "9")], body=orjson.dumps(data))


def _said(body: dict[str, Any]) -> str:
    if "prompt" in body:
        return str(body["prompt"])
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(p.get("text", "") for p in content)


class Hide:
    """A check that swaps one word for another, and back in the answer, also where a chunk splits it."""

    name = "hide"

    def __init__(self, word: str = "secret", other: str = "QQQQ") -> None:
        self._word, self._other = word, other

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        count = sum(s.text.count(self._word) for s in exchange.surfaces)
        for surface in exchange.surfaces if apply else ():
            surface.write(surface.text.replace(self._word, self._other))
        return Finding(self.name, Verdict.MASK if count else Verdict.ALLOW, entities={"WORD": count} if count else {})

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return _Back(self._other, self._word)


class _Back:
    def __init__(self, find: str, put: str) -> None:
        self._find, self._put, self._held = find, put, ""

    @property
    def held(self) -> int:
        return len(self._held)

    def feed(self, text: str) -> str:
        text = (self._held + text).replace(self._find, self._put)
        keep = next((n for n in range(len(self._find) - 1, 0, -1) if text.endswith(self._find[:n])), 0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def close(self) -> str:
        rest, self._held = self._held, ""
        return rest


class Judge:
    """A probe that counts the word `bad`: once scores 1 (steered), twice or more blocks."""

    name = "probe"

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        messages = exchange.messages() if exchange.messages else []
        prompts = exchange.prompts() if exchange.prompts else []
        texts = [str(m.get("content")) for m in messages] + prompts
        if any("unscorable" in t for t in texts):
            raise CheckUnavailable(self.name, "no_model")
        if any("crowded" in t for t in texts):
            raise CheckUnavailable(self.name, "queue_full")
        if any("explode" in t for t in texts):
            raise ValueError(texts[0])
        if any("ponder" in t for t in texts):
            await asyncio.sleep(60)
        score = float(sum(t.count("bad") for t in texts))
        if score == 1:
            return Finding(self.name, Verdict.STEER, score=score, strength=0.5)
        return Finding(self.name, Verdict.BLOCK if score else Verdict.ALLOW, score=score)

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        return None


def guarded(
    upstream: Echo, *, probe: Mode = Mode.ENFORCE, on_error: OnError = OnError.BLOCK, **options: Any
) -> Guarded:
    """A policy with `Hide` and `Judge` around an upstream."""

    def chain(*links: Link) -> Chain:
        return Chain([Link(Hide()), *links])

    judge = Link(Judge(), mode=probe, on_error=on_error, deadline=0.5)
    return Guarded(
        policy="default",
        upstream_name=upstream.name,
        upstream=upstream,
        chain=chain(judge),
        embed=chain(),
        check=chain(judge),
        strict=chain(Link(Judge())),
        **{"block_message": "Blocked by policy.", **options},
    )


class Serving:
    """A running gateway. `records` holds the audit records written so far."""

    def __init__(self, assembly: Assembly) -> None:
        self.assembly = assembly
        self.live = Live(assembly)
        self.metrics = Metrics()
        self._records: list[Any] = []
        assembly.audit.write = self._records.append  # type: ignore[method-assign]
        self.gateway = Gateway(self.live, self.metrics, Limiter(MemoryStore(), self.metrics))
        self.url = ""

    @property
    def records(self) -> list[Any]:
        """The audit records; waits for requests in flight, since the books are written after the last byte."""
        self.settle()
        return self._records

    def settle(self, seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while self.assembly.leased and time.monotonic() < end:
            time.sleep(0.005)

    def metric(self, line: str) -> float:
        """The value of a sample, by its name with labels."""
        self.settle()
        for row in self.metrics.render().decode().splitlines():
            if row.startswith(line + " "):
                return float(row.rpartition(" ")[2])
        return 0.0


def assembly(
    guards: Sequence[Guarded], config: dict[str, Any] | None = None, upstreams: dict[str, Any] | None = None
) -> Assembly:
    """An assembly with one route a guard."""
    routes = (config or {}).pop("routes", None) or [{"upstream": "local"} for _ in guards]
    parsed = Config.model_validate({"routes": routes, **(config or {})})
    return Assembly(
        config=parsed,
        upstreams=upstreams or {g.upstream_name: g.upstream for g in guards},
        guards=list(guards),
        auth=Authenticator(parsed),
        audit=Audit(None),
        explain=parsed.server.explain,
        models={"echo"},
    )


@contextlib.contextmanager
def running(app: Any, *, lifespan: str = "off") -> Iterator[str]:
    """Serve an ASGI application in a thread; yields its URL."""
    config = uvicorn.Config(
        app, port=0, lifespan=lifespan, ws="none", access_log=False, log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def serve(make: Assembly | Callable[[], Assembly]) -> Iterator[Serving]:
    """A gateway over an assembly."""
    serving = Serving(make if isinstance(make, Assembly) else make())
    with running(serving.gateway) as url:
        serving.url = url
        yield serving
